"""`uptake report`: reports from the folder of an earlier scan, without reading the estate again."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

import click

from uptake.adapters.scanning import STORE
from uptake.adapters.stores.scans import ScanStore
from uptake.cli.scan import facts_from, report_of
from uptake.core.errors import UptakeError
from uptake.reporting import FORMATS, write_report, write_text
from uptake.rules.translation import LANGUAGES


@click.command("report", short_help="Write reports again from an earlier scan.")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "formats",
    multiple=True,
    type=click.Choice(list(FORMATS)),
    help="Report to write; may be given several times.",
)
@click.option("--lang", type=click.Choice(LANGUAGES), default="en", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="Folder for the reports.  [default: FOLDER]")
def command(folder: Path, formats: tuple[str, ...], lang: str, out: Path | None) -> int:
    """Write reports from FOLDER, the --out of an earlier `uptake scan`; an interrupted scan gives what it had read."""
    path = folder / STORE
    if not path.is_file():
        raise UptakeError(f"{folder} holds no scan", "name the --out folder of an uptake scan")
    with closing(ScanStore.reader(path)) as store:
        facts = facts_from(store)
        report = report_of(store, facts, lang)
        for name in formats:
            if name != "text":
                for written in write_report(report, name, (out or folder) / FORMATS[name].file_name, lang):
                    click.echo(str(written))
        if not formats or "text" in formats:
            write_text(report, sys.stdout, lang)
        if not facts["complete"]:
            click.echo("The scan was not complete: the report holds what was read until then.", err=True)
    return 0

"""`uptake demo`: the main job on a sample estate, so that a newcomer sees a result in a minute."""

from __future__ import annotations

from pathlib import Path

import click

from uptake.assess.samples import build_estate
from uptake.cli.scan import command as scan
from uptake.rules.translation import LANGUAGES


@click.command("demo", short_help="Scan a sample estate.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    default=Path(),
    help="Where the sample and its reports go.  [default: here]",
)
@click.option("--lang", type=click.Choice(LANGUAGES), default="en", show_default=True)
@click.pass_context
def command(ctx: click.Context, folder: Path, lang: str) -> int:
    """Build the documents of a small invented company, scan them, and write the HTML and Excel reports."""
    estate, reports = folder / "uptake-sample", folder / "uptake-report"
    written = build_estate(estate)
    click.echo(f"{len(written)} sample documents in {estate.absolute()}")
    click.echo()
    code: int = ctx.invoke(scan, paths=(str(estate),), out=reports.absolute(), formats=("html", "xlsx"), lang=lang)
    return code

"""`uptake addins`: what endpoints report of their add-ins, judged by the A rules."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from uptake.adapters.endpoint_files import read_endpoints
from uptake.assess.addins.collector import collector
from uptake.assess.addins.programs import shipped_programs
from uptake.assess.addins.readiness import (
    Collected,
    Endpoint,
    read_programs,
    read_statements,
    shipped_statements,
    totals,
)
from uptake.assess.addins.registry import LIMIT
from uptake.cli.odt import FILE, format_option, read_file, read_words, write_new
from uptake.core.text import visible

statements_option = click.option(
    "--statements", type=FILE, help="CSV of vendor statements: addin, status, statement, source, date."
)
programs_option = click.option(
    "--programs",
    type=FILE,
    help="CSV of programs that use Office: program, publisher, uses (mapi, automation, ok), source, date.",
)
device_option = click.option(
    "--device", help="All files are of this one device, such as a SOFTWARE and an NTUSER hive."
)


@click.group("addins", short_help="Add-ins on endpoints.")
def command() -> None:
    """Add-ins of endpoints, judged for 64-bit Office.

    FILES are the collector's JSON, exported .reg files, registry hives, Outlook's events saved as XML, manifests of web add-ins,
    and CSV of the Microsoft 365 Apps inventory or of Configuration Manager's class OFFICE_ADDIN.
    """


@command.command("collector", short_help="Write the collector for Windows.")
@click.option("-o", "--output-file", "target", type=FILE, required=True, help="File to write, such as collect.ps1.")
def collector_command(target: Path) -> int:
    """Write the PowerShell script that collects add-ins on a Windows device. It installs nothing and changes nothing."""
    write_new(target, collector())
    return 0


@command.command("import", short_help="Read what endpoints report.")
@click.argument("files", nargs=-1, required=True, type=FILE)
@device_option
@statements_option
@programs_option
@format_option
def import_command(
    files: tuple[Path, ...], device: str | None, statements: Path | None, programs: Path | None, output: str
) -> int:
    """Read FILES and list every add-in of every device with its bitness, state, policy and findings.

    Exit code 0: nothing stands in the way, 1: an add-in needs remediation.
    """
    endpoints = _endpoints(files, device, statements, programs)
    if output == "json":
        click.echo(json.dumps([endpoint.as_json() for endpoint in endpoints], ensure_ascii=False, indent=1))
    else:
        for endpoint in endpoints:
            _show(endpoint)
    return 1 if any(endpoint.severity.id in ("limited", "significant") for endpoint in endpoints) else 0


@command.command("report", short_help="Add-ins over all devices.")
@click.argument("files", nargs=-1, required=True, type=FILE)
@device_option
@statements_option
@programs_option
@format_option
def report_command(
    files: tuple[Path, ...], device: str | None, statements: Path | None, programs: Path | None, output: str
) -> int:
    """One line an add-in over the devices of FILES: the worst readiness first, with the rules behind it."""
    rows = totals(_endpoints(files, device, statements, programs))
    if output == "json":
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return 0
    for row in rows:
        rules = " ".join(row["rules"]) or "-"
        click.echo(
            visible(f"{row['worst']:<12} {row['devices']:>6}  {row['app']:<11} {row['id']}  {rules}  {row['status']}")
        )
    click.echo(f"Add-ins: {len(rows)}")
    return 0


def _endpoints(
    files: Sequence[Path], device: str | None, statements: Path | None, programs: Path | None
) -> list[Endpoint]:
    rows = read_statements(read_words(statements)) if statements else ()
    known = (*(read_programs(read_words(programs)) if programs else ()), *shipped_programs())
    gathered: dict[str, Collected] = {}
    for path in files:
        devices = read_endpoints(read_file(path, LIMIT), path.name)
        for found in devices:
            name = device if device and len(devices) == 1 else found.device
            gathered.setdefault(name, Collected(name)).add(found)
    return [collected.endpoint((*rows, *shipped_statements()), known) for collected in gathered.values()]


def _show(endpoint: Endpoint) -> None:
    click.echo(visible(f"{endpoint.device}: {endpoint.severity.id}, {len(endpoint.addins)} add-ins"))
    for judged in endpoint.addins:
        addin = judged.addin
        click.echo(
            visible(
                f"  {judged.severity.id:<12} {addin.app:<11} {addin.kind:<10} {addin.bitness:<8} {addin.name or addin.id}"
            )
        )
        for finding in judged.findings:
            click.echo(visible(f"      {finding.rule} {finding.message}"))
    for problem in endpoint.problems:
        click.echo(visible(f"  not read: {problem}"))

"""`uptake rollout`: the smallest pilot group of an inventory, and the waves after it."""

from __future__ import annotations

import json
from pathlib import Path

import click

from uptake.cli.odt import FILE, lang_option, read_file, read_words, today, write_new
from uptake.core.text import visible
from uptake.deploy.odt.phrases import said
from uptake.deploy.rollout.inventory import LIMIT, Inventory, read_exclusions, read_inventory
from uptake.deploy.rollout.pilot import COVERED, SECONDS, choose_pilot, told
from uptake.deploy.rollout.waves import Waves, calendar, moves, plan_waves, read_plan


class Column(click.ParamType[tuple[str, str]]):
    """`MEANING=HEADER`."""

    name = "meaning=header"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        meaning, separator, header = str(value).partition("=")
        if not separator or not meaning.strip() or not header.strip():
            self.fail(f"{value!r} names no column; write for example device=ComputerName", param, ctx)
        return meaning.strip().lower(), header.strip()


format_option = click.option(
    "--format",
    "output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Form of the output.",
)
column_option = click.option(
    "--column",
    "columns",
    multiple=True,
    type=Column(),
    help="Meaning of a column that is not recognised, such as site=Location.",
)


def inventory_from(path: Path, columns: tuple[tuple[str, str], ...]) -> Inventory:
    """An inventory, with its problems as sentences on the error output."""
    inventory = read_inventory(read_file(path, LIMIT), path.name, dict(columns))
    for problem in inventory.problems[:20]:
        click.echo(visible(problem), err=True)
    if len(inventory.problems) > 20:
        click.echo(f"… and {len(inventory.problems) - 20} more", err=True)
    return inventory


@click.group("rollout", short_help="Pilot group and waves of an inventory.")
def command() -> None:
    """Who gets the package when: the smallest pilot group with its proof, and waves under capacities and dates."""


@command.command("pilot", short_help="The smallest pilot group.")
@click.argument("inventory", type=FILE)
@click.option(
    "--max", "most", type=click.IntRange(min=0), help="At most so many devices; then as much as possible is covered."
)
@click.option("--exclude", type=FILE, help="Who stays out, one a line: a device, a user, or department=Board.")
@click.option(
    "--cover", "covers", default=",".join(COVERED), show_default=True, help="Columns whose every value must be covered."
)
@click.option("--seconds", type=click.FloatRange(min=1), default=SECONDS, show_default=True, help="Time for the proof.")
@format_option
@column_option
@lang_option
def pilot_command(
    inventory: Path, most: int | None, exclude: Path | None, covers: str, seconds: float, output: str,
    columns: tuple[tuple[str, str], ...], lang: str,
) -> int:  # fmt: skip
    """The smallest group of devices of INVENTORY (CSV or Excel) that covers every add-in, macro, department, site and so on.

    Columns: device, user, department, site, model, language, items (apart by `;`), and optionally weight, the risk of a device.
    """
    wanted = tuple(part.strip() for part in covers.split(",") if part.strip())
    strange = [part for part in wanted if part not in COVERED]
    if strange or not wanted:
        raise click.BadParameter(f"known are {', '.join(COVERED)}", param_hint="--cover")
    exclusions = read_exclusions(read_words(exclude)) if exclude else frozenset()
    found = inventory_from(inventory, columns)
    pilot = choose_pilot(found.devices, most=most, exclusions=exclusions, covers=wanted, seconds=seconds)
    if output == "json":
        click.echo(json.dumps(pilot.as_json(), ensure_ascii=False, indent=1))
    else:
        for sentence in told(pilot, lang):
            click.echo(visible(sentence))
    return 0


@command.command("waves", short_help="Waves under capacities and dates.")
@click.argument("inventory", type=FILE)
@click.option(
    "--plan",
    "told_plan",
    type=FILE,
    required=True,
    help="YAML with start, pilot, per_week, sites, blackouts, dependencies.",
)
@click.option("--before", type=FILE, help="An earlier plan: which devices come on another day now.")
@click.option("--ics", type=FILE, help="Write the waves as a calendar file as well.")
@format_option
@column_option
@lang_option
def waves_command(
    inventory: Path, told_plan: Path, before: Path | None, ics: Path | None, output: str,
    columns: tuple[tuple[str, str], ...], lang: str,
) -> int:  # fmt: skip
    """An ordered plan of weeks for INVENTORY, with the reason for everything that waits.

    Exit code 0: all devices are planned, 1: some cannot be; they stand in a last entry without a date.
    """
    found = inventory_from(inventory, columns)
    waves = plan_waves(found.devices, read_plan(read_words(told_plan), told_plan.name), lang)
    for warning in waves.warnings:
        click.echo(visible(warning), err=True)
    if ics:
        write_new(ics, calendar(waves, today()).encode())
    if output == "json":
        click.echo(json.dumps([wave.as_json() for wave in waves.waves], ensure_ascii=False, indent=1))
    else:
        _show_waves(waves, lang)
    if before:
        earlier = plan_waves(found.devices, read_plan(read_words(before), before.name), lang)
        for move in moves(earlier, waves):
            none = said("wave.none", lang)
            sentence = said(
                "wave.moved", lang, device=move.device, before=move.before or none, after=move.after or none
            )
            click.echo(visible(sentence), err=output == "json")
    return 1 if waves.unplanned else 0


def _show_waves(waves: Waves, lang: str) -> None:
    for wave in waves.waves:
        start = wave.start or said("wave.none", lang)
        name = wave.as_json()["wave"] or "-"
        click.echo(said("wave.head", lang, name=name, start=start, count=len(wave.devices)))
        for reason in wave.reasons:
            click.echo(f"    {visible(reason)}")
        click.echo("    " + visible(", ".join(wave.devices[:12]) + (" …" if len(wave.devices) > 12 else "")))

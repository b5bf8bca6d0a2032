"""`uptake usage`: read usage reports, and say what a series of figures means, where it leads, and how good that forecast is."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from uptake.core.errors import UptakeError
from uptake.prove.usage.model import NotAReportError, UsageReport
from uptake.reporting.clean import visible

MOST_TEXT = 64 << 20
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)
LANGUAGE = click.Choice(["en", "ja"])
FORMAT = click.option(
    "--format",
    "output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Form of the output.",
)


@click.group("usage", short_help="Read usage reports; rules, forecast and backtest over figures.")
def command() -> None:
    """Is it used: reports of Microsoft 365, the 70 % goal, stalls, and when the goal will be reached."""


@command.command("import")
@click.argument("files", nargs=-1, required=True, type=FILE)
@FORMAT
def import_(files: tuple[Path, ...], output: str) -> int:
    """Read usage and licence reports (CSV, JSON or .xlsx, recognised by their content) and show what they say.

    Exit code 2 when a file is none of these reports; the others are shown all the same.
    """
    from uptake.prove.usage.reading import read_report

    reports, refused = [], []
    for path in files:
        try:
            with path.open("rb") as source:
                reports.append(read_report(source, path.name))
        except NotAReportError as error:
            refused.append(error)
    if output == "json":
        click.echo(json.dumps([report.as_json() for report in reports], ensure_ascii=False, indent=1))
    else:
        for report in reports:
            click.echo(_shown(report))
    for problem in refused:
        click.echo(f"uptake: {visible(problem)}", err=True)
        click.echo(f"        {problem.hint}", err=True)
    return 2 if refused else 0


def _shown(report: UsageReport) -> str:
    lines = [
        f"{visible(report.file)}: {report.report}, data of {report.refresh_date or 'no date'}, {report.rows:,} rows"
    ]
    active = report.active
    if active.any is not None:
        lines.append(f"  active in {active.window_days} days: {active.any:,}")
        lines += [f"  … on Windows or Mac: {active.desktop:,}"] if active.desktop is not None else []
        lines += (
            [f"  … in another app than Teams: {active.without_teams:,}"] if active.without_teams is not None else []
        )
    elif report.report == "m365_app_user_detail":
        lines.append("  no row, so nothing is known of use; this is not 0 %")
    for licence in report.licences:
        lines.append(f"  {visible(licence.product)}: {licence.total:,} seats, {licence.assigned or 0:,} assigned")
    if report.concealed:
        lines.append("  names are concealed: percentages are right, departments and people cannot be told")
    lines += [f"  line {each.line} was not counted: {visible(each.why)}" for each in report.skipped[:20]]
    if report.unknown_columns:
        lines.append(f"  columns that are new to us: {visible(', '.join(report.unknown_columns[:10]))}")
    return "\n".join(lines)


def read_text(path: Path) -> str:
    """A small CSV file as text. Raises `UptakeError` where it is too large or not UTF-8."""
    if path.stat().st_size > MOST_TEXT:
        raise UptakeError(
            f"{path.name} is larger than {MOST_TEXT:,} bytes", hint="A series has one line a month or week."
        )
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UptakeError(f"{path.name} is not UTF-8", hint="Save it as “CSV UTF-8”.") from None


def as_date(_context: click.Context, _parameter: click.Parameter, value: datetime | None) -> date | None:
    return value.date() if value else None


def show_json(content: Any) -> None:
    click.echo(json.dumps(content, ensure_ascii=False, indent=1))


@command.command("status")
@click.argument("snapshots", type=FILE)
@click.option(
    "--as-of", type=click.DateTime(["%Y-%m-%d"]), callback=as_date, help="The day to judge  [default: today]."
)
@click.option(
    "--goal", type=click.FloatRange(0, 100), default=70.0, show_default=True, help="Percent from which use is healthy."
)
@click.option("--growth", type=float, default=3.0, show_default=True, help="Growth below which use stalls.")
@click.option("--months", type=click.IntRange(1, 12), default=3, show_default=True, help="Months over which it grows.")
@click.option(
    "--basis",
    type=click.Choice(["points", "relative"]),
    default="points",
    show_default=True,
    help="Growth in points or relative.",
)
@click.option("--shared-computers", is_flag=True, help="Use on shared computers, which the report does not hold.")
@click.option(
    "--lang", type=click.Choice(["en", "ja"]), default="en", show_default=True, help="Language of the reasons."
)
@FORMAT
def status(
    snapshots: Path, as_of: date | None, goal: float, growth: float, months: int, basis: str, shared_computers: bool,
    lang: str, output: str,
) -> int:  # fmt: skip
    """Judge a series of figures (CSV with the columns date, active, paid): healthy, sustained, stalled, and why."""
    from uptake.prove.usage.rules import Basis, Thresholds, judge
    from uptake.prove.usage.snapshots import read_series

    points = read_series(read_text(snapshots), snapshots.name)
    thresholds = Thresholds(goal=goal, growth=growth, months=months, basis=Basis(basis))
    found = judge(points, as_of or datetime.now().astimezone().date(), thresholds, is_shared=shared_computers)
    if output == "json":
        show_json(found.as_json(lang))
        return 0
    for name, value in found.as_json(lang).items():
        click.echo(f"{name:<16} {'unknown' if value is None else value}")
    return 0


@command.command("forecast")
@click.argument("snapshots", type=FILE)
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), callback=as_date, help="Use only figures up to this day.")
@FORMAT
def forecast(snapshots: Path, as_of: date | None, output: str) -> int:
    """Say when 70 % will be reached, with an 80 % interval (CSV with the columns date, active, paid)."""
    from uptake.prove.usage import forecast as looking_ahead
    from uptake.prove.usage.snapshots import read_series

    points = [p for p in read_series(read_text(snapshots), snapshots.name) if as_of is None or p.date <= as_of]
    found = looking_ahead.forecast(points)
    if output == "json":
        show_json(found.as_json())
        return 0
    reach = found.reach
    click.echo(f"{'70 % reached':<14} {reach.median if reach else looking_ahead.NOT_REACHED}")
    if reach:
        click.echo(
            f"{'  80 % between':<14} {reach.low or '-'} and {reach.high or 'later than ' + str(found.path[-1].date)}"
        )
    for step in found.path:
        click.echo(f"{step.date}  {step.median:6.1f} %   {step.low:5.1f} to {step.high:5.1f}")
    if found.months_known < looking_ahead.LEAST_HISTORY:
        click.echo(f"Only {found.months_known} month(s) are known: the interval is that of simulated tenants.")
    return 0


@command.command("backtest")
@click.argument("series", type=FILE)
@FORMAT
def backtest(series: Path, output: str) -> int:
    """Say how good the forecast would have been on past dates (CSV with the columns series, date, value in percent)."""
    from uptake.prove.usage import forecast as looking_ahead

    found = looking_ahead.backtest(looking_ahead.read_many(read_text(series), series.name))
    if not found.origins:
        raise UptakeError(
            f"{series.name} has no series with more than {looking_ahead.LEAST_HISTORY} months",
            hint="A backtest needs a past to forecast from and a future to compare with.",
        )
    if output == "json":
        show_json(found.as_json())
        return 0
    click.echo(f"{found.origins:,} origins; points of usage")
    click.echo(f"{'months':>8} {'error':>8} {'drift':>8} {'in 80 %':>8}")
    for months in looking_ahead.HORIZONS:
        numbers = [each.get(months) for each in (found.mae, found.baseline_mae, found.coverage)]
        click.echo(f"{months:>8} " + " ".join(f"{'-' if n is None else format(n, '.2f'):>8}" for n in numbers))
    click.echo(f"Whether 70 % comes within 12 months: right at {found.hits:,} of {found.reached:,} origins")
    if found.median_error_months is not None:
        click.echo(f"Months between the foretold and the real month: {found.median_error_months:g} (median)")
    return 0


@command.command("report")
@click.argument("snapshots", type=FILE)
@click.option("--out", type=FOLDER, default=Path(), help="Folder for the files  [default: here].")
@click.option("--customer", default="", help="Name that stands in the report  [default: name of the file].")
@click.option(
    "--as-of", type=click.DateTime(["%Y-%m-%d"]), callback=as_date, help="The day to judge  [default: today]."
)
@click.option("--next", "next_steps", multiple=True, help="A next step; may be given several times.")
@click.option(
    "--lang", type=LANGUAGE, multiple=True, default=("en",), show_default=True, help="Language, a set of files each."
)
def report(
    snapshots: Path, out: Path, customer: str, as_of: date | None, next_steps: tuple[str, ...], lang: tuple[str, ...]
) -> int:
    """Write the usage report of a customer as a page, a workbook and a short deck (CSV with the columns date, active, paid)."""
    from uptake.prove.usage import forecast as looking_ahead
    from uptake.prove.usage.rules import judge
    from uptake.prove.usage.snapshots import read_series
    from uptake.reporting.usage_excel import write_usage_excel
    from uptake.reporting.usage_html import write_usage_html
    from uptake.reporting.usage_model import UsageBook
    from uptake.reporting.usage_slides import write_usage_slides

    day = as_of or datetime.now().astimezone().date()
    points = read_series(read_text(snapshots), snapshots.name)
    judged = judge(points, day)
    ahead = looking_ahead.forecast(judged.inputs) if judged.usage_pct is not None else None
    book = UsageBook(customer or snapshots.stem, day, judged, ahead, next_steps=next_steps)
    out.mkdir(parents=True, exist_ok=True)
    writers = {"html": write_usage_html, "xlsx": write_usage_excel, "pptx": write_usage_slides}
    for language in dict.fromkeys(lang):
        for ending, write in writers.items():
            path = out / f"usage.{language}.{ending}"
            with path.open("wb") as stream:
                write(book, stream, language)
            click.echo(str(path))
    return 0

"""`uptake portfolio`: many customers side by side, the most urgent first, each with its reasons."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from uptake.cli.usage import FILE, FORMAT, LANGUAGE, as_date, read_text, show_json
from uptake.prove.usage.portfolio import Risk, ranked
from uptake.prove.usage.reasons import said
from uptake.reporting.clean import visible


@click.command("portfolio", short_help="Rank many customers by risk.")
@click.argument("series", type=FILE)
@click.option(
    "--as-of", type=click.DateTime(["%Y-%m-%d"]), callback=as_date, help="The day to judge  [default: today]."
)
@click.option("--lang", type=LANGUAGE, default="en", show_default=True, help="Language of the reasons.")
@FORMAT
def command(series: Path, as_of: date | None, lang: str, output: str) -> int:
    """Judge many customers (CSV with the columns series, date, active, paid) and rank them by risk, each with its reasons.

    The columns l1, next_action (a date) and enterprise (red, yellow, green) may stand on any line of a series; the last one
    that is filled in counts. Customers without a reason to look at them stand at the end with risk 0.

    Exit code 0: judged, 2: the file cannot be judged; every bad line is named.
    """
    from uptake.guide.elements import L1
    from uptake.guide.playbook import load_playbook
    from uptake.prove.usage.portfolio_file import read_portfolio, standing_of

    day = as_of or datetime.now().astimezone().date()
    customers = read_portfolio(read_text(series), series.name, tuple(load_playbook().of(L1)))
    risks = ranked((standing_of(name, customer, day) for name, customer in customers.items()), day)
    if output == "json":
        show_json([_as_json(risk, lang) for risk in risks])
    else:
        click.echo("\n".join(_shown(risks, lang)))
    return 0


def _as_json(risk: Risk, lang: str) -> dict[str, Any]:
    """The contract of `uptake portfolio --format json`; `reach_70` is null where usage itself is not known."""
    standing = risk.standing
    judged = standing.judgement.as_json(lang) if standing.judgement else {}
    judged.pop("why", None)
    return {
        "series": standing.name,
        **judged,
        "reach_70": standing.forecast.as_json()["reach_70"] if standing.forecast else None,
        "risk": risk.score,
        "reasons": [said(reason, lang) for reason in risk.reasons],
    }


HEADINGS = ("risk", "usage %", "growth", "healthy", "sustained", "stalled", "70 %", "L1", "Enterprise")
WIDTHS = (4, 8, 7, 8, 9, 8, 8, 17, 10)


def _shown(risks: Sequence[Risk], lang: str) -> list[str]:
    lines = [_row(HEADINGS, "series")]
    for risk in risks:
        standing, judged = risk.standing, risk.standing.judgement
        cells = [str(risk.score)]
        if judged:
            cells += [_number(judged.usage_pct), _number(judged.growth_points, "+.1f")]
            cells += [judged.healthy.value, judged.sustained.value, judged.stalled.value]
        cells += [_month(risk), standing.l1 or "unknown", standing.enterprise.value]
        lines.append(_row(cells, visible(standing.name)))
        lines += [f"      {visible(said(reason, lang))}" for reason in risk.reasons]
    watched = sum(risk.score > 0 for risk in risks)
    return [*lines, f"Customers: {len(risks):,}, with a reason to look at them: {watched:,}"]


def _row(cells: Sequence[str], name: str) -> str:
    return "  ".join([*(cell.ljust(width) for cell, width in zip(cells, WIDTHS, strict=True)), name])


def _number(value: float | None, form: str = ".1f") -> str:
    return "unknown" if value is None else format(value, form)


def _month(risk: Risk) -> str:
    made = risk.standing.forecast
    if made is None:
        return "unknown"
    return f"{made.reach.median:%Y-%m}" if made.reach else "> 12 mo."

"""Snapshots by data date: twice is once, restated figures keep the old ones, percentages show what they are made of."""

from __future__ import annotations

from datetime import date

import pytest
from made_reports import row, table

from uptake.core.errors import UptakeError
from uptake.prove.usage.licences import Seats
from uptake.prove.usage.model import UsageReport
from uptake.prove.usage.reading import read_bytes
from uptake.prove.usage.snapshots import (
    Formula,
    Outcome,
    Point,
    Snapshot,
    is_truncated,
    merged,
    people_may_stay,
    percentage,
    read_series,
    series,
    shared_computers,
    snapshot_of,
    with_seats,
)

SEATS = Seats(10, 8, 9, counted=("SPE_E3",), as_of=date(2026, 11, 19), source="ProductList.csv")


def report(*rows: list[str], name: str = "detail.csv") -> UsageReport:
    return read_bytes(table(*rows).encode(), name)


ONE = [row("a", "2026-11-18", "Windows", "Word"), row("b", "2026-11-18", "Web", "Teams"), row("c", "")]


def test_importing_twice_changes_nothing() -> None:
    history, outcome = merged((), snapshot_of(report(*ONE), SEATS))
    assert outcome is Outcome.ADDED
    again, outcome = merged(history, snapshot_of(report(*ONE, name="copy.csv")))
    assert (again, outcome) == (history, Outcome.UNCHANGED)


def test_a_restated_figure_replaces_the_old_one_and_keeps_it() -> None:
    first = snapshot_of(report(*ONE), SEATS)
    restated = snapshot_of(report(*ONE, row("d", "2026-11-17", "Web")))
    history, outcome = merged((first,), restated)
    assert outcome is Outcome.RESTATED
    assert (history[0].active.any, history[0].seats, history[0].before) == (3, SEATS, (first,))
    assert merged(history, restated) == (history, Outcome.UNCHANGED)
    assert merged(history, snapshot_of(report(*ONE))) == (history, Outcome.UNCHANGED), "the older file comes again"


def test_dates_stay_in_order() -> None:
    later = snapshot_of(report(row("a", "2026-11-18", "Web")))
    earlier = snapshot_of(report(row("a", "2026-10-18", "Web", refresh="2026-10-19")))
    history, _ = merged((later,), earlier)
    assert [each.refresh_date.month for each in history] == [10, 11]


def test_an_empty_report_becomes_no_snapshot() -> None:
    with pytest.raises(UptakeError, match="does not mean"):
        snapshot_of(report())


def test_other_reports_and_pages_become_no_snapshot() -> None:
    with pytest.raises(UptakeError, match="does not say"):
        snapshot_of(read_bytes(b"Product Title,Total Licenses\nX,1\n", "p.csv"))
    page = b'{"@odata.nextLink": "x", "value": [{"userPrincipalName": "a", "lastActivityDate": "2026-11-01", "windows": true, "outlook": true, "word": true, "teams": true, "reportRefreshDate": "2026-11-19"}]}'
    with pytest.raises(UptakeError, match="one page"):
        snapshot_of(read_bytes(page, "p.json"))


@pytest.mark.parametrize(
    ("formula", "percent"),
    [
        ("any/28/paid", 20.0),
        ("desktop/28/paid", 10.0),
        ("without_teams/28/assigned", 12.5),
        ("any/reported/enabled", 200 / 9),
    ],
)
def test_every_percentage_shows_its_parts(formula: str, percent: float) -> None:
    shown = percentage(snapshot_of(report(*ONE), SEATS), Formula.named(formula))
    assert shown
    assert shown.value == pytest.approx(percent)
    assert (shown.formula, shown.data_date, shown.seats_source) == (formula, date(2026, 11, 19), "ProductList.csv")
    assert shown.window_days == (30 if "reported" in formula else 28)


def test_more_than_all_seats_is_shown_as_it_is() -> None:
    shown = percentage(snapshot_of(report(*ONE), Seats(1)), Formula())
    assert shown
    assert shown.value == 200.0


def test_without_seats_there_is_no_percentage() -> None:
    snapshot = snapshot_of(report(*ONE))
    assert percentage(snapshot, Formula()) is None
    assert percentage(snapshot_of(report(*ONE), Seats(0)), Formula()) is None
    assert series([snapshot], Formula()) == ()
    assert len(series(with_seats([snapshot], SEATS, date(2026, 11, 1)), Formula())) == 1


def test_a_formula_that_nobody_knows_is_refused() -> None:
    with pytest.raises(UptakeError, match="no formula"):
        Formula.named("all/28/paid")


def test_rows_about_people_go_after_35_days() -> None:
    assert people_may_stay(date(2026, 10, 18), date(2026, 11, 22))
    assert not people_may_stay(date(2026, 10, 17), date(2026, 11, 22))


@pytest.mark.parametrize(
    ("rows", "assigned", "last", "cut"),
    [(100, 2000, None, True), (100, None, 100, False), (40, None, 100, True), (99, 100, 100, False)],
)
def test_a_report_that_was_cut_off_is_seen(rows: int, assigned: int | None, last: int | None, cut: bool) -> None:
    found = UsageReport("x", "m365_app_user_detail", date(2026, 1, 1), rows)
    assert is_truncated(found, assigned, last) is cut


def test_shared_computers_flag_a_tenant() -> None:
    head = "Report Refresh Date,Product Type,Assigned,Activated,Shared Computer Activation\n"
    data = head + "2026-11-19,VISIO,9,9,9\n2026-11-19,Microsoft 365 Apps for enterprise,100,50,20\n"
    shared = shared_computers(read_bytes(data.encode(), "x.csv"))
    assert shared
    assert (shared.users, shared.activated, shared.is_flagged) == (20, 50, True)


def test_a_series_is_read_in_order_and_the_last_row_of_a_date_counts() -> None:
    text = "\ufeffDate,Active,Paid\n2026-03-31,40,100\n2026-01-31,30,100\n\n2026-03-31,41,100\n"
    assert read_series(text, "x.csv") == (Point(date(2026, 1, 31), 30, 100), Point(date(2026, 3, 31), 41, 100))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a,b\n1,2",
        "date,active,paid\n2026-13-01,1,2",
        "date,active,paid\n2026-01-01,x,2",
        "date,active,paid\n2026-01-01,-1,2",
        "date,active,paid\n2026-01-01,1",
    ],
)
def test_a_series_that_is_none_is_refused_with_its_line(text: str) -> None:
    with pytest.raises(UptakeError):
        read_series(text, "x.csv")


def test_snapshots_are_values() -> None:
    assert hash(Snapshot(date(2026, 1, 1), report(*ONE).active, report(*ONE).as_reported))

"""Tables whose columns uptake defines, as people and spreadsheets save them."""

from __future__ import annotations

import csv
import io
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uptake.core.errors import UptakeError
from uptake.prove.usage.forecast import read_many
from uptake.prove.usage.rows import read_rows
from uptake.prove.usage.snapshots import Point, read_series

POINT = Point(date(2026, 10, 31), 612, 1000, "")
CELL = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


@pytest.mark.parametrize(
    "text",
    [
        "date,active,paid\n2026-10-31,612,1000\n",
        "\ufeffDate;Active;Paid\r\n2026-10-31;612;1000\r\n",
        "paid\tactive\tdate\n1000\t612\t2026-10-31\n",
        '"Date","Active","Paid"\n"2026-10-31","612","1000"\n,,\n\n',
        "date, active , paid,remark\n2026-10-31, 612, 1000\n",
    ],
)
def test_figures_are_the_same_with_every_separator_and_order_of_columns(text: str) -> None:
    assert read_series(text, "s.csv") == (POINT,)


def test_a_decimal_comma_of_a_spreadsheet_is_a_number() -> None:
    found = read_many("series;date;value\nA;2026-10-31;41,5\n", "s.csv")
    assert found == {"A": [(date(2026, 10, 31), 41.5)]}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("date,active,paid\n2026-10-31,1,000,1000\n", "s.csv, line 2: more fields than columns"),
        ("date,active,paid\n\n31/10/2026,5,1000\n", "s.csv, line 3: not a date and two whole numbers"),
        ("date,active,paid\n2026-10-31,5\n", "s.csv, line 2: not a date and two whole numbers"),
        ("date,active,paid,active\n", "names a column twice"),
        ("date,active\n2026-10-31,5\n", "has no columns date, active and paid"),
        ("", "has no columns date, active and paid"),
    ],
)
def test_what_is_no_series_of_figures_is_refused_with_its_line(text: str, said: str) -> None:
    with pytest.raises(UptakeError, match=said):
        read_series(text, "s.csv")


def test_a_field_without_end_is_an_error_and_no_traceback() -> None:
    limit = csv.field_size_limit(100)
    try:
        with pytest.raises(UptakeError, match=r"s\.csv, line 2"):
            read_series('date,active,paid\n"' + "9" * 200, "s.csv")
    finally:
        csv.field_size_limit(limit)


@given(st.lists(st.tuples(CELL, CELL, CELL), max_size=6), st.sampled_from(",;\t"))
def test_what_a_writer_of_csv_wrote_is_read_back(rows: list[tuple[str, str, str]], separator: str) -> None:
    made = io.StringIO(newline="")
    csv.writer(made, delimiter=separator).writerows([("one", "two", "three"), *rows])
    found = [tuple(row.values()) for _, row in read_rows(made.getvalue(), "s.csv", ("one", "two", "three"))]
    wanted = [tuple(cell.strip() for cell in row) for row in rows]
    assert found == [row for row in wanted if any(row)]

"""CSV with columns that uptake itself defines: one way to read it, also after a spreadsheet saved it with its own separator."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence

from uptake.core.errors import UptakeError

SEPARATORS = ",;\t"


def read_rows(
    text: str, name: str, needed: Sequence[str], optional: Sequence[str] = ()
) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Line number and cells by column, in lower case and without blanks around them; rows that are empty are left out.

    Cells beyond the columns are under the empty name. Raises `UptakeError` where the first line lacks a column that is
    needed or names one twice, and where the rest is no CSV.
    """
    text = text.lstrip("\ufeff")
    first = text.partition("\n")[0]
    separator = max(SEPARATORS, key=first.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        columns = [column.strip().lower() for column in next(rows, [])]
        _check(columns, name, needed, optional)
        for row in rows:
            cells = [cell.strip() for cell in row]
            if any(cells):
                found = dict.fromkeys(columns, "") | dict(zip(columns, cells, strict=False))
                yield (
                    rows.line_num,
                    found | ({"": " ".join(cells[len(columns) :])} if len(cells) > len(columns) else {}),
                )
    except csv.Error as error:
        raise UptakeError(f"{name}, line {rows.line_num}: {error}", hint="Save the table as CSV again.") from None


def _check(columns: Sequence[str], name: str, needed: Sequence[str], optional: Sequence[str]) -> None:
    if not set(needed) <= set(columns):
        more = f" and may go on with {','.join(optional)}" if optional else ""
        raise UptakeError(
            f"{name} has no columns {', '.join(needed[:-1])} and {needed[-1]}",
            hint=f"The first line must be: {','.join(needed)}{more}",
        )
    if len(set(columns)) < len(columns):
        raise UptakeError(f"{name} names a column twice", hint="Each column may stand in the first line once.")

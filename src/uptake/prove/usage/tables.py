"""Names of columns and flags, and which columns make a report: tables of the catalogue prepared for looking up.

Columns are known by name and never by place, in every language that the table has; fresh ones are kept as unknown.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from uptake import catalogue

ENGLISH = (
    "Report Refresh Date", "User Principal Name", "Display Name", "Last Activation Date", "Last Activity Date",
    "Report Period", "Report Date", "Windows", "Mac", "Mobile", "Web", "Product Type", "Last Activated Date",
    "Windows 10 Mobile", "iOS", "Android", "Activated On Shared Computer", "Assigned", "Activated",
    "Shared Computer Activation", "Is Deleted", "Deleted Date", "Assigned Products", "Office 365", "Product Title",
    "Total Licenses", "Expired Licenses", "Assigned licenses", "Status Message", "Product name", "Purchased quantity",
    "Assigned quantity", "Next lifecycle date", "Department", "Sign-in blocked", "Licenses", "Created date time",
)  # fmt: skip
APPS = ("Outlook", "Word", "Excel", "PowerPoint", "OneNote", "Teams")
PLATFORMS = ("Windows", "Mac", "Mobile", "Web")
SERVICES = ("Exchange", "OneDrive", "SharePoint", "Skype For Business", "Yammer", "Teams", "Office 365")
OF_SERVICES = ("Has {} License", "{} Last Activity Date", "{} License Assign Date", "{} Active", "{} Inactive", "{}")


def squashed(name: str) -> str:
    """A column's name without case, blanks, brackets and width: `Outlook (Windows)`, `outlookWindows`, `Ｏｕｔｌｏｏｋ`."""
    return "".join(c for c in unicodedata.normalize("NFKC", name).casefold() if c.isalnum())


@dataclass(frozen=True, slots=True)
class ReportKind:
    """One report by its columns."""

    name: str
    needs: frozenset[str]
    without: frozenset[str]
    function: str
    export: str


@lru_cache(maxsize=1)
def column_names() -> Mapping[str, tuple[str, str]]:
    """Squashed name → (English column, language or '')."""
    names = [*ENGLISH, *APPS, *(f"{app} ({platform})" for platform in PLATFORMS for app in APPS)]
    names += [form.format(service) for service in SERVICES for form in OF_SERVICES]
    found = {squashed(name): (name, "") for name in names}
    for row in catalogue.read_table("usage_columns"):
        found.setdefault(squashed(row["alias"]), (row["column"], row["language"]))
    return found


@lru_cache(maxsize=1)
def flags() -> Mapping[str, bool]:
    """Word in lower case → what it says; an empty field says no."""
    return {"": False} | {row["word"]: row["means"] == "yes" for row in catalogue.read_table("usage_words")}


@lru_cache(maxsize=1)
def kinds() -> tuple[ReportKind, ...]:
    return tuple(
        ReportKind(
            row["report"], frozenset(row["needs"].split(";")), frozenset(filter(None, row["without"].split(";"))),
            row["function"], row["export"],
        )
        for row in catalogue.read_table("usage_reports")
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Header:
    """Columns of a file: English names where they are known, as written where not."""

    columns: tuple[str, ...]
    unknown: tuple[str, ...]
    languages: tuple[str, ...]

    @property
    def known(self) -> int:
        return len(self.columns) - len(self.unknown)

    def place(self, column: str) -> int:
        """Index of a column, −1 where it is missing; the first counts where a name stands twice."""
        return self.columns.index(column) if column in self.columns else -1


def read_header(fields: Sequence[str]) -> Header:
    """The columns of a first line."""
    names, columns, unknown, languages = column_names(), [], [], set()
    for field in fields:
        english, language = names.get(squashed(field), ("", ""))
        columns.append(english or field.strip())
        if not english:
            unknown.append(field.strip())
        elif language:
            languages.add(language)
    return Header(tuple(columns), tuple(unknown), tuple(sorted(languages)))


def kind_of(columns: Iterable[str]) -> ReportKind | None:
    """The report that has these columns, or None."""
    present = frozenset(columns)
    return next((kind for kind in kinds() if kind.needs <= present and not kind.without & present), None)

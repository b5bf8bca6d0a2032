"""Reports as the tests build them."""

from __future__ import annotations

APPS = ("Outlook", "Word", "Excel", "PowerPoint", "OneNote", "Teams")
PLATFORMS = ("Windows", "Mac", "Mobile", "Web")
DETAIL = (
    "Report Refresh Date", "User Principal Name", "Last Activation Date", "Last Activity Date", "Report Period",
    *PLATFORMS, *APPS, *(f"{app} ({platform})" for platform in PLATFORMS for app in APPS),
)  # fmt: skip


def row(
    name: str, last: str, *used: str, refresh: str = "2026-11-19", period: str = "30", yes: str = "Yes"
) -> list[str]:
    """A row of the apps' user detail; `used` are the columns that say yes."""
    no = {"Yes": "No", "True": "False", "1": "0", "TRUE": "FALSE", "はい": "いいえ", "是": "否", "Ja": "Nein"}[yes]
    return [refresh, name, "", last, period, *(yes if column in used else no for column in DETAIL[5:])]


def table(*rows: list[str], header: tuple[str, ...] = DETAIL, delimiter: str = ",", end: str = "\r\n") -> str:
    return "".join(delimiter.join(fields) + end for fields in (list(header), *rows))

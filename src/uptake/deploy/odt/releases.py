"""A list of releases that an operator fetched → versions for the checks, so that they need not rely on the table's few rows.

The shape is that of clients.config.office.net/releases/v1.0/OfficeReleases as public code reads it: channelId, officeVersions with
releaseVersion (or legacyVersion), availabilityDate, endOfSupportDate. Microsoft documents the address and not every field.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from uptake.core.errors import UptakeError
from uptake.deploy.odt import tables

MOST = 20_000


def read_releases(content: bytes, today: date, name: str = "releases") -> tuple[tables.Version, ...]:
    """Supported versions of each channel on a day. Raises `UptakeError` for anything that is no such list."""
    try:
        data = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise UptakeError(f"{name} is no JSON") from error
    found = tuple(_versions(data if isinstance(data, list) else [], today))
    if not found:
        raise UptakeError(
            f"{name} holds no releases", hint="A list of channels with channelId and officeVersions is expected."
        )
    return found[:MOST]


def _versions(channels: list[Any], today: date) -> Iterator[tables.Version]:
    for entry in channels:
        channel = tables.channel_of(str(entry.get("channelId", ""))) if isinstance(entry, dict) else None
        rows = entry.get("officeVersions") if channel else None
        for row in rows if isinstance(rows, list) else []:
            build = _build(row) if isinstance(row, dict) else ""
            if channel and build and not _is_over(row, today):
                yield tables.Version(channel.value, str(row.get("releaseVersion", ""))[:20], build, today)


def _build(row: Mapping[str, Any]) -> str:
    texts = (str(row.get(name, "")) for name in ("legacyVersion", "buildVersion", "releaseVersion"))
    return next((text for text in texts if tables.build_number(text)), "")


def _is_over(row: Mapping[str, Any], today: date) -> bool:
    text = str(row.get("endOfSupportDate") or "")[:10]
    try:
        ends = date.fromisoformat(text)
    except ValueError:
        return False
    return date(2000, 1, 1) < ends <= today

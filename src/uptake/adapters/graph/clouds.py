"""Clouds as configuration: where Microsoft Graph and signing in are, and from which hosts a report may be downloaded."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlencode, urlsplit

from uptake import catalogue
from uptake.core.errors import UptakeError

SCOPES = ("Reports.Read.All", "ReportSettings.Read.All", "LicenseAssignment.Read.All")
"""Application permissions; `User.Read.All` only where people are joined to departments. Nothing that writes."""


@dataclass(frozen=True, slots=True)
class Cloud:
    """One cloud. Addresses without a path; `downloads` are ends of host names, or whole ones without a dot in front."""

    id: str
    title: str
    graph: str
    login: str
    downloads: tuple[str, ...]
    reports: str = "all"

    @property
    def root(self) -> str:
        return f"{self.graph}/v1.0"

    def authority(self, tenant: str) -> str:
        return f"{self.login}/{tenant}"

    def may_download(self, url: str) -> bool:
        """Whether an address is one that reports come from: https, no user in it, a host of this cloud."""
        try:
            parts = urlsplit(url)
            host = (parts.hostname or "").lower()
        except ValueError:
            return False
        if parts.scheme != "https" or parts.username is not None or parts.password is not None:
            return False
        return any(host.endswith(end) if end.startswith(".") else host == end for end in self.downloads)

    def is_own(self, url: str) -> bool:
        """Whether an address is Microsoft Graph's of this cloud: the same scheme, host and port."""
        try:
            here, there = urlsplit(self.graph), urlsplit(url)
            same = (here.scheme, here.hostname, here.port) == (there.scheme, there.hostname, there.port)
        except ValueError:
            return False
        return same and not there.username


@lru_cache(maxsize=1)
def clouds() -> dict[str, Cloud]:
    return {
        row["cloud"]: Cloud(
            row["cloud"], row["title"], row["graph"], row["login"], tuple(row["downloads"].split()), row["reports"]
        )
        for row in catalogue.read_table("graph_clouds")
    }


def cloud_named(name: str) -> Cloud:
    """A cloud of the table. Raises `UptakeError` for any other name."""
    found = clouds().get(name)
    if found is None:
        raise UptakeError(f"no cloud {name!r}", hint=f"One of {', '.join(clouds())}.")
    return found


def consent_link(cloud: Cloud, tenant: str, client_id: str, redirect: str, state: str) -> str:
    """Where an administrator of the customer agrees to the application, once; `tenant` may be `organizations`."""
    query = {
        "client_id": client_id, "scope": f"{cloud.graph}/.default", "redirect_uri": redirect, "state": state,
    }  # fmt: skip
    return f"{cloud.login}/{tenant}/v2.0/adminconsent?{urlencode(query)}"

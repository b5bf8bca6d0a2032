"""Manifests of web add-ins, XML and JSON: what they are, where they run, and which COM, VSTO or XLL add-ins they stand for.

Elements as in Microsoft's manifest reference (EquivalentAddins; alternates.prefer and alternates.hide of the unified manifest; read
2026-11-22): by default the installed COM add-in runs and the web add-in is hidden; a manifest can also ask for the other way round.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lxml import etree

LIMIT = 4 << 20
HOSTS = {
    "document": "word", "workbook": "excel", "presentation": "powerpoint", "mailbox": "outlook", "mail": "outlook",
    "notebook": "onenote", "project": "project", "database": "access",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Manifest:
    """One web add-in."""

    id: str
    name: str
    version: str
    publisher: str
    apps: tuple[str, ...]
    replaces: tuple[str, ...]
    """ProgIDs and names of XLL files, lower case, that it names as its equivalents."""


def read_manifest(text: str) -> Manifest | None:
    """The manifest in a text; None for anything else, never an exception."""
    if len(text) > LIMIT:
        return None
    start = text.lstrip("\ufeff \r\n\t")
    return _of_json(start) if start.startswith("{") else _of_xml(start) if start.startswith("<") else None


def _of_xml(text: str) -> Manifest | None:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(text.encode(), parser)
    except (etree.XMLSyntaxError, ValueError, LookupError):
        # Bytes in UTF-8 below a declaration that names another encoding.
        try:
            root = etree.fromstring(text.partition("?>")[2].encode(), parser)
        except (etree.XMLSyntaxError, ValueError, LookupError):
            return None
    if not isinstance(root.tag, str) or etree.QName(root).localname != "OfficeApp":
        return None
    name = root.find("{*}DisplayName")
    apps = {_host(host.get("Name")) for host in root.iterfind("{*}Hosts/{*}Host")}
    if (root.get("{http://www.w3.org/2001/XMLSchema-instance}type") or "").endswith("MailApp"):
        apps.add("outlook")
    same = [
        (each.text or "").strip().casefold()
        for tag in ("ProgId", "FileName")
        for each in root.iterfind(f".//{{*}}EquivalentAddin/{{*}}{tag}")
    ]
    return Manifest(
        (root.findtext("{*}Id") or "").strip()[:200], (name.get("DefaultValue", "") if name is not None else "")[:200],
        (root.findtext("{*}Version") or "").strip()[:50], (root.findtext("{*}ProviderName") or "").strip()[:200],
        tuple(sorted(apps - {""})), tuple(dict.fromkeys(each for each in same if each)),
    )  # fmt: skip


def _host(name: Any) -> str:
    return HOSTS.get(str(name or "").casefold(), "")


def _of_json(text: str) -> Manifest | None:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict) or "manifestVersion" not in data or not isinstance(data.get("extensions"), list):
        return None
    parts = [each for each in data["extensions"] if isinstance(each, dict)]
    scopes = [scope for part in parts for scope in _list(_map(part, "requirements").get("scopes"))]
    same = [each.casefold() for part in parts for each in _equivalents(part) if isinstance(each, str) and each]
    return Manifest(
        str(data.get("id") or "")[:200], str(_map(data, "name").get("short") or "")[:200], str(data.get("version") or "")[:50],
        str(_map(data, "developer").get("name") or "")[:200], tuple(sorted({_host(each) for each in scopes} - {""})),
        tuple(dict.fromkeys(same)),
    )  # fmt: skip


def _map(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = data.get(name)
    return found if isinstance(found, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _equivalents(part: Mapping[str, Any]) -> Iterator[Any]:
    for other in _list(part.get("alternates")):
        if isinstance(other, dict):
            prefer, hidden = _map(other, "prefer"), _map(_map(other, "hide"), "windowsExtensions")
            yield _map(prefer, "comAddin").get("progId")
            yield _map(prefer, "xllCustomFunctions").get("fileName")
            yield from _list(_map(hidden, "comAddin").get("progIds"))

"""ODT002 to ODT022: the document itself, its names and its nesting, whatever it is for."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator

from uptake import catalogue
from uptake.deploy.odt import secrets, tables
from uptake.deploy.odt.checks.model import ERROR, WARNING, Found, Outcome, Predicate
from uptake.deploy.odt.reading import Element, Remark, Text
from uptake.deploy.odt.situation import Situation
from uptake.deploy.odt.view import View

ELEMENTS = {row["element"].lower(): row for row in catalogue.read_table("odt_elements")}
ATTRIBUTES = {(row["element"].lower(), row["attribute"].lower()): row for row in catalogue.read_table("odt_attributes")}
PROPERTIES = {row["name"].lower(): row for row in catalogue.read_table("odt_properties")}
PLACEHOLDER = re.compile(
    r"\\\\server\\share|\\\\(?:your)?server\b|^(?:your )?company(?: name)?$|^#(?:company|tenantid)\b|#{5}|[x]{5}-[x]{5}|<[^>]*>"
    r"|^(?:contoso|fabrikam)$|0{8}-0{4}-0{4}-0{4}-0{12}|12345678-1234|x{8}-x{4}|^(?:changeme|tbd|insert .*here)$"
)


def wrong_root(view: View, _situation: Situation) -> Iterator[Outcome]:
    if view.root.name != "Configuration":
        yield Found(view.root.line, {"name": view.root.name})


def unknown_name(view: View, _situation: Situation) -> Iterator[Outcome]:
    """Elements, attributes and properties that the format does not have, or has in another case."""
    for element in view.root.walk():
        known = ELEMENTS.get(element.name.lower())
        if known is None:
            yield Found(element.line, {"name": element.name}, "element")
            continue
        if known["element"] != element.name:
            yield Found(element.line, {"name": element.name, "right": known["element"]}, "case")
        yield from _unknown_attributes(element)
        if element.name.lower() == "property" and element.get("Name").strip().lower() not in PROPERTIES:
            yield Found(element.line, {"name": element.get("Name")}, "property")
        if element.name.lower() == "setup" and element.get("Name").strip().lower() != "company":
            yield Found(element.line, {"name": element.get("Name")}, "setup")
        yield from (
            Found(child.line, {"name": child.text[:40]}, "text")
            for child in element.children
            if isinstance(child, Text)
        )


def _unknown_attributes(element: Element) -> Iterator[Outcome]:
    for each in element.attributes:
        row = ATTRIBUTES.get((element.name.lower(), each.name.lower()))
        if row is None:
            arguments = {"name": each.name, "element": element.name}
            yield Found(element.line, arguments, "attribute")
        elif row["attribute"] != each.name:
            yield Found(element.line, {"name": each.name, "right": row["attribute"]}, "case")
        if row is not None and not _fits_kind(each.value.strip(), row):
            arguments = {
                "name": f"{element.name} {each.name}",
                "value": each.value,
                "right": row["values"] or "TRUE|FALSE",
            }
            yield Found(element.line, arguments, "value")


def _fits_kind(value: str, row: dict[str, str]) -> bool:
    """Booleans and fixed choices; empty ones, and choices that have a check of their own, are not asked here."""
    if not value or (row["element"] in ("Display", "User", "Setup", "Logging") and row["kind"] == "choice"):
        return True
    if row["kind"] == "boolean":
        return value.lower() in ("true", "false")
    return row["kind"] != "choice" or value in row["values"].split("|")


def wrong_parent(view: View, _situation: Situation) -> Iterator[Outcome]:
    """Known elements where Office's tool does not look for them."""
    ahead: deque[tuple[Element, tuple[str, ...]]] = deque([(view.root, ())])
    while ahead:
        element, above = ahead.popleft()
        row = ELEMENTS.get(element.name.lower())
        if row and above and above[-1].lower() in ELEMENTS and not _fits(element, row, above):
            right = row["parents"].replace(" ", " / ") or "—"
            yield Found(element.line, {"name": element.name, "parent": above[-1], "right": right})
        ahead.extend((child, (*above, element.name)) for child in element.elements)


def _fits(element: Element, row: dict[str, str], above: tuple[str, ...]) -> bool:
    if element.name.lower() == "excludeapp" and [name.lower() for name in above[-2:]] == ["remove", "product"]:
        return False
    return above[-1].lower() in row["parents"].lower().split()


def missing_attribute(view: View, _situation: Situation) -> Iterator[Outcome]:
    """Attributes without which an element says nothing, and such that stand empty."""
    for element in view.root.walk():
        for (name, _), row in ATTRIBUTES.items():
            if name != element.name.lower() or name == "user":
                continue
            is_required = row["use"] == "required"
            is_empty = element.has(row["attribute"]) and not element.get(row["attribute"]).strip()
            if (is_required and not element.has(row["attribute"])) or (is_empty and _must_be_filled(row)):
                yield Found(element.line, {"name": f"{element.name} {row['attribute']}"})


def _must_be_filled(row: dict[str, str]) -> bool:
    name = (row["element"], row["attribute"])
    if name in (("Updates", "TargetVersion"), ("Product", "PIDKEY"), ("Property", "Value"), ("Setup", "Value")):
        return False
    return row["kind"] not in ("text", "guid", "path")


def twice(view: View, _situation: Situation) -> Iterator[Outcome]:
    """Elements that count once, and the same product, property, language or exclusion a second time."""
    for name, row in ELEMENTS.items():
        if row["count"] == "?":
            yield from (Found(each.line, {"name": row["element"]}) for each in view.root.all(name)[1:])
    yield from _again(((each.id.lower(), each.element) for each in view.products), "Product")
    yield from _again(((each.id.lower(), each.element) for each in view.removed), "Product")
    yield from _again(((each.get("Name").strip().lower(), each) for each in view.properties), "Property")
    for product in (*view.products, *view.removed):
        for kind in ("Language", "ExcludeApp"):
            yield from _again(((each.get("ID").strip().lower(), each) for each in product.element.all(kind)), kind)


def _again(keyed: Iterable[tuple[str, Element]], kind: str) -> Iterator[Outcome]:
    seen: set[str] = set()
    for key, element in keyed:
        if key and key in seen:
            yield Found(element.line, {"name": f"{kind} {key}"})
        seen.add(key)


def placeholder(view: View, _situation: Situation) -> Iterator[Outcome]:
    for element in view.root.walk():
        for each in element.attributes:
            if each.name != "Name" and PLACEHOLDER.search(each.value.strip().lower()):
                yield Found(element.line, {"name": f"{element.name} {each.name}", "value": each.value})


def secret(view: View, _situation: Situation) -> Iterator[Outcome]:
    """Product keys that nobody publishes and tenant association keys, wherever they stand; the value never leaves."""
    for element in view.root.walk():
        shown = secrets.redacted_attributes(element)
        for before, after in zip(element.attributes, shown, strict=True):
            if before != after:
                yield Found(element.line, {"name": f"{element.name} {before.name}"}, _secret_kind(after.value))
        texts = [child for child in element.children if isinstance(child, Text)]
        if any(secrets.redacted(child.text) != child.text or secrets.names_association(element) for child in texts):
            yield Found(element.line, {"name": element.name}, "association")
    for remark in view.configuration.remarks:
        if _hides_secret(remark):
            yield Found(remark.line, {"name": "comment"}, "comment")


def _secret_kind(shown: str) -> str:
    return "association" if secrets.HIDDEN_TOKEN in shown else ""


def _hides_secret(remark: Remark) -> bool:
    return secrets.redact_remark(remark) != remark


def shared_id(view: View, situation: Situation) -> Iterator[Outcome]:
    mine = view.root.get("ID").strip().lower()
    others = [each.file for each in situation.neighbours if mine and each.id.strip().lower() == mine]
    if others:
        yield Found(view.root.line, {"value": mine, "files": ", ".join(others)})


def wrong_channel(view: View, _situation: Situation) -> Iterator[Outcome]:
    """Values of Channel and Branch that mean nothing; another case works and is only untidy."""
    for element in (*view.adds, *view.root.all("Updates")):
        value = element.get("Channel").strip()
        if value and tables.channel_of(value) is None:
            yield Found(element.line, {"value": value, "element": element.name}, "", ERROR)
        elif value and value not in _right_values():
            yield Found(element.line, {"value": value, "element": element.name}, "case", WARNING)
        branch = element.get("Branch").strip()
        if branch and branch.lower() not in tables.branches():
            yield Found(element.line, {"value": branch, "element": element.name}, "", ERROR)


def _right_values() -> frozenset[str]:
    rows = catalogue.read_table("odt_channel_aliases")
    return frozenset(each.value for each in tables.channels().values()) | {row["alias"] for row in rows}


def old_channel_name(view: View, _situation: Situation) -> Iterator[Outcome]:
    for element in (*view.adds, *view.root.all("Updates")):
        value = element.get("Channel").strip()
        if value.lower() in tables.aliases():
            yield Found(element.line, {"value": value, "right": tables.aliases()[value.lower()]})


CHECKS: dict[str, Predicate] = {
    "ODT002": wrong_root,
    "ODT003": unknown_name,
    "ODT004": wrong_parent,
    "ODT005": twice,
    "ODT009": placeholder,
    "ODT010": secret,
    "ODT011": shared_id,
    "ODT020": wrong_channel,
    "ODT021": old_channel_name,
    "ODT022": missing_attribute,
}

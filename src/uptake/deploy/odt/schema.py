"""RELAX NG of configuration.xml, made from the tables of the catalogue, so that model and schema cannot drift apart.

It describes what a file of today should look like: dropped and renamed parts are not in it. What hangs together over several
elements (a channel that fits a product) is the checks' and no schema's.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from lxml import etree

from uptake import catalogue
from uptake.deploy.odt import tables
from uptake.deploy.odt.reading import Configuration
from uptake.deploy.odt.writing import canonical

NAMESPACE = "http://relaxng.org/ns/structure/1.0"
TYPES = "http://www.w3.org/2001/XMLSchema-datatypes"
GONE = frozenset(("old", "removed"))
BUILD = r"16\.0\.[0-9]{1,5}\.[0-9]{1,5}"
PATTERNS = {
    "boolean": "[Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]",
    "version": rf"{BUILD}|[Mm][Aa][Tt][Cc][Hh][Ii][Nn][Ss][Tt][Aa][Ll][Ll][Ee][Dd]",
    "build": rf"({BUILD})?",
    "deadline": r"([0-9]{2}/[0-9]{2}/[0-9]{4} [0-9]{2}:[0-9]{2})?",
    "switch": "[01]",
}
MATCHES = ("MatchOS", "MatchPreviousMSI", "MatchInstalled")


def relax_ng() -> str:
    """The schema as text."""
    grammar = etree.Element(f"{{{NAMESPACE}}}grammar", nsmap={None: NAMESPACE}, datatypeLibrary=TYPES)  # type: ignore[dict-item]
    start = _sub(grammar, "start")
    _sub(start, "ref", name="Configuration")
    for row in catalogue.read_table("odt_elements"):
        if not row["until"]:
            _define(grammar, row["element"])
    etree.indent(grammar, space="  ")
    return etree.tostring(grammar, encoding="unicode") + "\n"


@lru_cache(maxsize=1)
def _validator() -> etree.RelaxNG:
    return etree.RelaxNG(etree.fromstring(relax_ng()))


def is_accepted(configuration: Configuration) -> bool:
    """Whether the schema accepts a configuration."""
    root = etree.fromstring(canonical(configuration, hides_secrets=False))
    return bool(_validator().validate(root))


def _sub(parent: etree._Element, kind: str, text: str = "", /, **attributes: str) -> etree._Element:
    node = etree.SubElement(parent, f"{{{NAMESPACE}}}{kind}", attributes)
    node.text = text or None
    return node


def _define(grammar: etree._Element, name: str) -> None:
    definition = _sub(grammar, "define", name=name)
    if name == "Property":
        _property(definition)
        return
    element = _sub(definition, "element", name=name)
    _attributes(element, name)
    rows = [row for row in catalogue.read_table("odt_elements") if name in row["parents"].split() and not row["until"]]
    body = _sub(element, "interleave") if len(rows) > 1 else element
    for row in rows:
        if row["element"] != "ExcludeApp" or name == "Product":
            _sub(_sub(body, "optional" if row["count"] == "?" else "zeroOrMore"), "ref", name=row["element"])
    if not rows:
        _sub(element, "empty")


def _attributes(element: etree._Element, name: str) -> None:
    for row in catalogue.read_table("odt_attributes"):
        if row["element"] == name and row["use"] not in GONE:
            holder = element if row["use"] == "required" else _sub(element, "optional")
            _value(_sub(holder, "attribute", name=row["attribute"]), row["kind"], row["values"])


def _property(definition: etree._Element) -> None:
    """The kind of Value depends on Name."""
    choice = _sub(definition, "choice")
    for row in catalogue.read_table("odt_properties"):
        element = _sub(choice, "element", name="Property")
        _sub(_sub(element, "attribute", name="Name"), "value", row["name"])
        _value(_sub(element, "attribute", name="Value"), row["kind"], "")
        _sub(element, "empty")


def _value(attribute: etree._Element, kind: str, values: str) -> None:
    if kind in PATTERNS:
        data = _sub(attribute, "data", type="string")
        _sub(data, "param", PATTERNS[kind], name="pattern")
        return
    words = list(_words(kind, values))
    if not words:
        _sub(attribute, "text")
        return
    choice = _sub(attribute, "choice")
    for word in words:
        _sub(choice, "value", word, type="string")


def _words(kind: str, values: str) -> Iterable[str]:
    """Values that an attribute of a kind can have; none: any text."""
    if kind == "choice":
        return values.split("|")
    if kind == "channel":
        rows = catalogue.read_table("odt_channel_aliases")
        return [
            *(each.value for each in tables.channels().values()),
            *(row["alias"] for row in rows if not row["where"]),
        ]
    if kind == "product":
        return [each.id for each in tables.products().values()]
    if kind == "target":
        return ["All", *(each.id for each in tables.products().values())]
    if kind == "culture":
        return [*MATCHES, *tables.languages()]
    if kind == "app":
        return [each.id for each in tables.apps().values() if each.status != "old"]
    return []

"""Bytes of a configuration.xml → a tree with line numbers, comments, order and encoding; what cannot be read is a value.

The bytes are a stranger's: no entities, no network, limits on size and depth. Microsoft publishes no schema of the format;
its facts stand in catalogue/tables/odt_*.csv with their sources.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from lxml import etree

LIMIT = 4 << 20
"""Bytes; the largest public file has 40 kilobytes."""
MOST_ELEMENTS = 10_000
DEEPEST = 60


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute as written."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Remark:
    """A comment or a processing instruction, kept where it stands."""

    kind: str
    """`comment` or `instruction`."""
    text: str
    target: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Text:
    """Text between elements that is more than white space."""

    text: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Element:
    """An element with everything in it, in the order of the file. Names of namespaces stand in braces, as lxml has them."""

    name: str
    attributes: tuple[Attribute, ...] = ()
    children: tuple[Element | Remark | Text, ...] = ()
    line: int = 0
    namespaces: tuple[tuple[str, str], ...] = ()
    """Prefix and address of the namespaces that this element declares."""

    def get(self, name: str, default: str = "") -> str:
        """Value of an attribute, its name compared without case, as people mistype it."""
        wanted = name.lower()
        return next((each.value for each in self.attributes if each.name.lower() == wanted), default)

    def has(self, name: str) -> bool:
        wanted = name.lower()
        return any(each.name.lower() == wanted for each in self.attributes)

    @property
    def elements(self) -> tuple[Element, ...]:
        return tuple(child for child in self.children if isinstance(child, Element))

    def all(self, name: str) -> tuple[Element, ...]:
        """Child elements of a name."""
        return tuple(child for child in self.elements if child.name.lower() == name.lower())

    def walk(self) -> Iterator[Element]:
        """This element and all below it."""
        ahead = [self]
        while ahead:
            element = ahead.pop()
            yield element
            ahead.extend(reversed(element.elements))

    def with_attributes(self, attributes: tuple[Attribute, ...]) -> Element:
        return replace(self, attributes=attributes)


@dataclass(frozen=True, slots=True)
class Configuration:
    """A file that was read."""

    root: Element
    before: tuple[Remark, ...] = ()
    after: tuple[Remark, ...] = ()
    encoding: str = "utf-8"

    @property
    def remarks(self) -> Iterator[Remark]:
        yield from self.before
        for element in self.root.walk():
            yield from (child for child in element.children if isinstance(child, Remark))
        yield from self.after


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file that is no XML that we open, and why."""

    reason: str
    line: int = 0
    variant: str = ""
    """Word for the reason in the messages of check ODT001."""


def read(content: bytes) -> Configuration | Unreadable:
    """The configuration in some bytes, in any encoding that XML allows."""
    if len(content) > LIMIT:
        return Unreadable(f"larger than {LIMIT >> 20} MB", variant="too_large")
    if not content.strip():
        return Unreadable("the file is empty", variant="empty")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_blank_text=False
    )
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        return Unreadable(_sentence(error), error.lineno or 0)
    except (ValueError, LookupError) as error:  # an encoding that nobody knows
        return Unreadable(str(error)[:200])
    return _checked(root)


def _sentence(error: etree.XMLSyntaxError) -> str:
    """The first line of what the parser says, without text of the document."""
    return re.sub(r"\s+", " ", str(error.msg or "not well-formed"))[:200]


def _checked(root: Any) -> Configuration | Unreadable:
    tree = root.getroottree()
    if tree.docinfo.doctype or tree.docinfo.internalDTD is not None:
        return Unreadable("it holds a document type, which a configuration never needs", 1, "doctype")
    depth = _depth(root)
    if depth > DEEPEST or sum(1 for _ in root.iter()) > MOST_ELEMENTS:
        return Unreadable("it is nested too deep or holds too many elements", 0, "too_large")
    before = tuple(reversed([_remark(node) for node in root.itersiblings(preceding=True)]))
    after = tuple(_remark(node) for node in root.itersiblings())
    return Configuration(_element(root, {}), before, after, tree.docinfo.encoding or "utf-8")


def _depth(root: Any) -> int:
    deepest, depth = 0, 0
    for event, _node in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        deepest = max(deepest, depth)
    return deepest


def _element(node: Any, outer: Mapping[str, str]) -> Element:
    inner = {prefix or "": address for prefix, address in node.nsmap.items()}
    declared = tuple((prefix, address) for prefix, address in inner.items() if outer.get(prefix) != address)
    children: list[Element | Remark | Text] = []
    _text(node.text, node.sourceline, children)
    for child in node:
        if child.tag is etree.Entity:
            children.append(Text(f"&{child.name};", child.sourceline or 0))
        elif isinstance(child.tag, str):
            children.append(_element(child, inner))
        else:
            children.append(_remark(child))
        _text(child.tail, child.sourceline, children)
    attributes = tuple(Attribute(str(name), str(value)) for name, value in node.attrib.items())
    return Element(str(node.tag), attributes, tuple(children), node.sourceline or 0, declared)


def _text(text: str | None, line: int | None, children: list[Element | Remark | Text]) -> None:
    if text and text.strip():
        children.append(Text(text.strip(), line or 0))


def _remark(node: Any) -> Remark:
    kind = "comment" if node.tag is etree.Comment else "instruction"
    return Remark(kind, node.text or "", str(getattr(node, "target", "") or ""), node.sourceline or 0)

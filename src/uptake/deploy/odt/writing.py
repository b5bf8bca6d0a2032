"""A configuration → bytes, always in the same form: two spaces, known attributes in their order, everything else as it was.

Nothing is lost that the model does not know: comments, instructions, foreign elements, attributes and text are written back.
"""

from __future__ import annotations

from functools import lru_cache

from lxml import etree

from uptake import catalogue
from uptake.deploy.odt.reading import Attribute, Configuration, Element, Remark, Text
from uptake.deploy.odt.secrets import redact


@lru_cache(maxsize=1)
def _orders() -> dict[str, int]:
    """`element@attribute`, lower case → place in the table."""
    rows = catalogue.read_table("odt_attributes")
    return {f"{row['element']}@{row['attribute']}".lower(): place for place, row in enumerate(rows)}


def canonical(configuration: Configuration, *, hides_secrets: bool = True) -> bytes:
    """The file in its one form, UTF-8 with a final newline. Secrets are masked unless the caller keeps them on purpose."""
    shown = redact(configuration) if hides_secrets else configuration
    root = _node(shown.root, None)
    etree.indent(root, space="  ")
    parts = [*map(_remark, shown.before), root, *map(_remark, shown.after)]
    return b"\n".join(_written(part) for part in parts) + b"\n"


def _written(node: etree._Element) -> bytes:
    text: bytes = etree.tostring(node, encoding="utf-8", xml_declaration=False, with_tail=False)
    return text.strip()


def _node(element: Element, parent: etree._Element | None) -> etree._Element:
    namespaces = {prefix or None: address for prefix, address in element.namespaces}
    node = (
        etree.Element(element.name, nsmap=namespaces)  # type: ignore[arg-type]
        if parent is None
        else etree.SubElement(parent, element.name, nsmap=namespaces)  # type: ignore[arg-type]
    )
    for each in ordered(element):
        node.set(each.name, each.value)
    last: etree._Element | None = None
    for child in element.children:
        if isinstance(child, Element):
            last = _node(child, node)
        elif isinstance(child, Remark):
            last = _remark(child)
            node.append(last)
        else:
            _append_text(node, last, child)
    return node


def _append_text(node: etree._Element, last: etree._Element | None, text: Text) -> None:
    if last is None:
        node.text = (node.text or "") + text.text
    else:
        last.tail = (last.tail or "") + text.text


def ordered(element: Element) -> tuple[Attribute, ...]:
    """Attributes in the order of the table; those that it does not know behind, as they came."""
    orders = _orders()
    beyond = len(orders)
    return tuple(sorted(element.attributes, key=lambda each: orders.get(f"{element.name}@{each.name}".lower(), beyond)))


def _remark(remark: Remark) -> etree._Element:
    if remark.kind == "comment":
        return etree.Comment(remark.text)
    return etree.ProcessingInstruction(remark.target or "xml-note", remark.text)

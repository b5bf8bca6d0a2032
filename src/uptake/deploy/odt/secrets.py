"""Product keys that are not public and tenant association keys: found anywhere in a file, and masked in everything that leaves us.

Both occur in public repositories. A key that Microsoft publishes for KMS is no secret and stays readable.
"""

from __future__ import annotations

import re

from uptake.core.text import mask_secrets
from uptake.deploy.odt import tables
from uptake.deploy.odt.reading import Attribute, Configuration, Element, Remark, Text

PRODUCT_KEY = re.compile(r"(?<![A-Za-z0-9-])[A-Za-z0-9]{5}(?:-[A-Za-z0-9]{5}){4}(?![A-Za-z0-9-])")
TOKEN = re.compile(r"eyJ[A-Za-z0-9_\-]{8,}(?:\.[A-Za-z0-9_\-]*){1,4}")
SAMPLE_KEY = re.compile(r"([0-9A-Z#]{5})(?:-\1){4}", re.IGNORECASE)
HIDDEN_KEY, HIDDEN_TOKEN = "(product key hidden)", "(tenant association key hidden)"
ASSOCIATION = re.compile(r"(?i)tenant[\s_-]*association[\s_-]*key")


def is_secret_key(text: str) -> bool:
    """Whether a text is a product key that nobody publishes; the X's of a sample are none."""
    key = text.strip().upper()
    return bool(PRODUCT_KEY.fullmatch(key)) and key not in tables.gvlks() and not SAMPLE_KEY.fullmatch(key)


def is_token(text: str) -> bool:
    return bool(TOKEN.search(text))


def redacted(text: str) -> str:
    """The text with every secret masked."""
    masked = PRODUCT_KEY.sub(lambda found: HIDDEN_KEY if is_secret_key(found[0]) else found[0], text)
    return mask_secrets(TOKEN.sub(HIDDEN_TOKEN, masked))


def names_association(element: Element) -> bool:
    """Whether an element says that its value is a tenant association key."""
    names = (element.name, *(each.value for each in element.attributes if each.name.lower() in ("name", "id")))
    return any(ASSOCIATION.search(name) for name in names)


def redacted_attributes(element: Element) -> tuple[Attribute, ...]:
    """The attributes of an element as they may be shown."""
    holds_key = names_association(element)
    shown = []
    for each in element.attributes:
        is_value = (holds_key and each.name.lower() in ("value", "key")) or ASSOCIATION.search(each.name)
        plain = redacted(each.value)
        if each.name.lower() == "pidkey" and not _is_public(each.value):
            plain = HIDDEN_KEY
        shown.append(Attribute(each.name, HIDDEN_TOKEN if is_value and each.value.strip() else plain))
    return tuple(shown)


def _is_public(key: str) -> bool:
    """A published key, a place left open, or nothing."""
    text = key.strip()
    return not text or text.upper() in tables.gvlks() or bool(SAMPLE_KEY.fullmatch(text)) or text == HIDDEN_KEY


def redact(configuration: Configuration) -> Configuration:
    """The configuration as it may be stored and shown, comments included."""
    return Configuration(
        _redact(configuration.root),
        tuple(map(redact_remark, configuration.before)),
        tuple(map(redact_remark, configuration.after)),
        configuration.encoding,
    )


def _redact(element: Element) -> Element:
    children = tuple(
        _redact(child)
        if isinstance(child, Element)
        else redact_remark(child)
        if isinstance(child, Remark)
        else Text(HIDDEN_TOKEN if names_association(element) else redacted(child.text), child.line)
        for child in element.children
    )
    return Element(element.name, redacted_attributes(element), children, element.line, element.namespaces)


def redact_remark(remark: Remark) -> Remark:
    """A comment as it may be shown; files keep keys in parts that were commented out."""
    text = redacted(remark.text)
    text = re.sub(r"(?i)(PIDKEY\s*=\s*)(\"[^\"]*\"|'[^']*')", _hidden_pidkey, text)
    if ASSOCIATION.search(text):
        text = re.sub(r"(?i)(value\s*=\s*)(\"[^\"]*\"|'[^']*')", rf'\1"{HIDDEN_TOKEN}"', text)
    return Remark(remark.kind, text, remark.target, remark.line)


def _hidden_pidkey(found: re.Match[str]) -> str:
    return found[0] if _is_public(found[2][1:-1]) else f'{found[1]}"{HIDDEN_KEY}"'

"""Values on their way into PowerShell: one kind of literal, in which nothing can act.

A single-quoted string ends at any of five quotation marks, the curly ones as well; each is doubled (about_Quoting_Rules).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from uptake.core.errors import UptakeError

QUOTES = re.compile("['\u2018\u2019\u201a\u201b]")
CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
LONGEST = 1000


def quoted(text: str) -> str:
    """A single-quoted literal. Raises `UptakeError` for control characters, which no name or path needs."""
    if CONTROLS.search(text) or len(text) > LONGEST:
        raise UptakeError(
            f"a name or path holds control characters or is longer than {LONGEST} characters: {text[:60]!r}"
        )
    return "'" + QUOTES.sub(lambda found: found[0] * 2, text) + "'"


def array(values: Iterable[str]) -> str:
    """`@('a', 'b')`, one a line where there are many."""
    items = [quoted(value) for value in values]
    if len(items) > 4:
        return "@(\n" + ",\n".join(f"    {item}" for item in items) + "\n)"
    return f"@({', '.join(items)})"


def script(title: str, body: str) -> bytes:
    """A script file: a byte order mark, so that Windows PowerShell 5.1 reads names of all languages, and Windows line ends."""
    head = f"# {CONTROLS.sub(' ', title)}\n# Made by uptake. Not run on Windows when it was made: try it on a test device first.\n"
    text = (
        head
        + "#Requires -Version 5.1\nSet-StrictMode -Version 2.0\n$ErrorActionPreference = 'Stop'\n\n"
        + body.strip("\n")
        + "\n"
    )
    return b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()

"""Text from documents made harmless and visible before it goes anywhere, for it is as hostile as on the way in.

A file name may hold terminal escapes, a statement may begin like a formula, a module name may turn the reading
direction. Every report passes such text through here and then through the escaping of its own format.
"""

from __future__ import annotations

import re

CONTROL_PICTURES = {code: chr(0x2400 + code) for code in range(0x20)} | {0x7F: "\u2421"}
# C1 controls, marks that turn the reading direction or hide text, separators that break lines, half characters.
UNSEEN = re.compile(
    "[\x80-\x9f\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)
KEEP_LINES = {code: picture for code, picture in CONTROL_PICTURES.items() if code not in (0x09, 0x0A)}
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def visible(text: object) -> str:
    """`text` on one line: control characters as their pictures (␛, ␊), other unseen ones as `<U+202E>`."""
    return _spelled(str(text).translate(CONTROL_PICTURES))


def visible_lines(text: object) -> str:
    """As `visible`, but line ends and tabs stay, for code."""
    return _spelled(str(text).replace("\r\n", "\n").translate(KEEP_LINES))


def _spelled(text: str) -> str:
    return UNSEEN.sub(lambda match: f"<U+{ord(match[0]):04X}>", text)


def no_formula(text: str) -> str:
    """`text` with `'` before it where a spreadsheet would take it for a formula."""
    return f"'{text}" if text.lstrip(" \n\"'").startswith(FORMULA_STARTS) or text.startswith(FORMULA_STARTS) else text


def cut(text: str, limit: int, mark: str) -> str:
    """`text` in at most `limit` UTF-16 units, ending in `mark` where something is missing."""
    if len(text) * 2 <= limit or len(text.encode("utf-16-le", "surrogatepass")) // 2 <= limit:
        return text
    kept = text.encode("utf-16-le", "surrogatepass")[: 2 * (limit - len(mark))]
    return kept.decode("utf-16-le", "ignore") + mark

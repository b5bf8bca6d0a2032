"""Text that came out of a document, on its way to a report: secrets masked, control characters made visible."""

from __future__ import annotations

import re

SECRET = re.compile(r"(?i)\b(password|passwd|pwd|secret|accountkey)(\s*=\s*)(?:\"\"[^\"]*\"\"|'[^']*'|[^;\"'&\s)]+)")
# C0, C1, bidirectional controls and the two separators: what could rewrite a terminal line or hide a name.
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


def mask_secrets(text: str) -> str:
    """Passwords in connection strings become `***`; everything else stays."""
    lowered = text.lower()
    if "pwd" in lowered or "passw" in lowered or "secret" in lowered or "accountkey" in lowered:
        return SECRET.sub(r"\1\2***", text)
    return text


def visible(text: str) -> str:
    """Control characters as `\\x1b`-style escapes, so that a name cannot act where it is shown."""
    return CONTROLS.sub(lambda match: match.group().encode("unicode_escape").decode("ascii"), text)

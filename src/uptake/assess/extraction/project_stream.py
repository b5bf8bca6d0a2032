"""The PROJECT stream of a VBA project: kinds of modules and the protection ([MS-OVBA] 2.3.1, 2.4.3).

The protection is obfuscated, not encrypted: it stops the editor from showing code, not a reader from reading it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from uptake.assess.extraction.model import Protection

_KINDS = {"document": "document", "module": "standard", "class": "class", "baseclass": "form"}


@dataclass(slots=True)
class ProjectText:
    """What a PROJECT stream says."""

    kinds: dict[str, str] = field(default_factory=dict)
    """Module name in lower case → document, standard, class, form."""
    written: list[str] = field(default_factory=list)
    """Module names as written."""
    protection: Protection = field(default_factory=Protection)


def read_project_text(text: str) -> ProjectText:
    """Reads the lines before the first section; lines that are no `key=value` are passed over."""
    result = ProjectText()
    values: dict[str, str] = {}
    for line in text.replace("\r", "\n").split("\n"):
        if line.startswith("["):
            break
        key, sign, value = line.partition("=")
        key = key.strip().lower()
        if not sign:
            continue
        if key in _KINDS:
            name = value.strip()
            if key == "document":
                name = name.rpartition("/")[0] or name
            result.written.append(name)
            result.kinds.setdefault(name.lower(), _KINDS[key])
        else:
            values.setdefault(key, value.strip().strip('"'))
    result.protection = read_protection(values.get("cmg", ""), values.get("dpb", ""), values.get("gc", ""))
    return result


def read_protection(cmg: str, dpb: str, gc: str) -> Protection:
    """[MS-OVBA] 2.3.1.15 ProjectProtectionState, 2.3.1.16 ProjectPassword, 2.3.1.17 ProjectVisibilityState."""
    values = [reveal(text) for text in (cmg, dpb, gc)]
    damaged = any(value is None and text for value, text in zip(values, (cmg, dpb, gc), strict=True))
    state, password, visibility = (value or b"" for value in values)
    flags = state[0] if state else 0
    return Protection(
        user=bool(flags & 1),
        host=bool(flags & 2),
        vbe=bool(flags & 4),
        password=bool(password) and password != b"\x00",
        visible=visibility != b"\x00",
        damaged=damaged or bool(password and len(password) == 1 and password != b"\x00"),
    )


def reveal(text: str) -> bytes | None:
    """Undoes the “data encryption” of [MS-OVBA] 2.4.3.3; None where the text does not decode."""
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        return None
    if len(raw) < 7:
        return None
    seed, version, key = raw[0], raw[1] ^ raw[0], raw[2] ^ raw[0]
    if version != 2:
        return None
    plain = bytearray()
    unencrypted, encrypted_1, encrypted_2 = key, raw[2], raw[1]
    for byte in raw[3:]:
        value = byte ^ (encrypted_2 + unencrypted & 0xFF)
        plain.append(value)
        encrypted_2, encrypted_1, unencrypted = encrypted_1, byte, value
    ignored = (seed & 6) // 2
    length = int.from_bytes(plain[ignored : ignored + 4], "little")
    content = bytes(plain[ignored + 4 :])
    return content if len(content) == length else None

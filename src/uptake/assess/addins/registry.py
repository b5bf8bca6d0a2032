r"""Registry keys as plain values, and the text form that regedit exports (“Windows Registry Editor Version 5.00”).

Paths begin with `hklm` or `hkcu` and are lower case; a value's data is text, a number, bytes or a list of texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

Data = str | int | bytes | tuple[str, ...]
LIMIT = 256 << 20
MOST_KEYS = 2_000_000
ROOTS = {
    "hkey_local_machine": "hklm", "hkey_current_user": "hkcu", "hkey_classes_root": r"hklm\software\classes",
    "hklm": "hklm", "hkcu": "hkcu",
}  # fmt: skip
USER = re.compile(r"hkey_users\\s-1-5-21[-\d]*(_classes)?", re.IGNORECASE)
LINE = re.compile(r'(?:@|"((?:[^"\\]|\\.)*)")\s*=\s*(.*)', re.DOTALL)


@dataclass(slots=True)
class Registry:
    """Keys by their lower-case path, with their values by lower-case name; `""` is the default value."""

    keys: dict[str, dict[str, Data]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    """Lower-case path → last part as written."""
    problems: list[str] = field(default_factory=list)

    def set(self, path: str, name: str, data: Data) -> None:
        self.add(path)[name.lower()] = data

    def add(self, path: str) -> dict[str, Data]:
        key = path.strip("\\").lower()
        if key not in self.keys and len(self.keys) < MOST_KEYS:
            self.names[key] = path.strip("\\").rpartition("\\")[2]
        return self.keys.setdefault(key, {})

    def get(self, path: str) -> Mapping[str, Data]:
        return self.keys.get(path.lower(), {})

    def text(self, path: str, name: str = "") -> str:
        data = self.get(path).get(name.lower(), "")
        return data if isinstance(data, str) else str(data) if isinstance(data, int) else ""

    def number(self, path: str, name: str) -> int | None:
        data = self.get(path).get(name.lower())
        if isinstance(data, int):
            return data
        return int(data) if isinstance(data, str) and re.fullmatch(r"\d{1,10}", data) else None

    def children(self, path: str) -> Iterator[tuple[str, str]]:
        """Name and path of the keys below; also of those that only hold other keys."""
        prefix = path.lower() + "\\"
        seen: set[str] = set()
        for key in self.keys:
            if key.startswith(prefix):
                name = key[len(prefix) :].partition("\\")[0]
                if name not in seen:
                    seen.add(name)
                    yield self.names.get(prefix + name, name), prefix + name

    def merge(self, other: Registry) -> None:
        for path, values in other.keys.items():
            self.keys.setdefault(path, {}).update(values)
            self.names.setdefault(path, other.names.get(path, path.rpartition("\\")[2]))
        self.problems += other.problems


def is_export(content: bytes) -> bool:
    head = (
        content[:200].decode("utf-16", "ignore")
        if content[:2] in (b"\xff\xfe", b"\xfe\xff")
        else content[:200].decode("latin-1")
    )
    return head.lstrip("\ufeff").startswith(("Windows Registry Editor", "REGEDIT4"))


def read_export(content: bytes) -> Registry:
    """Keys of an exported .reg file. What cannot be read is a problem with its line, never an exception."""
    found = Registry()
    path = ""
    for number, line in _lines(decoded(content[:LIMIT])):
        if line.startswith("["):
            path = _path(line)
            if path:
                found.add(path)
        elif path and line and not line.startswith(";"):
            match = LINE.fullmatch(line)
            data = _data(match[2]) if match else None
            if match is None or data is None:
                found.problems.append(f"line {number} is no value")
            else:
                found.set(path, re.sub(r"\\(.)", r"\1", match[1] or ""), data)
    return found


def decoded(content: bytes) -> str:
    """Text in UTF-16 with its mark, UTF-8, or the code page of Japanese Windows."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp932", "replace")


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines with their numbers, continued ones (`\\` at the end of hex data) as one; a text value may hold line ends."""
    held, first = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        part = line.strip() if not held or held.endswith("\\") else line
        first = first or number
        held = held.removesuffix("\\") + part if held.endswith("\\") else f"{held}\n{part}" if held else part
        is_open = re.match(r'(?:@|"(?:[^"\\]|\\.)*")\s*=\s*"', held) and not re.search(
            r'(?<!\\)(?:\\\\)*"\s*$', held[held.find("=") + 2 :]
        )
        if (held.endswith("\\") and "=hex" in held.lower()) or (is_open and len(held) < 65536):
            continue
        yield first, held
        held, first = "", 0


def _path(line: str) -> str:
    """The key in our form; empty for one that is deleted or of a hive that is not looked at."""
    inner = line.strip().removeprefix("[").removesuffix("]")
    if inner.startswith("-"):
        return ""
    user = USER.match(inner)
    if user:
        return ("hkcu\\software\\classes" if user[1] else "hkcu") + inner[user.end() :]
    root, _, rest = inner.partition("\\")
    known = ROOTS.get(root.lower())
    return f"{known}\\{rest}".rstrip("\\") if known else ""


def _data(text: str) -> Data | None:
    text = text.strip()
    if text.startswith('"') and text.endswith('"') and len(text) >= 2:
        return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)
    dword = re.fullmatch(r"dword:([0-9A-Fa-f]{1,8})", text)
    if dword:
        return int(dword[1], 16)
    found = re.fullmatch(r"hex(?:\(([0-9A-Fa-f]+)\))?:([0-9A-Fa-f,\s]*)", text)
    if not found:
        return None
    try:
        raw = bytes(int(part, 16) for part in re.split(r"[,\s]+", found[2]) if part)
    except ValueError:
        return None
    if found[1] in ("1", "2"):
        return raw.decode("utf-16-le", "replace").rstrip("\0")
    if found[1] == "7":
        return tuple(part for part in raw.decode("utf-16-le", "replace").split("\0") if part)
    return int.from_bytes(raw[:8], "little") if found[1] in ("4", "b", "B") else raw

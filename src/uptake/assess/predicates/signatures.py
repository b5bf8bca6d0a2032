"""What Windows exports: which positions of a Declare are pointer-sized, and which structures change with the bitness.

The tables are derived from Microsoft's win32metadata (MIT); their headers explain the codes. A row is split only when a Declare
asks for it, so that a scan without Declares pays nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

from uptake import catalogue

POINTER_SIZED = {
    "h": "handle",
    "m": "message",
    "z": "size",
    "p": "pointer",
    "s": "pointer",
    "f": "pointer",
    "o": "pointer",
}
ADDRESSES = "sHPa{"
"""Codes of parameters that are an address: String, ByRef, As Any and arrays give one; ByVal Long truncates it."""


@dataclass(frozen=True, slots=True)
class Signature:
    """One export. `parameters` and `result` hold the table's codes."""

    dll: str
    export: str
    only_on: str
    """x86, x64 or empty for both."""
    result: str
    parameters: tuple[str, ...]
    by_hand: bool


@dataclass(frozen=True, slots=True)
class Structure:
    """A structure that differs: sizes in bytes, members as (name, bytes on x86, bytes on x64)."""

    name: str
    size_x86: int
    size_x64: int
    members: tuple[tuple[str, int, int], ...]

    @property
    def narrow_members(self) -> frozenset[str]:
        """Lower-case names of the members that are 4 bytes on x86 and 8 on x64."""
        return frozenset(name.lower() for name, x86, x64 in self.members if (x86, x64) == (4, 8))


class Win32:
    """Look-ups in the two tables."""

    def warm(self) -> None:
        """Read both tables now, so that the first Declare of a scan does not pay for it."""
        _ = self._exports, self._structures, self.libraries

    @cached_property
    def _exports(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for line in catalogue.read_text("tables", "win32_signatures.tsv").splitlines():
            if line and line[0] != "#":
                found.setdefault(line.split("\t", 2)[1].lower(), []).append(line)
        return found

    @cached_property
    def libraries(self) -> frozenset[str]:
        """Lower-case file names of the DLLs that the table knows."""
        return frozenset(line.split("\t", 1)[0] for lines in self._exports.values() for line in lines)

    @cached_property
    def _structures(self) -> dict[str, str]:
        lines = catalogue.read_text("tables", "win32_structures.tsv").splitlines()
        return {line.split("\t", 1)[0]: line for line in lines if line and line[0] != "#"}

    def find(self, library: str, entry: str) -> list[Signature]:
        """Signatures of an entry point: of that DLL if it is known there, else by name alone; `A` and `W` forms as a last resort.

        By name alone because kernel32, kernelbase and the api-set names forward to each other.
        """
        for name in (entry, entry + "A", entry + "W"):
            lines = self._exports.get(name.lower())
            if lines:
                rows = [_signature(line) for line in lines]
                dll = normalised_library(library)
                return [row for row in rows if row.dll == dll] or rows
        return []

    def structure(self, name: str) -> Structure | None:
        """A structure that differs between x86 and x64, by its exact SDK name."""
        line = self._structures.get(name)
        return _structure(line) if line else None

    def structure_like(self, name: str) -> Structure | None:
        """The structure that a VBA Type of this name stands for: `OPENFILENAME`, `tagMSG`, `BROWSEINFO_` and the like."""
        plain = name.upper().strip("_").removeprefix("TAG").strip("_")
        for candidate in (plain, plain + "A", plain + "W", plain + "_A"):
            found = self.structure(candidate)
            if found:
                return found
        return None


@lru_cache(maxsize=4096)
def _signature(line: str) -> Signature:
    dll, export, only, result, parameters = line.split("\t")
    bits, _, origin = only.partition("/")
    return Signature(dll, export, bits, result, tuple(parameters.split()), origin == "m")


@lru_cache(maxsize=1024)
def _structure(line: str) -> Structure:
    name, x86, x64, members = line.split("\t")
    parsed = []
    for member in members.split():
        label, _, sizes = member.partition(":")
        small, _, large = sizes.partition("/")
        parsed.append((label, int(small), int(large)))
    return Structure(name, int(x86), int(x64), tuple(parsed))


def normalised_library(library: str) -> str:
    """`C:\\Windows\\System32\\Kernel32` → `kernel32.dll`."""
    name = library.replace("/", "\\").rsplit("\\", 1)[-1].strip().lower()
    return name if "." in name else name + ".dll"


WIN32 = Win32()

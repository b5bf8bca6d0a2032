"""Bitness of a program file from its own headers (PE: machine, optional header; .NET: CLR flags; imports of Visual Basic 6)."""

from __future__ import annotations

from dataclasses import dataclass

import pefile

MACHINES = {0x14C: "32-only", 0x8664: "64-only", 0xAA64: "arm64", 0xA641: "arm64", 0xA64E: "arm64"}
ANY = "any"
UNKNOWN = "unknown"
IL_ONLY, NEEDS_32, PREFERS_32 = 0x1, 0x2, 0x20000
PE32 = 0x10B
LIMIT = 512 << 20


@dataclass(frozen=True, slots=True)
class Binary:
    """What the headers say: `32-only`, `64-only`, `arm64`, `any` or `unknown`, with the reason for the last."""

    bitness: str
    is_managed: bool = False
    needs_vb6: bool = False
    company: str = ""
    product: str = ""
    version: str = ""
    reason: str = ""


def read_binary(content: bytes) -> Binary:
    """Never raises: what is no program file is unknown."""
    if len(content) > LIMIT or content[:2] != b"MZ":
        return Binary(UNKNOWN, reason="not a program file")
    try:
        file = pefile.PE(data=content, fast_load=True)
        wanted = (
            "IMAGE_DIRECTORY_ENTRY_IMPORT",
            "IMAGE_DIRECTORY_ENTRY_COM_DESCRIPTOR",
            "IMAGE_DIRECTORY_ENTRY_RESOURCE",
        )
        file.parse_data_directories(directories=[pefile.DIRECTORY_ENTRY[name] for name in wanted])
        return _binary(file)
    except Exception as error:  # noqa: BLE001 - the library raises whatever a broken file makes of it
        return Binary(UNKNOWN, reason=f"broken program file: {type(error).__name__}")


def _binary(file: pefile.PE) -> Binary:
    machine = MACHINES.get(file.FILE_HEADER.Machine, UNKNOWN)
    directory = file.OPTIONAL_HEADER.DATA_DIRECTORY
    clr = directory[14] if len(directory) > 14 else None
    is_managed = bool(clr and clr.VirtualAddress)
    imports = {
        entry.dll.decode("latin-1").lower() for entry in getattr(file, "DIRECTORY_ENTRY_IMPORT", ()) if entry.dll
    }
    needs_vb6 = bool(imports & {"msvbvm60.dll", "msvbvm50.dll"})
    bitness = _managed(file, clr.VirtualAddress, machine) if clr and is_managed else machine
    texts = _texts(file)
    return Binary(
        "32-only" if needs_vb6 else bitness,
        is_managed,
        needs_vb6,
        *(texts.get(name, "") for name in ("CompanyName", "ProductName", "FileVersion")),
    )


def _managed(file: pefile.PE, address: int, machine: str) -> str:
    """AnyCPU is PE32 with IL only and no demand for 32-bit; the preference of an executable does not count for a library."""
    flags = int.from_bytes(file.get_data(address + 16, 4), "little")
    if file.OPTIONAL_HEADER.Magic == PE32 and flags & IL_ONLY and (not flags & NEEDS_32 or flags & PREFERS_32):
        return ANY
    return machine


def _texts(file: pefile.PE) -> dict[str, str]:
    """The version resource, cut: it is a stranger's."""
    found: dict[str, str] = {}
    for info in getattr(file, "FileInfo", ()):
        for entry in info:
            for table in getattr(entry, "StringTable", ()):
                found |= {
                    key.decode("latin-1"): value.decode("utf-8", "replace")[:200]
                    for key, value in table.entries.items()
                }
    return found

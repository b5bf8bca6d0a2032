"""Derive the two compact Win32 tables of the catalogue from the metadata text files of ../shared/api.

    python3 scripts/derive_win32_tables.py ../shared/api src/uptake/catalogue/tables

Both inputs are facts derived from Microsoft's win32metadata (v71, MIT) and win32json (MIT). What VBA can never call (kernel-mode
DLLs) and what only exists for x86 stays out or is marked; parameter names go, their kind stays.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

HEADER = """\
# {what}
# Source: win32metadata v71 (Microsoft, MIT), filled from win32json (MIT, 2026-07-14); rows marked m are by hand.
# Derived 2026-11-22 by scripts/derive_win32_tables.py. {how}
"""
KERNEL_MODE = re.compile(r"^(ntoskrnl|hal|fltmgr|ndis|fwpkclnt|wdfldr|cng|ksecdd|netio|tbs|clfs|dxgkrnl|win32k|usbd|storport|"
                         r"videoprt|bootvid|scsiport|ksecpkg|wmilib|msrpc|pshed|secur|rtworkq|alljoyn|icu\w*|d3d12|winhvplatform|"
                         r"esent|clusapi|resutils|ntmsapi)\.")  # fmt: skip
HANDLES = re.compile(
    r"HANDLE$|^H(?!GLOBAL|LOCAL|MODULE|INSTANCE|STRING|RSRC)[A-Z]+$|^(SOCKET|SC_HANDLE|MSIHANDLE|WPARAM_HANDLE)$"
)
MESSAGES = {"WPARAM", "LPARAM", "LRESULT"}
SIZE_NAME = re.compile(
    r"(size|bytes|length|len|count|cch|cb)$|^(cb|cch|ucb|dwSize|nNumberOf|nSize|uBytes|cbSize|Size|Length)",
    re.IGNORECASE,
)
HANDLE_NAME = re.compile(r"^(h|ph)[A-Z]|^(hwnd|hdc|handle|hMem|hInternet)", re.IGNORECASE)
# UINT_PTR that is no address, and an HINSTANCE that is only a status word.
BY_HAND = {("SetTimer", ""): "m", ("SetTimer", "nIDEvent"): "m", ("KillTimer", "uIDEvent"): "m"}
BY_HAND |= {(f"ShellExecute{s}", ""): "m" for s in "AW"} | {(f"FindExecutable{s}", ""): "m" for s in "AW"}
# Handles that the metadata wraps in a structure of one pointer; learnt from the V4/8 entries.
WRAPPED: set[str] = set()
SCALARS = {"i8": "b", "i16": "w", "i32": "l", "i64": "q", "f32": "e", "f64": "d", "void": "-"}


def code(kind: str, name: str, function: str) -> str:
    """One parameter or return value as a short code; the codes are explained in the table's own header."""
    if kind in SCALARS:
        return SCALARS[kind]
    if kind.startswith("S"):
        return "s"
    if kind.startswith("F"):
        return "f" + (kind[1:] if kind[1:2] == ":" else "")
    if kind.startswith("O"):
        return "o"
    if kind.startswith("V"):
        return by_value(kind)
    if kind.startswith("P>"):
        return behind(kind[2:], name)
    return BY_HAND.get((function, name)) or pointer_sized(kind[2:], name, function)


def pointer_sized(type_name: str, name: str, function: str) -> str:
    if type_name in MESSAGES:
        return "m"
    if HANDLES.search(type_name):
        return "h"
    if type_name:
        return "p"
    if SIZE_NAME.search(name):
        return "z"
    if re.match(r"(dw|ul|n|u)[A-Z]", name) and not re.search(r"callback|proc|addr|ptr|instance", name, re.IGNORECASE):
        return "m"  # DWORD_PTR and UINT_PTR: data of the caller, seldom an address
    if HANDLE_NAME.search(name) or (not name and function.startswith(("WinHttp", "Internet", "Http", "Ftp"))):
        return "h"
    return "p"


def behind(pointee: str, name: str) -> str:
    if pointee.startswith("P"):
        return "H" if HANDLES.search(pointee[2:]) or re.search(r"^ph[A-Z]|handle|pipe", name, re.IGNORECASE) else "P"
    if pointee.startswith("struct:") and pointee[7:] in WRAPPED:
        return "H"
    if pointee.startswith("struct:"):
        return "{" + pointee[7:] + "}"
    width = re.fullmatch(r"[uif](\d)|float|double", pointee)
    return "a" + ((width.group(1) or {"float": "4", "double": "8"}[pointee]) if width else "")


def by_value(kind: str) -> str:
    sizes, _, type_name = kind[1:].partition(":")
    if sizes == "4/8":
        return "h"
    return f"v{sizes}" + (f":{type_name}" if type_name else "")


def signatures(source: Path) -> list[str]:
    rows = []
    text = source.read_text(encoding="utf-8")
    WRAPPED.update(re.findall(r"V4/8:(\w*HANDLE\w*)", text))
    for line in text.splitlines()[1:]:
        dll, export, arch, origin, result, *rest = line.split("\t")
        if KERNEL_MODE.match(dll):
            continue
        parameters = [code(k, n, export) for n, _, k in (p.partition("=") for p in (rest[0] if rest else "").split())]
        bits = {"": "", "X86": "x86"}.get(arch, "x64")
        mark = {"win32more": "", "win32json": "j", "manual": "m"}[origin]
        rows.append(
            "\t".join(
                [dll, export, bits + ("/" + mark if mark else ""), code(result, "", export), " ".join(parameters)]
            )
        )
    return rows


def layouts(source: Path, wanted: set[str]) -> list[str]:
    rows = []
    for line in source.read_text(encoding="utf-8").splitlines()[1:]:
        name, _, x86, x64, fields = line.split("\t")
        if name not in wanted and not name.startswith(("tag", "_")) and name not in EXTRA:
            continue
        members = []
        for field in fields.split():
            member, _, sizes = field.split(":")
            members.append(f"{member}:{sizes}")
        rows.append("\t".join([name, x86, x64, " ".join(members)]))
    return rows


# Structures that no parameter names because they travel behind an LPARAM or a void pointer.
EXTRA = frozenset(
    """
    COPYDATASTRUCT NMHDR CWPSTRUCT MSLLHOOKSTRUCT KBDLLHOOKSTRUCT MOUSEHOOKSTRUCT WINDOWPOS
    DRAWITEMSTRUCT MEASUREITEMSTRUCT CREATESTRUCTA CREATESTRUCTW LOGBRUSH BITMAP PICTDESC VARIANT
    SAFEARRAY EXCEPINFO DISPPARAMS PRINTER_INFO_2A PRINTER_INFO_2W SID_AND_ATTRIBUTES TVITEMA
    LVITEMA TCITEMA MOUSEINPUT KEYBDINPUT INPUT HELPINFO DEBUGHOOKINFO EVENTMSG MSG BSTRBLOB
    """.split()
)


# Documented in SDK headers, but in neither source.
ROWS_BY_HAND = """
odbccp32.dll	SQLConfigDataSource	/m	l	h w s s
odbccp32.dll	SQLConfigDataSourceW	/m	l	h w s s
odbccp32.dll	SQLGetInstalledDrivers	/m	l	s w a2
odbccp32.dll	SQLInstallerError	/m	w	w a4 s w a2
user32.dll	MessageBoxTimeoutA	/m	l	h s s l w l
user32.dll	MessageBoxTimeoutW	/m	l	h s s l w l
msvcrt.dll	memcpy	/m	p	a a z
msvcrt.dll	memmove	/m	p	a a z
msvcrt.dll	memset	/m	p	a l z
ntdll.dll	memcpy	/m	p	a a z
ntdll.dll	memmove	/m	p	a a z
""".strip().splitlines()


def main(source: Path, target: Path) -> None:
    rows = sorted(signatures(source / "win32_pointer_table.tsv") + ROWS_BY_HAND)
    wanted = set(re.findall(r"\{([^}]+)\}", "\n".join(rows)))
    head = HEADER.format(
        what="Win32 exports: which positions of a Declare are pointer-sized",
        how="Columns: dll, export, only on, return, parameters.\n"
        "# Codes: b w l q = 8 16 32 64 bit integer, e d = float, - = nothing, s = string pointer, f = callback, o = COM interface,\n"
        "# h = handle, m = message parameter, z = size, p = pointer, H = address of a handle, P = address of a pointer,\n"
        "# {NAME} = address of a structure, a = address of something of one size (a4: of 4 bytes), vX/Y = structure by value of X bytes on x86, Y on x64.",
    )
    _write(target / "win32_signatures.tsv", head, rows)
    head = HEADER.format(
        what="Win32 structures whose layout differs between x86 and x64",
        how="Columns: name, bytes on x86, bytes on x64, members as name:bytes on x86/bytes on x64.",
    )
    _write(target / "win32_structures.tsv", head, layouts(source / "win32_struct_layouts.tsv", wanted))


def _write(path: Path, head: str, rows: list[str]) -> None:
    path.write_text(head + "\n".join(rows) + "\n", encoding="utf-8")
    print(path.name, len(rows), "rows", path.stat().st_size // 1024, "kB")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

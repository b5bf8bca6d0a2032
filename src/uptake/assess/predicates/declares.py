"""What a Declare does wrong on 64-bit: rules B01 to B05, B15, B17 to B21, B23, B26, B28, B29 and B36, read off one signature."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from uptake import catalogue
from uptake.assess.extraction.code import CodeModule
from uptake.assess.extraction.declares import Declare
from uptake.assess.fixes import declares as fix
from uptake.assess.predicates.callers import receivers
from uptake.assess.predicates.signatures import WIN32, Signature, normalised_library
from uptake.assess.predicates.widths import Position, narrow_positions, wide_positions
from uptake.core.severity import Certainty, Severity, Target
from uptake.rules.model import Hit

LONG_ENTRIES = re.compile(r"^(Get|Set)(Window|Class)Long(A|W)?$", re.IGNORECASE)
POINTER_ENTRIES = re.compile(r"^(Get|Set)(Window|Class)LongPtr(A|W)?$", re.IGNORECASE)
MEMORY_COPIES = frozenset(("rtlmovememory", "rtlcopymemory", "rtlzeromemory", "rtlfillmemory"))
VARIADIC = re.compile(r"^(wsprintf|w?v?s?n?printf|DbgPrint|wnsprintf|ShellMessageBox|FormatMessage)", re.IGNORECASE)
SEVERITY = {
    "pointer": Severity.SIGNIFICANT,
    "size": Severity.LIMITED,
    "message": Severity.LIMITED,
    "handle": Severity.MINIMAL,
}
FIXED_PATH = re.compile(r"^[a-z]:|^\\\\|system32|syswow64", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Examined:
    """A Declare with all that the table says about it."""

    module: CodeModule
    declare: Declare
    signature: Signature | None
    candidates: list[Signature]
    narrow: list[Position] = field(default_factory=list)
    wide: list[Position] = field(default_factory=list)
    changed_with: tuple[str, ...] = ()
    """Variables that must become LongPtr with it."""

    @property
    def name(self) -> str:
        return f"{normalised_library(self.declare.library).removesuffix('.dll')}!{self.declare.entry}"

    def hit(self, rule: str, **more: object) -> Hit:
        """A hit at the Declare with what every message may use."""
        arguments: dict[str, object] = {
            "name": self.declare.name,
            "entry": self.declare.entry,
            "library": self.declare.library,
        }
        arguments.update(more.pop("arguments", {}))  # type: ignore[call-overload]
        statement = self.module.source.statement_text(self.declare.declare_index)
        return Hit(rule, self.declare.line, statement, arguments, **more)  # type: ignore[arg-type]


def check(module: CodeModule) -> Iterator[Hit]:
    """Hits of every Declare of a module; the caller drops those in lines that its target does not compile."""
    if "declare" not in module.source.word_set:
        return
    yield from _excluded(module)
    for declare in module.declares:
        if declare.is_broken or not module.is_compiled(declare.line, Target.MIXED):
            continue
        examined = examine(module, declare)
        if _is_mac(declare.library):
            yield examined.hit("B36")
            continue
        yield from _missing_ptrsafe(examined)
        yield from _narrow(examined)
        yield from _shape(examined)
        yield from _library(examined)


def examine(module: CodeModule, declare: Declare) -> Examined:
    """Look a Declare up and compare it position by position."""
    candidates = WIN32.find(declare.library, declare.entry) if is_windows(declare.library) else []
    on_x64 = [row for row in candidates if row.only_on != "x86"]
    signature = next((row for row in on_x64 if len(row.parameters) == len(declare.parameters)), None) or next(
        iter(on_x64), None
    )
    if signature is None or not _comparable(declare, signature):
        return Examined(module, declare, signature, candidates)
    narrow = narrow_positions(declare, signature, module.project)
    wide = wide_positions(declare, signature)
    return Examined(module, declare, signature, candidates, narrow, wide, receivers(module, declare, narrow))


def _comparable(declare: Declare, signature: Signature) -> bool:
    """Positions can be compared one by one only where the counts agree."""
    return len(declare.parameters) == len(signature.parameters) or not signature.parameters


def _missing_ptrsafe(examined: Examined) -> Iterator[Hit]:
    if examined.declare.has_ptrsafe:
        return
    verified = examined.signature is not None and _comparable(examined.declare, examined.signature)
    variant = "" if verified else "unverified"
    if verified and examined.changed_with:
        variant = "with_variables"
    yield examined.hit("B01", variant=variant, proposal=proposal(examined), arguments=_changed(examined))


def proposal(examined: Examined) -> str:
    """The corrected statement, or the guarded pair where one statement cannot be right on both."""
    source, declare = examined.module.source, examined.declare
    signature = examined.signature
    if signature and any(code.startswith("v8/8") for code in signature.parameters):
        narrow = examined.narrow or narrow_positions_of_result(examined)
        return fix.structure_by_value_pair(source, declare, signature, narrow)
    if LONG_ENTRIES.match(declare.entry):
        return fix.long_pointer_pair(source, declare, examined.narrow)
    return fix.corrected(source, declare, examined.narrow)


def narrow_positions_of_result(examined: Examined) -> list[Position]:
    """Only the return value: all that can be said when the parameter counts differ by design."""
    signature = examined.signature
    if signature is None:
        return []
    bare = Signature(signature.dll, signature.export, "", signature.result, (), by_hand=False)
    return narrow_positions(examined.declare, bare, examined.module.project)


def _narrow(examined: Examined) -> Iterator[Hit]:
    by_value = [p for p in examined.narrow if p.number and "_out" not in p.kind]
    returned = [p for p in examined.narrow if not p.number] or _returned_by_point_functions(examined)
    out = [p for p in examined.narrow if "_out" in p.kind]
    is_copy = examined.declare.entry.lower() in MEMORY_COPIES
    if by_value:
        # The length of a memory copy alone works below 2 GB (B23).
        harmless = is_copy and all(p.kind == "size" for p in by_value)
        yield _position_hit(examined, "B03", by_value, Severity.MINIMAL if harmless else _worst(by_value))
    if returned:
        yield _position_hit(examined, "B04", returned, _worst(returned))
    if out:
        yield _position_hit(examined, "B05", out, None)
    lengths = [p for p in by_value if p.kind == "size"]
    if lengths and is_copy:
        yield _position_hit(examined, "B23", lengths, None)


def _returned_by_point_functions(examined: Examined) -> list[Position]:
    signature = examined.signature
    if signature and not examined.narrow and any(code.startswith("v8/8") for code in signature.parameters):
        return narrow_positions_of_result(examined)
    return []


def _worst(positions: list[Position]) -> Severity:
    return max(SEVERITY[p.kind] for p in positions)


def _position_hit(examined: Examined, rule: str, positions: list[Position], severity: Severity | None) -> Hit:
    what = ", ".join(f"{p.name or 'return value'} As {p.declared} ({p.kind.removesuffix('_out')})" for p in positions)
    kinds = " ".join(sorted({p.kind for p in positions}))
    arguments = {"positions": what, "kinds": kinds, **_changed(examined)}
    variant = "with_variables" if examined.changed_with else ""
    return examined.hit(rule, severity=severity, arguments=arguments, proposal=proposal(examined), variant=variant)


def _changed(examined: Examined) -> dict[str, str]:
    return {"variables": ", ".join(examined.changed_with)}


def _shape(examined: Examined) -> Iterator[Hit]:
    """Rules about the form of the statement: structures by value, arity, untyped and too wide positions."""
    declare, signature = examined.declare, examined.signature
    untyped = [p for p in declare.parameters if not p.type and not p.is_array and p.name.lower() != "paramarray"]
    if untyped:
        types = [(p, _type_for(signature, declare, p.name)) for p in untyped]
        proposed = fix.with_types(examined.module.source, declare, types)
        yield examined.hit("B26", arguments={"parameters": ", ".join(p.name for p in untyped)}, proposal=proposed)
    if signature is None:
        return
    expected, given = len(signature.parameters), len(declare.parameters)
    if any(code.startswith("v8/8") for code in signature.parameters):
        if given == expected + 1:
            yield examined.hit("B17", proposal=proposal(examined))
        return
    if (
        expected != given
        and expected
        and not declare.is_cdecl
        and not VARIADIC.match(declare.entry)
        and not signature.by_hand
    ):
        surplus = given > expected
        yield examined.hit(
            "B28",
            arguments={"expected": expected, "given": given},
            variant="surplus" if surplus else "",
            severity=Severity.MINIMAL if surplus else None,
        )
    yield from _wide(examined)


def _type_for(signature: Signature | None, declare: Declare, name: str) -> str:
    number = next(i for i, p in enumerate(declare.parameters) if p.name == name)
    code = signature.parameters[number] if signature and number < len(signature.parameters) else "l"
    return {"s": "String", "w": "Integer", "b": "Byte", "l": "Long", "q": "LongLong", "e": "Single", "d": "Double"}.get(
        code[0], "LongPtr"
    )


def _wide(examined: Examined) -> Iterator[Hit]:
    if not examined.wide:
        return
    by_reference = any(p.kind == "wide_out" for p in examined.wide)
    what = ", ".join(f"{p.name or 'return value'} As {p.declared}" for p in examined.wide)
    fixed = fix.corrected(examined.module.source, examined.declare, examined.narrow, examined.wide)
    severity = Severity.LIMITED if by_reference else None
    yield examined.hit("B29", severity=severity, arguments={"positions": what}, proposal=fixed)


def _library(examined: Examined) -> Iterator[Hit]:
    """Rules about where the entry point lives."""
    declare = examined.declare
    dll = normalised_library(declare.library)
    if FIXED_PATH.search(declare.library):
        yield examined.hit("B21")
    known = _libraries().get(dll)
    if known and known["status"] == "32-bit only":
        yield examined.hit("B19", arguments={"note": known["note"]})
        return
    if not is_windows(declare.library):
        yield examined.hit("B20", certainty=Certainty.UNKNOWN, arguments={"dll": dll})
    elif examined.candidates and all(row.only_on == "x86" for row in examined.candidates):
        yield examined.hit("B18")
    elif declare.entry.lower() in _missing_exports():
        yield examined.hit("B18", arguments={"note": _missing_exports()[declare.entry.lower()]}, variant="replaced")
    if POINTER_ENTRIES.match(declare.entry):
        pair = fix.long_pointer_pair(examined.module.source, declare, examined.narrow)
        yield examined.hit("B15", proposal=pair)


def _excluded(module: CodeModule) -> Iterator[Hit]:
    """B02: one record for each branch that holds back Declares without PtrSafe, at the directive that opens the branches."""
    if not module.directives:
        return
    counts: dict[int, int] = {}
    for declare in module.declares:
        is_unsafe = not declare.has_ptrsafe and not _is_mac(declare.library)
        if is_unsafe and not module.is_compiled(declare.line, Target.M365_64):
            line = _opening_line(module, declare.line)
            counts[line] = counts.get(line, 0) + 1
    for line, count in counts.items():
        statement = module.source.physical_line(line).strip()
        yield Hit("B02", line, statement, {"count": count})


def _opening_line(module: CodeModule, line: int) -> int:
    """Line of the outermost `#If` around a line that itself is compiled on 64-bit."""
    opened: list[int] = []
    for directive in module.directives:
        if directive.line > line:
            break
        if directive.word == "if":
            opened.append(directive.line)
        elif directive.word == "end if" and opened:
            opened.pop()
    compiled = [at for at in opened if module.is_compiled(at, Target.M365_64)]
    return compiled[-1] if compiled else line


def is_windows(library: str) -> bool:
    """Whether a library is part of Windows or Office, so that its 64-bit form is there."""
    dll = normalised_library(library)
    known = _libraries().get(dll)
    return (
        dll in WIN32.libraries
        or dll.startswith(("api-ms-", "ext-ms-"))
        or bool(known and known["status"] != "32-bit only")
    )


def _is_mac(library: str) -> bool:
    name = library.lower()
    return (
        name.endswith((".dylib", ".framework"))
        or "/usr/lib" in name
        or ".framework/" in name
        or name in ("libc", "libc.dylib")
    )


@lru_cache(maxsize=1)
def _libraries() -> dict[str, dict[str, str]]:
    return {row["dll"]: row for row in catalogue.read_table("dlls")}


@lru_cache(maxsize=1)
def _missing_exports() -> dict[str, str]:
    return {row["export"].lower(): row["note"] for row in catalogue.read_table("exports_missing_on_x64")}

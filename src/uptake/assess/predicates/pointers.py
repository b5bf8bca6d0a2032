"""Pointers and handles that flow through VBA code: rules B08, B09, B14, B16, B22 and B24."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from uptake import catalogue
from uptake.assess.extraction.code import CodeModule, CodeProject, Procedure
from uptake.assess.extraction.declares import Declare, whole_number
from uptake.assess.fixes.declares import long_pointer_pair
from uptake.assess.predicates.callers import NARROW, assigned_variable, call_arguments
from uptake.assess.predicates.declares import LONG_ENTRIES, MEMORY_COPIES, examine
from uptake.assess.predicates.signatures import WIN32
from uptake.assess.predicates.widths import WIDE, width
from uptake.core.severity import Certainty, Severity, Target
from uptake.rules.model import Hit

INTRINSICS = frozenset(("varptr", "strptr", "objptr"))
CONVERSIONS = frozenset(("clng", "cint"))
SUBCLASSING = frozenset((-4,))
# Window indexes that hold a pointer or handle, and offsets of dialogs; class indexes likewise.
POINTER_INDEXES = {
    "window": frozenset((-4, -6, -8, -12, -21, 0, 4, 8)),
    "class": frozenset((-8, -9, -10, -12, -14, -24, -34)),
}
EXECUTABLE = frozenset((0x10, 0x20, 0x40, 0x80))
WINDOW_PROCEDURE = re.compile(r"^SetWindowLong(Ptr)?(A|W)?$", re.IGNORECASE)
CODE_PAGES = frozenset(("virtualalloc", "virtualprotect", "virtualallocex", "virtualprotectex", "heapcreate"))


def check(module: CodeModule) -> Iterator[Hit]:
    words = module.source.word_set
    if not words.isdisjoint(INTRINSICS):
        yield from _intrinsic_into_long(module)
    if "addressof" in words:
        yield from _callbacks(module)
    declared = module.project.declares
    if declared or module.project.pointer_functions:
        yield from _results_into_long(module)
    if declared:
        yield from _window_longs(module)
        yield from _memory(module)


def _compiled(module: CodeModule, words: frozenset[str]) -> Iterator[tuple[int, int]]:
    """(token index, line) of words in code that 64-bit Office compiles."""
    for index in module.source.positions(words):
        line = module.source.line(index)
        if module.is_compiled(line, Target.M365_64):
            yield index, line


def _declared(project: CodeProject, what: str, holds: Callable[[Declare], bool]) -> frozenset[str]:
    """Lower-case names whose Declare has a property; worked out once for the project."""
    found = project.remembered.get(what)
    if found is None:
        found = frozenset(name for name, places in project.declares.items() if any(holds(d) for _, d in places))
        project.remembered[what] = found
    return found


def _returns_wide(declare: Declare) -> bool:
    return declare.result is not None and declare.result.type in WIDE


def _is_window_long(declare: Declare) -> bool:
    return bool(LONG_ENTRIES.match(declare.entry))


def _is_copy(declare: Declare) -> bool:
    return declare.entry.lower() in MEMORY_COPIES


def _makes_executable(declare: Declare) -> bool:
    return declare.entry.lower() in CODE_PAGES


def _intrinsic_into_long(module: CodeModule) -> Iterator[Hit]:
    source = module.source
    for index, line in _compiled(module, INTRINSICS):
        name = source.tokens[index]
        variable = assigned_variable(source, index)
        kind = module.type_of(variable, line) if variable else ""
        if kind in NARROW:
            arguments = {"intrinsic": name, "variable": variable, "type": kind.capitalize()}
            yield Hit("B08", line, source.statement_text(index), arguments)
            continue
        outer = source.previous_code(source.previous_code(index))
        if outer >= 0 and source.tokens[outer].lower() in CONVERSIONS:
            arguments = {"intrinsic": name, "conversion": source.tokens[outer]}
            yield Hit("B08", line, source.statement_text(index), arguments, variant="conversion")


def _results_into_long(module: CodeModule) -> Iterator[Hit]:
    """A function that returns LongPtr, assigned to a Long variable or to a Function that returns Long."""
    project = module.project
    names = _declared(project, "returns a pointer", _returns_wide) | project.pointer_functions
    for index, line in _compiled(module, names):
        name = module.source.tokens[index].lower()
        variable = assigned_variable(module.source, index)
        if not variable or variable.lower() == name:
            continue
        if name not in project.pointer_functions and not _returns_pointer(module, name):
            continue
        kind = _kind_of_target(module, variable, line)
        if kind in NARROW:
            arguments = {"function": module.source.tokens[index], "variable": variable, "type": kind.capitalize()}
            yield Hit("B09", line, module.source.statement_text(index), arguments)


def _returns_pointer(module: CodeModule, name: str) -> bool:
    found = module.project.declares_for(module, name, Target.M365_64)
    return bool(found) and all(d.result is not None and d.result.type in WIDE for d in found)


def _kind_of_target(module: CodeModule, variable: str, line: int) -> str:
    procedure = module.procedure_at(line)
    if procedure and procedure.name.lower() == variable.lower():
        return procedure.result
    return module.type_of(variable, line)


def _window_longs(module: CodeModule) -> Iterator[Hit]:
    """Calls of Get/SetWindowLong and Get/SetClassLong with an index that holds a pointer."""
    project = module.project
    for index, line in _compiled(module, _declared(project, "window longs", _is_window_long)):
        declares = project.declares_for(module, module.source.tokens[index], Target.M365_64)
        if not declares or not LONG_ENTRIES.match(declares[0].entry) or _inside_declare(module, line):
            continue
        arguments = call_arguments(module.source, index)
        value = _number(module, [token for _, token in arguments[1]]) if len(arguments) > 1 else None
        family = "class" if "class" in declares[0].entry.lower() else "window"
        if value is not None and value in POINTER_INDEXES[family]:
            yield _window_long_hit(module, index, line, declares[0], value)


def _window_long_hit(module: CodeModule, index: int, line: int, declare: Declare, value: int) -> Hit:
    owner = next((m for m, d in module.project.declares[declare.name.lower()] if d is declare), module)
    pair = long_pointer_pair(owner.source, declare, examine(owner, declare).narrow)
    severity = Severity.SIGNIFICANT if value in SUBCLASSING else Severity.LIMITED
    arguments = {"name": declare.name, "entry": declare.entry, "index": value}
    return Hit("B14", line, module.source.statement_text(index), arguments, severity=severity, proposal=pair)


def _inside_declare(module: CodeModule, line: int) -> bool:
    return any(d.line <= line <= d.end_line for d in module.declares)


def _number(module: CodeModule, words: list[str]) -> int | None:
    """Value of an argument: a plain number or a Const of the project."""
    value = whole_number(words)
    if value is not None or not words:
        return value
    name = words[-1] if words[0] in ("(", "-") else words[0]
    if len(words) > 2 and words[1] == ".":
        name = words[2]
    constant = module.project.constant(module, name)
    return -constant if constant is not None and words[0] == "-" else constant


def _callbacks(module: CodeModule) -> Iterator[Hit]:
    """AddressOf of a procedure whose parameters are narrower than the callback type of the API that receives it."""
    source = module.source
    for index, line in _compiled(module, frozenset(("addressof",))):
        at = source.next_code(index)
        if at >= len(source.tokens):
            continue
        name = source.tokens[at].lower()
        if at + 2 < len(source.tokens) and source.tokens[at + 1] == ".":
            name = source.tokens[at + 2].lower()
        place = _procedure(module, name)
        prototype = _expected_callback(module, index)
        if place and prototype:
            yield from _compare_callback(module, index, line, place, prototype)


def _procedure(module: CodeModule, name: str) -> Procedure | None:
    places = [module, *(m for m in module.project.modules if m is not module and m.may_hold(name))]
    return next((p for m in places for p in m.procedures if p.name.lower() == name), None)


def _expected_callback(module: CodeModule, index: int) -> str:
    """Name of the callback type at the argument that AddressOf stands in, from the Declare that the statement calls."""
    source = module.source
    start, _ = source.statement(index)
    for at, word in source.words(start, index):
        if word in module.project.declares:
            declares = module.project.declares_for(module, word, Target.M365_64)
            arguments = call_arguments(source, at)
            number = next((n for n, words in enumerate(arguments) if any(i == index for i, _ in words)), None)
            if declares and number is not None:
                if number == 2 and WINDOW_PROCEDURE.match(declares[0].entry):
                    return "WNDPROC"
                rows = WIN32.find(declares[0].library, declares[0].entry)
                codes = rows[0].parameters if rows else ()
                return codes[number].partition(":")[2] if number < len(codes) and codes[number][0] == "f" else ""
    return ""


@lru_cache(maxsize=1)
def _prototypes() -> dict[str, dict[str, str]]:
    return {row["callback"]: row for row in catalogue.read_table("callbacks")}


def _compare_callback(module: CodeModule, index: int, line: int, procedure: Procedure, callback: str) -> Iterator[Hit]:
    row = _prototypes().get(callback)
    if row is None:
        return
    expected = row["parameters"].split()
    narrow = [
        p.name
        for p, code in zip(procedure.parameters, expected, strict=False)
        if code == "p" and p.by_value and width(p.type, module.project)
    ]
    by_reference = [
        p.name
        for p, code in zip(procedure.parameters, expected, strict=False)
        if code == "p" and not p.by_value and p.type in ("long", "integer")
    ]
    if row["result"] == "p" and procedure.result in ("long", "integer"):
        narrow.append("return value")
    if narrow or by_reference or len(expected) != len(procedure.parameters):
        arguments = {
            "procedure": procedure.name,
            "callback": callback,
            "narrow": ", ".join(narrow + by_reference) or f"{len(procedure.parameters)} of {len(expected)} parameters",
            "prototype": row["vba"].replace(";", ",").replace("…", procedure.name),
        }
        yield Hit(
            "B16",
            line,
            module.source.statement_text(index),
            arguments,
            proposal=arguments["prototype"],
        )


def _memory(module: CodeModule) -> Iterator[Hit]:
    """Copies of 4 bytes from or to a pointer (B22), and pages made executable (B24)."""
    copies = _declared(module.project, "memory copies", _is_copy)
    pages = _declared(module.project, "code pages", _makes_executable)
    for index, line in _compiled(module, copies | pages):
        if _inside_declare(module, line):
            continue
        arguments = call_arguments(module.source, index)
        if module.source.tokens[index].lower() in copies:
            yield from _copy(module, index, line, arguments)
        elif any(_number(module, [t for _, t in a]) in EXECUTABLE for a in arguments[2:]):
            yield Hit("B24", line, module.source.statement_text(index), {"name": module.source.tokens[index]})


def _copy(module: CodeModule, index: int, line: int, arguments: list[list[tuple[int, str]]]) -> Iterator[Hit]:
    if len(arguments) < 3 or _number(module, [t for _, t in arguments[2]]) != 4:
        return
    for words in arguments[:2]:
        tokens = [token for _, token in words]
        variable = tokens[-1] if len(tokens) == 1 else ""
        if variable and module.type_of(variable, line) in WIDE:
            details = {"what": f"{variable} (LongPtr)"}
            yield Hit("B22", line, module.source.statement_text(index), details)
            return
        if "objptr" in tokens:
            yield Hit(
                "B22", line, module.source.statement_text(index), {"what": "ObjPtr"}, certainty=Certainty.POSSIBLE
            )
            return

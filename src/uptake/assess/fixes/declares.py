"""Finding + source → the corrected Declare: the user's own line with only the narrow positions changed.

Where x86 and x64 need different declarations, a guarded pair is written (`#If Win64`), since PtrSafe alone cannot express it.
"""

from __future__ import annotations

from collections.abc import Iterable

from uptake.assess.extraction.declares import Declare, Parameter
from uptake.assess.extraction.source import TYPE_CHARACTERS, SourceText
from uptake.assess.predicates.signatures import Signature
from uptake.assess.predicates.widths import Position

Edits = dict[int, str]
"""Token index → replacement text; a key of −1 − index inserts after that token."""


def corrected(
    source: SourceText, declare: Declare, positions: Iterable[Position], wide: Iterable[Position] = ()
) -> str:
    """The statement with PtrSafe, narrow positions as LongPtr and wide ones as Long."""
    edits = _ptrsafe(declare, source)
    for position in positions:
        edits |= _retype(source, declare, position.parameter, "LongPtr", is_result=not position.number)
    for position in wide:
        edits |= _retype(source, declare, position.parameter, "Long", is_result=not position.number)
    return _apply(source, declare, edits)


def with_types(source: SourceText, declare: Declare, types: Iterable[tuple[Parameter, str]]) -> str:
    """The statement with PtrSafe and the given types for untyped parameters, passed ByVal."""
    edits = _ptrsafe(declare, source)
    for parameter, kind in types:
        if parameter.name_index >= 0:
            before = source.tokens[source.previous_code(parameter.name_index)].lower()
            by_value = "" if before in ("byval", "byref") else "ByVal "
            edits[parameter.name_index] = f"{by_value}{source.tokens[parameter.name_index]} As {kind}"
    return _apply(source, declare, edits)


def long_pointer_pair(source: SourceText, declare: Declare, positions: list[Position]) -> str:
    """GetWindowLong and its kin: the `…LongPtr` export on x64, the `…Long` export on x86, one VBA name for both."""
    entry = declare.entry
    suffix = entry[-1] if entry[-1:] in "AW" and entry[-2:-1].islower() else "A"
    stem = entry.removesuffix(suffix) if entry.endswith(suffix) else entry
    stem = stem.removesuffix("Ptr")
    pointer = _aliased(source, declare, f"{stem}Ptr{suffix}", positions)
    plain = _aliased(source, declare, f"{stem}{suffix}", positions)
    return guarded("Win64", pointer, plain)


def structure_by_value_pair(
    source: SourceText, declare: Declare, signature: Signature, positions: list[Position]
) -> str:
    """POINT by value: one LongLong on x64, two Longs on x86."""
    plain = corrected(source, declare, positions)
    place = next(i for i, code in enumerate(signature.parameters) if code.startswith("v"))
    if len(declare.parameters) != len(signature.parameters) + 1:
        return plain
    first, second = declare.parameters[place], declare.parameters[place + 1]
    edits = _ptrsafe(declare, source)
    for position in positions:
        if position.parameter not in (first, second):
            edits |= _retype(source, declare, position.parameter, "LongPtr", is_result=not position.number)
    start = source.previous_code(first.name_index)
    begin = start if source.tokens[start].lower() in ("byval", "byref") else first.name_index
    end = max(second.type_end - 1, second.name_index)
    edits |= dict.fromkeys(range(begin, end + 1), "") | {begin: "ByVal Point As LongLong"}
    return guarded("Win64", _apply(source, declare, edits), plain)


def guarded(condition: str, when: str, otherwise: str) -> str:
    """`#If condition Then … #Else … #End If` around two statements."""
    return "\n".join((f"#If {condition} Then", _indent(when), "#Else", _indent(otherwise), "#End If"))


def _indent(text: str) -> str:
    return "\n".join("    " + line for line in text.split("\n"))


def _aliased(source: SourceText, declare: Declare, alias: str, positions: list[Position]) -> str:
    edits = _ptrsafe(declare, source)
    for parameter in (*declare.parameters, declare.result):
        if parameter and _is_value(parameter, declare) and parameter.type in ("long", "integer"):
            edits |= _retype(source, declare, parameter, "LongPtr", is_result=parameter is declare.result)
    for position in positions:
        edits |= _retype(source, declare, position.parameter, "LongPtr", is_result=not position.number)
    literals = [i for i, t in source.words(declare.start, declare.end) if t[0] == '"']
    quoted = f'"{alias}"'
    if declare.alias and len(literals) > 1:
        edits[literals[1]] = quoted
    elif literals:
        edits[literals[0]] = f"{source.tokens[literals[0]]} Alias {quoted}"
    return _apply(source, declare, edits)


def _is_value(parameter: Parameter, declare: Declare) -> bool:
    """The value that Get/SetWindowLong take or give: the last parameter of a Set, and the result."""
    return parameter is declare.result or ("set" in declare.entry.lower() and parameter is declare.parameters[-1])


def _ptrsafe(declare: Declare, source: SourceText) -> Edits:
    if declare.has_ptrsafe:
        return {}
    return {declare.declare_index: source.tokens[declare.declare_index] + " PtrSafe"}


def _retype(source: SourceText, declare: Declare, parameter: Parameter, kind: str, *, is_result: bool) -> Edits:
    """Replace a type name or type character; an untyped name gets `As kind`."""
    if parameter.type_index < 0:
        return {} if is_result or parameter.name_index < 0 else {-1 - parameter.name_index: f" As {kind}"}
    if source.tokens[parameter.type_index] in TYPE_CHARACTERS:
        edits: Edits = {parameter.type_index: ""}
        last = declare.end - 1 if is_result else parameter.type_index
        return edits | {-1 - last: f" As {kind}"}
    return {parameter.type_index: kind} | dict.fromkeys(range(parameter.type_index + 1, parameter.type_end), "")


def _apply(source: SourceText, declare: Declare, edits: Edits) -> str:
    pieces = []
    for index in range(declare.start, declare.end):
        pieces.append(edits.get(index, source.tokens[index]))
        pieces.append(edits.get(-1 - index, ""))
    return "".join(pieces).strip()

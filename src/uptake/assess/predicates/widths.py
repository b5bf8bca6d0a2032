"""Bytes of VBA's types, and where a Declare is narrower or wider than what Windows reads ([MS-VBAL] 2.1; rules B03 to B05)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from uptake.assess.extraction.code import CodeProject
from uptake.assess.extraction.declares import Declare, Parameter
from uptake.assess.predicates.signatures import ADDRESSES, POINTER_SIZED, Signature

WIDTHS = {"byte": 1, "boolean": 2, "integer": 2, "long": 4, "single": 4, "ole_handle": 4, "ole_color": 4, "enum": 4}
WIDE = frozenset(("longptr", "longlong"))
OUT_KINDS = {"H": "handle_out", "P": "pointer_out"}


@dataclass(frozen=True, slots=True)
class Position:
    """A place of a Declare whose type does not fit. `number` is 0 for the return value, else counts from 1."""

    number: int
    name: str
    declared: str
    kind: str
    """handle, message, size, pointer, handle_out or pointer_out; of a wide position: wide or wide_out."""
    parameter: Parameter


def width(kind: str, project: CodeProject) -> int | None:
    """Bytes of a scalar type that is narrower than a pointer on x64; None for all others."""
    known = WIDTHS.get(kind)
    # Code for Office 2007 defines an Enum LongPtr in a branch of its own; the built-in name wins on every VBA7.
    if known is None and kind and kind not in WIDE and kind.rsplit(".", 1)[-1] in project.enums:
        return 4
    return known


def narrow_positions(declare: Declare, signature: Signature, project: CodeProject) -> list[Position]:
    """Every parameter, out-parameter and return value that is too narrow on x64."""
    found = list(_narrow_parameters(declare, signature, project))
    result = declare.result
    code = signature.result[0]
    kind = POINTER_SIZED.get(code) or ("pointer" if code in ADDRESSES else "")
    if kind and result and not result.is_array and width(result.type, project):
        found.append(Position(0, "", _shown(result), kind, result))
    return found


def _narrow_parameters(declare: Declare, signature: Signature, project: CodeProject) -> Iterator[Position]:
    for number, (parameter, code) in enumerate(zip(declare.parameters, signature.parameters, strict=False), 1):
        if parameter.is_array or not width(parameter.type, project):
            continue
        letter = code[0]
        if parameter.by_value:
            kind = POINTER_SIZED.get(letter) or ("pointer" if letter in ADDRESSES else "")
        else:
            kind = OUT_KINDS.get(letter, "")
        if kind:
            yield Position(number, parameter.name, _shown(parameter), kind, parameter)


def wide_positions(declare: Declare, signature: Signature) -> list[Position]:
    """Positions declared LongPtr or LongLong where Windows reads or writes 4 bytes (rule B29)."""
    found = []
    for number, (parameter, code) in enumerate(zip(declare.parameters, signature.parameters, strict=False), 1):
        if parameter.type in WIDE and not parameter.is_array:
            if parameter.by_value and code in ("l", "w", "b"):
                found.append(Position(number, parameter.name, _shown(parameter), "wide", parameter))
            elif not parameter.by_value and code in ("a4", "a2", "a1"):
                found.append(Position(number, parameter.name, _shown(parameter), "wide_out", parameter))
    result = declare.result
    if result and result.type in WIDE and signature.result in ("l", "w", "b"):
        found.append(Position(0, "", _shown(result), "wide", result))
    return found


def _shown(parameter: Parameter) -> str:
    return {"longptr": "LongPtr", "longlong": "LongLong"}.get(parameter.type, parameter.type.capitalize())

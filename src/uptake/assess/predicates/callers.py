"""Who receives what a Declare returns or writes: the variables that must become LongPtr together with it (rules B08, B09)."""

from __future__ import annotations

from collections.abc import Iterator

from uptake.assess.extraction.code import CodeModule
from uptake.assess.extraction.declares import Declare
from uptake.assess.extraction.source import SourceText
from uptake.assess.predicates.widths import Position
from uptake.core.severity import Target

NARROW = frozenset(("long", "integer", "byte"))
LIMIT = 12


def receivers(module: CodeModule, declare: Declare, narrow: list[Position]) -> tuple[str, ...]:
    """`name (procedure)` of each Long variable that takes the result or an out-parameter at a narrow position."""
    returned = any(not p.number for p in narrow)
    out = [p.number for p in narrow if "_out" in p.kind]
    if not returned and not out:
        return ()
    name = declare.name.lower()
    places = module.project.modules if declare.is_public else [module]
    found: dict[str, None] = {}
    for place in places:
        if place.may_hold(name):
            for variable in _receivers_in(place, name, returned, out):
                found.setdefault(variable)
    shown = list(found)
    return (*shown[:LIMIT], f"… {len(shown) - LIMIT} more") if len(shown) > LIMIT else tuple(shown)


def _receivers_in(module: CodeModule, name: str, returned: bool, out: list[int]) -> Iterator[str]:
    source = module.source
    for index in source.positions(frozenset((name,))):
        line = source.line(index)
        if not module.is_compiled(line, Target.M365_64):
            continue
        if returned:
            variable = assigned_variable(source, index)
            if variable and module.type_of(variable, line) in NARROW:
                yield _shown(module, variable, line)
        if out:
            arguments = call_arguments(source, index)
            for number in out:
                words = arguments[number - 1] if number <= len(arguments) else []
                if len(words) == 1 and module.type_of(words[0][1], line) in NARROW:
                    yield _shown(module, source.tokens[words[0][0]], line)


def _shown(module: CodeModule, variable: str, line: int) -> str:
    procedure = module.procedure_at(line)
    return f"{variable} ({procedure.name})" if procedure else variable


def assigned_variable(source: SourceText, index: int) -> str:
    """`x` in `x = name(…)` or `x = (name…`, when x is a plain variable and the call is the whole right side's start; else ''."""
    equals = source.previous_code(index)
    if equals < 0 or source.tokens[equals] != "=":
        return ""
    variable = source.previous_code(equals)
    if variable < 0 or not source.tokens[variable][0].isalpha():
        return ""
    before = source.previous_code(variable)
    word = source.tokens[before].lower() if before >= 0 else ""
    if source.is_separator(before) or word in ("then", "else", "let"):
        return source.tokens[variable]
    return ""


def call_arguments(source: SourceText, index: int) -> list[list[tuple[int, str]]]:
    """The arguments of the call whose name is token `index`, each as (index, lower-case token); with or without parentheses."""
    _, end = source.statement(index)
    words = source.words(index + 1, end)
    if words and words[0][1] == "(":
        words = words[1:]
    arguments: list[list[tuple[int, str]]] = [[]]
    depth = 0
    for item in words:
        token = item[1]
        if token == ")" and depth == 0:
            break
        depth += {"(": 1, ")": -1}.get(token, 0)
        if token == "," and depth == 0:
            arguments.append([])
        else:
            arguments[-1].append(item)
    return [] if arguments == [[]] else arguments

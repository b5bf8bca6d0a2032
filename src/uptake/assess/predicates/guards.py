"""Conditional compilation that does not mean what its author thought: rules B10, B11, B12 and B13."""

from __future__ import annotations

import re
from collections.abc import Iterator

from uptake.assess.extraction.code import CodeModule
from uptake.assess.extraction.conditional import PREDEFINED, Directive
from uptake.core.severity import Severity, Target
from uptake.rules.model import Hit

CONSTANTS = frozenset(("vba6", "vba7", "win32", "win64"))
LONGLONG = frozenset(("longlong", "clnglng", "deflnglng", "vblonglong"))
HOMEMADE = re.compile(r"^_?(is|vba|win|office|os|app|ptr|x)?_?(x64|64_?bit|win_?64|x_64|64)(bit|office|vba)?$")
BITNESS = frozenset(("win64", "win32"))


def check(module: CodeModule) -> Iterator[Hit]:
    text, words = module.source.text, module.source.word_set
    if "#" in text and ("64" in text or not words.isdisjoint(CONSTANTS)) and module.directives:
        yield from _directives(module)
    if not words.isdisjoint(LONGLONG):
        yield from _longlong(module)


def _directives(module: CodeModule) -> Iterator[Hit]:
    opened: list[Directive] = []
    constants = {d.expression[0] for d in module.directives if d.word == "const" and d.expression}
    for directive in module.directives:
        if directive.word == "if":
            opened.append(directive)
        if directive.word in ("if", "elseif") and module.is_compiled(directive.line, Target.MIXED):
            yield from _order(directive, opened)
            yield from _comparison(directive)
            yield from _homemade(module, directive, constants)
        if directive.word == "end if" and opened:
            opened.pop()


def _order(directive: Directive, opened: list[Directive]) -> Iterator[Hit]:
    """`#If Win32 … #ElseIf Win64`: Win32 is on in 64-bit Office too, so the second branch is never compiled."""
    first = opened[-1] if opened else directive
    if directive.word == "elseif" and "win64" in directive.expression and first.expression == ("win32",):
        yield Hit("B12", directive.line, directive.text, variant="order")


def _comparison(directive: Directive) -> Iterator[Hit]:
    words = directive.expression
    for place, word in enumerate(words):
        if word == "not" and words[place + 1 : place + 2] and words[place + 1] in ("vba7", "vba6", "win64", "win32"):
            yield Hit("B13", directive.line, directive.text, {"constant": words[place + 1], "form": "Not"})
            return
        if (
            word == "="
            and place
            and words[place - 1] in PREDEFINED[Target.M365_64]
            and words[place + 1 : place + 2] == ("true",)
        ):
            yield Hit("B13", directive.line, directive.text, {"constant": words[place - 1], "form": "= True"})
            return


def _homemade(module: CodeModule, directive: Directive, constants: set[str]) -> Iterator[Hit]:
    """A constant of one's own that is meant as the bitness and that nobody defines: Empty, so always false."""
    known = set(PREDEFINED[Target.M365_64]) | set(module.project.constants) | constants
    for word in directive.expression:
        if word not in known and HOMEMADE.match(word):
            yield Hit("B12", directive.line, directive.text, {"constant": word}, "homemade")
            return


def _longlong(module: CodeModule) -> Iterator[Hit]:
    """LongLong does not exist in 32-bit Office: code that it compiles must not name it."""
    source = module.source
    for index in source.positions(LONGLONG):
        line = source.line(index)
        if module.is_compiled(line, Target.M365_32):
            in_vba7 = any(d.word == "if" and d.expression == ("vba7",) and d.line < line for d in module.directives)
            variant = "vba7" if in_vba7 else ""
            yield Hit(
                "B10", line, source.statement_text(index), {"word": source.tokens[index]}, variant, Severity.LIMITED
            )
            return


def legacy(module: CodeModule) -> Iterator[Hit]:
    """B11: the first VBA7 word of a module that Office 2007 would compile."""
    source = module.source
    for index in source.positions(frozenset(("ptrsafe", "longptr", "clngptr"))):
        line = source.line(index)
        if module.is_compiled(line, Target.LEGACY):
            yield Hit("B11", line, source.statement_text(index), {"word": source.tokens[index]})
            return

"""Conditional compilation: which lines of a module a given Office compiles ([MS-VBAL] 3.4).

Integer semantics throughout: comparisons give −1 or 0, `Not` works on bits, an undeclared constant is Empty and counts as 0.
The predefined constants are 1 or 0 here, as Rubberduck's evaluator reads the language specification; Microsoft's page prints
True and False. Where the difference matters (`= True`, `Not VBA7`) rule B13 says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from uptake.assess.extraction.source import SourceText, unquote
from uptake.core.severity import Target

PREDEFINED: Mapping[Target, Mapping[str, int]] = {
    Target.M365_64: {"vba6": 1, "vba7": 1, "win16": 0, "win32": 1, "win64": 1, "mac": 0},
    Target.M365_32: {"vba6": 1, "vba7": 1, "win16": 0, "win32": 1, "win64": 0, "mac": 0},
    Target.LEGACY: {"vba6": 1, "vba7": 0, "win16": 0, "win32": 1, "win64": 0, "mac": 0},
}
MAXIMUM_DEPTH = 60
HASHED = re.compile(r"#[ \t]*(?:if|const)")

Value = int | float | str


class CannotEvaluate(Exception):
    """An expression is outside the language; the branch is then taken as active, so that nothing is missed."""


@dataclass(frozen=True, slots=True)
class Directive:
    """One `#If`, `#ElseIf`, `#Else`, `#End If` or `#Const` line."""

    word: str
    line: int
    index: int
    expression: tuple[str, ...]
    """Lower-case tokens of the condition or of `name = value`."""
    text: str


def directives(source: SourceText) -> list[Directive]:
    """All directives of a module in order."""
    if "#" not in source.text or not HASHED.search(source.lowered):
        return []
    found = []
    for index in source.positions(frozenset("#")):
        word_at = source.next_code(index)
        if word_at >= len(source.tokens) or not source.is_statement_start(index):
            continue
        word = source.tokens[word_at].lower()
        if word not in ("if", "elseif", "else", "end", "endif", "const"):
            continue
        _, end = source.statement(index)
        words = [token for _, token in source.words(word_at + 1, end)]
        if word == "end" and words[:1] != ["if"]:
            continue
        if words and words[-1] == "then":
            words.pop()
        kind = {"end": "end if", "endif": "end if"}.get(word, word)
        found.append(Directive(kind, source.line(index), index, tuple(words), source.statement_text(index)))
    return found


def project_constants(text: str) -> dict[str, Value]:
    """The `Name = Value : Name = Value` of a project's dir stream ([MS-OVBA] 2.3.4.2.1.11)."""
    constants: dict[str, Value] = {}
    for part in text.split(":"):
        name, _, value = part.partition("=")
        if name.strip():
            try:
                constants[name.strip().lower()] = int(value.strip() or 0)
            except ValueError:
                constants[name.strip().lower()] = value.strip()
    return constants


class Branches:
    """The line ranges of a module that one target does not compile."""

    def __init__(self, lines: list[tuple[int, int]]) -> None:
        self.ranges = lines

    def is_active(self, line: int) -> bool:
        return all(line < first or line > last for first, last in self.ranges)


ALL_ACTIVE = Branches([])


def inactive_branches(
    found: list[Directive], target: Target, constants: Mapping[str, Value], last_line: int
) -> Branches:
    """Evaluate directives for one target. An `#If` without an end reaches to the end of the module."""
    if not found:
        return ALL_ACTIVE
    environment: dict[str, Value] = {**constants, **PREDEFINED[target]}
    ranges: list[tuple[int, int]] = []
    # One frame for each open #If: [was active outside, a branch was taken, this branch is active, its first line]
    stack: list[list[bool | int]] = []
    active = True
    for directive in found:
        if directive.word == "const":
            if active:
                _define(directive, environment)
        elif directive.word == "if":
            outside = active
            active = outside and _holds(directive, environment)
            stack.append([outside, active, active, directive.line + 1])
        elif stack:
            frame = stack[-1]
            if not frame[2] and frame[0]:
                ranges.append((int(frame[3]), directive.line - 1))
            if directive.word == "end if":
                active = bool(frame[0])
                stack.pop()
                continue
            taken = bool(frame[1])
            active = bool(frame[0]) and not taken and (directive.word == "else" or _holds(directive, environment))
            frame[1:] = [taken or active, active, directive.line + 1]
    ranges += [(int(frame[3]), last_line) for frame in stack if frame[0] and not frame[2]]
    return Branches([r for r in ranges if r[0] <= r[1]])


def _define(directive: Directive, environment: dict[str, Value]) -> None:
    name, *rest = directive.expression or ("",)
    if rest and rest[0] in ("%", "&", "^", "!", "#", "@", "$"):
        rest = rest[1:]
    if not rest or rest[0] != "=" or name in PREDEFINED[Target.M365_64]:
        return
    try:
        environment[name] = evaluate(rest[1:], environment)
    except CannotEvaluate:
        environment.pop(name, None)


def _holds(directive: Directive, environment: Mapping[str, Value]) -> bool:
    try:
        return bool(_number(evaluate(directive.expression, environment)))
    except CannotEvaluate:
        return True


def evaluate(tokens: tuple[str, ...] | list[str], environment: Mapping[str, Value]) -> Value:
    """The value of a conditional compilation expression given as lower-case tokens; `CannotEvaluate` otherwise."""
    parser = _Parser(list(tokens), environment)
    value = parser.expression(0)
    if parser.at < len(parser.tokens):
        raise CannotEvaluate(parser.tokens[parser.at])
    return value


_POWER = {
    "imp": 1, "eqv": 2, "xor": 3, "or": 4, "and": 5,
    "=": 7, "<>": 7, "<": 7, ">": 7, "<=": 7, ">=": 7, "like": 7,
    "&": 8, "+": 9, "-": 9, "mod": 10, "\\": 11, "*": 12, "/": 12, "^": 14,
}  # fmt: skip
_NUMBER = re.compile(r"&h[0-9a-f]+|&o[0-7]+|\d+(?:\.\d*)?(?:[ed][+-]?\d+)?")


class _Parser:
    """Precedence climbing over the operators of [MS-VBAL] 5.6.9."""

    def __init__(self, tokens: list[str], environment: Mapping[str, Value]) -> None:
        self.tokens = tokens
        self.environment = environment
        self.at = 0
        self.depth = 0

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def operator(self) -> tuple[str, int]:
        token = self.peek()
        following = self.tokens[self.at + 1] if self.at + 1 < len(self.tokens) else ""
        if token in ("<", ">") and following in ("=", ">") and token + following in _POWER:
            return token + following, 2
        return token, 1

    def expression(self, minimum: int) -> Value:
        self.depth += 1
        if self.depth > MAXIMUM_DEPTH:
            raise CannotEvaluate("nested too deep")
        left = self.prefix()
        while True:
            operator, width = self.operator()
            power = _POWER.get(operator, 0)
            if not power or power < minimum:
                break
            self.at += width
            left = _apply(operator, left, self.expression(power + 1))
        self.depth -= 1
        return left

    def prefix(self) -> Value:
        token = self.peek()
        self.at += 1
        if token == "not":
            return ~int(_number(self.expression(6)))
        if token in ("-", "+"):
            value = _number(self.expression(13))
            return -value if token == "-" else value
        if token == "(":
            value_in = self.expression(0)
            if self.peek() != ")":
                raise CannotEvaluate("parenthesis")
            self.at += 1
            return value_in
        return self.atom(token)

    def atom(self, token: str) -> Value:
        if not token:
            raise CannotEvaluate("nothing")
        if token[0] == '"':
            return unquote(token)
        if _NUMBER.fullmatch(token):
            return _literal(token)
        if token in ("true", "false"):
            return -1 if token == "true" else 0
        if token[0].isalpha() or token[0] == "_":
            if self.peek() == "(":
                self.at += 1
                inner = self.expression(0)
                self.at += self.peek() == ")"
                return _function(token, inner)
            return self.environment.get(token, 0)
        raise CannotEvaluate(token)


def _literal(token: str) -> Value:
    if token[:2] == "&h":
        return int(token[2:], 16)
    if token[:2] == "&o":
        return int(token[2:], 8)
    return int(token) if token.isdigit() else float(token.replace("d", "e"))


def _number(value: Value) -> int | float:
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            raise CannotEvaluate(value) from None
    return value


def _function(name: str, value: Value) -> Value:
    number = _number(value)
    if name in ("cint", "clng", "clnglng", "clngptr", "cbyte", "int", "fix"):
        return int(number)
    if name == "cbool":
        return -1 if number else 0
    if name in ("cdbl", "csng", "ccur", "cvar", "val"):
        return number
    if name in ("abs", "sgn"):
        return abs(number) if name == "abs" else (number > 0) - (number < 0)
    raise CannotEvaluate(name)


def _apply(operator: str, left: Value, right: Value) -> Value:
    if operator in ("=", "<>", "<", ">", "<=", ">="):
        return _compare(operator, left, right)
    if operator == "&":
        return str(left) + str(right)
    a, b = _number(left), _number(right)
    try:
        return _arithmetic(operator, a, b)
    except (ZeroDivisionError, OverflowError, ValueError):
        raise CannotEvaluate(operator) from None


def _compare(operator: str, left: Value, right: Value) -> int:
    if isinstance(left, str) != isinstance(right, str):
        left, right = _number(left), _number(right)
    a, b = (left, right)
    holds = {
        "=": a == b,
        "<>": a != b,
        "<": a < b,  # type: ignore[operator]
        ">": a > b,  # type: ignore[operator]
        "<=": a <= b,  # type: ignore[operator]
        ">=": a >= b,  # type: ignore[operator]
    }[operator]
    return -1 if holds else 0


def _arithmetic(operator: str, a: float, b: float) -> Value:
    if operator in ("and", "or", "xor", "eqv", "imp", "mod", "\\"):
        i, j = int(a), int(b)
        match operator:
            case "and":
                return i & j
            case "or":
                return i | j
            case "xor":
                return i ^ j
            case "eqv":
                return ~(i ^ j)
            case "imp":
                return ~i | j
            case "mod":
                return i - int(i / j) * j
            case _:
                return int(i / j)
    if operator == "^":
        if abs(a) > 1e6 or abs(b) > 64:
            raise CannotEvaluate("power")
        return a**b  # type: ignore[no-any-return]
    return {"+": a + b, "-": a - b, "*": a * b}[operator] if operator != "/" else a / b

"""Declare statements and user-defined types, with the token positions of everything that a fix may change ([MS-VBAL] 5.2.3)."""

from __future__ import annotations

from dataclasses import dataclass

from uptake.assess.extraction.source import TYPE_CHARACTERS, SourceText, unquote

OF_CHARACTER = {
    "%": "integer",
    "&": "long",
    "^": "longlong",
    "!": "single",
    "#": "double",
    "@": "currency",
    "$": "string",
}
# DefType statements and the type that they give to untyped names ([MS-VBAL] 5.2.2).
DEF_TYPES = {
    "defbool": "boolean", "defbyte": "byte", "defcur": "currency", "defdate": "date", "defdbl": "double",
    "defint": "integer", "deflng": "long", "deflnglng": "longlong", "deflngptr": "longptr", "defobj": "object",
    "defsng": "single", "defstr": "string", "defvar": "variant",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a Declare or procedure, one member of a Type."""

    name: str
    type: str
    """Lower case: long, longptr, any, string, a user-defined type …; empty where nothing says it (Variant)."""
    by_value: bool
    is_array: bool = False
    name_index: int = -1
    """Token index of the name."""
    type_index: int = -1
    """Token index of the first token of the type, or of the type character; −1 where there is none."""
    type_end: int = -1
    """Past-the-end token index of the type."""
    is_typed: bool = True
    size: str = ""
    """Of a Type member: the text between its parentheses or after `String *`."""


@dataclass(frozen=True, slots=True)
class Declare:
    """One Declare statement."""

    name: str
    library: str
    """As written, without quotes."""
    alias: str
    parameters: tuple[Parameter, ...]
    result: Parameter | None
    """None for a Sub. Its `name` is empty."""
    is_function: bool
    has_ptrsafe: bool
    is_public: bool
    is_cdecl: bool
    start: int
    """Token index of the first token of the statement."""
    declare_index: int
    end: int
    line: int
    end_line: int
    is_broken: bool = False

    @property
    def entry(self) -> str:
        """The exported name that is called, or `#12` for an ordinal."""
        return self.alias or self.name


@dataclass(frozen=True, slots=True)
class TypeBlock:
    """A `Type … End Type` block."""

    name: str
    members: tuple[Parameter, ...]
    line: int
    end_line: int
    is_public: bool


@dataclass(slots=True)
class _Cursor:
    source: SourceText
    items: list[tuple[int, str]]
    at: int = 0

    def peek(self, ahead: int = 0) -> str:
        return self.items[self.at + ahead][1] if self.at + ahead < len(self.items) else ""

    def index(self) -> int:
        return self.items[self.at][0] if self.at < len(self.items) else -1

    def take(self) -> tuple[int, str]:
        item = self.items[self.at]
        self.at += 1
        return item

    def accept(self, *words: str) -> bool:
        if self.peek() in words:
            self.at += 1
            return True
        return False


def default_types(source: SourceText) -> dict[str, str]:
    """First letter → type, from DefType statements."""
    words = frozenset(DEF_TYPES)
    defaults: dict[str, str] = {}
    if source.word_set.isdisjoint(words):
        return defaults
    for index in source.positions(words):
        if not source.is_statement_start(index):
            continue
        _, end = source.statement(index)
        letters = [token for _, token in source.words(index + 1, end)]
        for position, letter in enumerate(letters):
            if len(letter) == 1 and letter.isalpha():
                last = letters[position + 2] if letters[position + 1 : position + 2] == ["-"] else letter
                if len(last) == 1 and not (position and letters[position - 1] == "-"):
                    for code in range(ord(letter), ord(last) + 1):
                        defaults[chr(code)] = DEF_TYPES[source.tokens[index].lower()]
    return defaults


def declares(source: SourceText) -> list[Declare]:
    """All Declare statements of a module, active or not, in order."""
    if "declare" not in source.word_set:
        return []
    defaults = default_types(source)
    found = []
    for index in source.positions(frozenset(("declare",))):
        start, end = source.statement(index)
        before = [token for _, token in source.words(start, index)]
        if any(
            word not in ("public", "private", "static", "global", "friend") for word in before if not word.isdigit()
        ):
            continue
        declare = _declare(source, start, index, end, "private" not in before, defaults)
        if declare:
            found.append(declare)
    return found


def _declare(
    source: SourceText, start: int, index: int, end: int, public: bool, defaults: dict[str, str]
) -> Declare | None:
    cursor = _Cursor(source, source.words(index + 1, end))
    has_ptrsafe = cursor.accept("ptrsafe")
    if cursor.peek() not in ("function", "sub"):
        return None
    is_function = cursor.take()[1] == "function"
    name_at, name = _name(cursor)
    character = _type_character(cursor)
    library = alias = ""
    is_cdecl = cursor.accept("cdecl")
    while cursor.peek() in ("lib", "alias", "cdecl"):
        word = cursor.take()[1]
        if word == "cdecl":
            is_cdecl = True
        elif cursor.peek().startswith('"'):
            text = unquote(source.tokens[cursor.take()[0]])
            library, alias = (text, alias) if word == "lib" else (library, text)
    parameters = _parameters(cursor, defaults)
    result = _result(cursor, name, character, defaults) if is_function else None
    first = _first_code(source, start, index)
    last = end - 1
    while last > index and (source.tokens[last][0] in " \t'\n"):
        last -= 1
    return Declare(
        name=name, library=library, alias=alias, parameters=parameters, result=result, is_function=is_function,
        has_ptrsafe=has_ptrsafe, is_public=public, is_cdecl=is_cdecl, start=first, declare_index=index, end=last + 1,
        line=source.line(first), end_line=source.line(last), is_broken=not library or name_at < 0,
    )  # fmt: skip


def _first_code(source: SourceText, start: int, index: int) -> int:
    return next((i for i, _ in source.words(start, index + 1)), index)


def _name(cursor: _Cursor) -> tuple[int, str]:
    if cursor.at >= len(cursor.items):
        return -1, ""
    index, _ = cursor.take()
    return index, cursor.source.tokens[index].strip("[]")


def _type_character(cursor: _Cursor) -> int:
    """Token index of a type character that stands right behind the name, else −1."""
    if cursor.at < len(cursor.items) and cursor.peek() in TYPE_CHARACTERS:
        index = cursor.index()
        if index == cursor.items[cursor.at - 1][0] + 1:
            cursor.at += 1
            return index
    return -1


def _parameters(cursor: _Cursor, defaults: dict[str, str]) -> tuple[Parameter, ...]:
    if not cursor.accept("("):
        return ()
    found: list[Parameter] = []
    while cursor.at < len(cursor.items) and cursor.peek() != ")":
        before = cursor.at
        parameter = _parameter(cursor, defaults)
        if parameter:
            found.append(parameter)
        _skip_default(cursor)
        cursor.accept(",")
        if cursor.at == before:
            cursor.at += 1
    cursor.accept(")")
    return tuple(found)


def _parameter(cursor: _Cursor, defaults: dict[str, str]) -> Parameter | None:
    by_value = False
    while cursor.peek() in ("optional", "byval", "byref", "paramarray") and cursor.peek(1) not in (",", ")", "as", "("):
        by_value = cursor.take()[1] == "byval" or by_value
    if cursor.peek() in (",", ")", ""):
        return None
    index, name = _name(cursor)
    character = _type_character(cursor)
    is_array = cursor.accept("(") and cursor.accept(")")
    kind, first, end, array = _type(cursor)
    if not kind and character >= 0:
        kind, first, end = OF_CHARACTER[cursor.source.tokens[character]], character, character + 1
    is_typed = bool(kind)
    return Parameter(
        name, kind or defaults.get(name[:1].lower(), ""), by_value, is_array or array, index, first, end, is_typed
    )


def _type(cursor: _Cursor) -> tuple[str, int, int, bool]:
    """`As [New] A.B.C [* n] [()]` → lower-case name, first and past-the-end token index, is array."""
    if not cursor.accept("as"):
        return "", -1, -1, False
    cursor.accept("new")
    first, parts, end = cursor.index(), [], -1
    while cursor.at < len(cursor.items) and cursor.peek() not in (",", ")", "=", "*", "("):
        index, token = cursor.take()
        parts.append(token.strip("[]"))
        end = index + 1
        if cursor.peek() != "." and token != ".":
            break
    if cursor.accept("*"):
        while cursor.at < len(cursor.items) and cursor.peek() not in (",", ")"):
            cursor.at += 1
    is_array = cursor.peek() == "(" and cursor.peek(1) == ")"
    if is_array:
        cursor.at += 2
    return "".join(parts), first, end, is_array


def _skip_default(cursor: _Cursor) -> None:
    depth = 0
    while cursor.at < len(cursor.items) and (depth or cursor.peek() not in (",", ")")):
        depth += {"(": 1, ")": -1}.get(cursor.take()[1], 0)


def _result(cursor: _Cursor, name: str, character: int, defaults: dict[str, str]) -> Parameter:
    kind, first, end, is_array = _type(cursor)
    if not kind and character >= 0:
        kind, first, end = OF_CHARACTER[cursor.source.tokens[character]], character, character + 1
    return Parameter("", kind or defaults.get(name[:1].lower(), ""), True, is_array, -1, first, end, bool(kind))


def type_blocks(source: SourceText) -> list[TypeBlock]:
    """All Type blocks of a module, active or not."""
    if "end type" not in source.lowered:
        return []
    blocks = []
    for index in source.positions(frozenset(("type",))):
        start, end = source.statement(index)
        head = [token for _, token in source.words(start, index)]
        names = source.words(index + 1, end)
        if len(names) != 1 or any(word not in ("public", "private", "global") for word in head):
            continue
        members, last = _members(source, end)
        name = source.tokens[names[0][0]].strip("[]")
        blocks.append(TypeBlock(name, members, source.line(index), source.line(last), "private" not in head))
    return blocks


def _members(source: SourceText, at: int) -> tuple[tuple[Parameter, ...], int]:
    members: list[Parameter] = []
    count = len(source.tokens)
    while at < count and len(members) < 2000:
        start = at + 1
        _, end = source.statement(start) if start < count and not source.is_separator(start) else (start, start)
        words = source.words(start, end)
        at = end
        if not words:
            continue
        if words[0][1] == "end" or words[0][1] in ("sub", "function", "declare"):
            return tuple(members), min(start, count - 1)
        if words[0][1] != "#" and len(words) > 1:
            members.append(_member(source, words))
    return tuple(members), count - 1


def _member(source: SourceText, words: list[tuple[int, str]]) -> Parameter:
    cursor = _Cursor(source, words)
    index, name = _name(cursor)
    character = _type_character(cursor)
    size = ""
    if cursor.accept("("):
        begin = cursor.at
        _skip_to_close(cursor)
        size = "".join(token for _, token in words[begin : cursor.at - 1])
    kind, first, end, _ = _type(cursor)
    if not kind and character >= 0:
        kind, first, end = OF_CHARACTER[source.tokens[character]], character, character + 1
    if kind == "string" and words[-2:-1] and words[-2][1] == "*":
        size = words[-1][1]
    return Parameter(name, kind, False, bool(size) and kind != "string", index, first, end, bool(kind), size)


def _skip_to_close(cursor: _Cursor) -> None:
    while cursor.at < len(cursor.items) and cursor.take()[1] != ")":
        pass


def enums(source: SourceText) -> list[tuple[str, int]]:
    """Lower-case name and line of a module's Enum blocks."""
    if "end enum" not in source.lowered:
        return []
    found = []
    for index in source.positions(frozenset(("enum",))):
        _, end = source.statement(index)
        names = source.words(index + 1, end)
        if len(names) == 1:
            found.append((names[0][1].strip("[]"), source.line(index)))
    return found


def procedure_signature(source: SourceText, name_at: int) -> tuple[tuple[Parameter, ...], str]:
    """Parameters and result type of the procedure whose name is token `name_at`."""
    _, end = source.statement(name_at)
    cursor = _Cursor(source, source.words(name_at, end))
    _, name = _name(cursor)
    character = _type_character(cursor)
    parameters = _parameters(cursor, {})
    return parameters, _result(cursor, name, character, {}).type


def declared_type(source: SourceText, index: int, end: int) -> str | None:
    """Lower-case type that a declaration gives to the name at token `index`; '' for none, None when it declares something else."""
    previous = source.previous_code(index)
    before = source.tokens[previous].lower() if previous >= 0 else ""
    if before not in BEFORE_A_NAME and not source.is_separator(previous):
        return None
    cursor = _Cursor(source, source.words(index, min(end, index + 60)))
    _name(cursor)
    character = _type_character(cursor)
    if cursor.accept("("):
        _skip_to_close(cursor)
    kind = _type(cursor)[0]
    return OF_CHARACTER[source.tokens[character]] if not kind and character >= 0 else kind


BEFORE_A_NAME = frozenset(
    ("dim", "private", "public", "static", "global", ",", "(", "byval", "byref", "optional", "withevents", "paramarray")
)


def plain_constants(source: SourceText) -> list[tuple[str, int]]:
    """Name and value of every Const that is one whole number."""
    found = []
    for index in source.positions(frozenset(("const",))):
        _, end = source.statement(index)
        words = [token for _, token in source.words(index + 1, end)]
        for position, token in enumerate(words):
            if token == "=" and position:
                value = whole_number(words[position + 1 :])
                name = next((w for w in reversed(words[:position]) if w not in TYPE_CHARACTERS), "")
                if "as" in words[max(0, position - 3) : position]:
                    name = words[words.index("as", max(0, position - 3)) - 1]
                if value is not None:
                    found.append((name.rstrip(TYPE_CHARACTERS), value))
    return found


def whole_number(words: list[str]) -> int | None:
    """The value of `[-|(]number` at the start of a token list, 32-bit hexadecimal read as VBA reads it; None otherwise."""
    sign = 1
    words = list(words[:5])
    while words and words[0] in ("-", "+", "("):
        sign = -sign if words[0] == "-" else sign
        words.pop(0)
    if not words or (len(words) > 1 and words[1] not in (",", ")", "&", "%", "^")):
        return None
    token = words[0]
    if token.isdigit() and token.isascii():
        return sign * int(token[:12])
    if token[:2] == "&h" and len(token) <= 18:
        value = int(token[2:], 16)
        bits = 16 if len(token) <= 6 and words[1:2] != ["&"] else 32
        return sign * (
            value - (1 << bits)
            if (bits == 16 and value >= 1 << 15) or (bits == 32 and 1 << 31 <= value < 1 << 32)
            else value
        )
    return None

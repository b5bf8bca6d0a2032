"""Module source → facts: the names, members, created objects, types and literals that the rules ask about.

One pass over the tokens finds the words of the vocabulary; only where one stands is anything parsed. With no vocabulary,
everything is reported: the slow reference, and what `uptake facts` shows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from uptake.assess.extraction.code import CodeModule
from uptake.assess.extraction.source import SourceText, unquote
from uptake.core.facts import Fact
from uptake.core.severity import Target
from uptake.rules.match import Vocabulary

CREATORS = frozenset(("createobject", "getobject"))
# What the hosts offer as globals, and the type behind it.
GLOBALS = {
    "activedocument": "document", "thisdocument": "document", "activeworkbook": "workbook", "thisworkbook": "workbook",
    "activesheet": "worksheet", "activepresentation": "presentation", "activewindow": "window", "activechart": "chart",
    "activeproject": "project", "activeexplorer": "explorer", "activeinspector": "inspector", "currentdb": "database",
    "documents": "document", "workbooks": "workbook", "worksheets": "worksheet", "sheets": "worksheet",
    "presentations": "presentation", "app": "application", "xlapp": "application", "wdapp": "application",
}  # fmt: skip
TEXT_LIMIT = 500
VERSION = re.compile(r"\.(\d+(?:\.\d+)?)$")


def module_facts(module: CodeModule, vocabulary: Vocabulary | None, target: Target) -> list[Fact]:
    """All facts of a module's source in lines that the target compiles."""
    facts: list[Fact] = []
    source = module.source
    if vocabulary is None or not source.word_set.isdisjoint(vocabulary.asked):
        facts.extend(_name_facts(module, vocabulary))
    if vocabulary is None or not source.word_set.isdisjoint(vocabulary.type_words):
        facts.extend(_type_facts(source, vocabulary))
    facts.extend(_literal_facts(source, vocabulary))
    if facts and module.directives:
        facts = [fact for fact in facts if module.is_compiled(fact.line, target)]
    return sorted(facts, key=lambda fact: fact.line)


def _name_facts(module: CodeModule, vocabulary: Vocabulary | None) -> Iterator[Fact]:
    source = module.source
    if vocabulary is None:
        hits = [i for i, token in enumerate(source.tokens) if token[0].isalpha()]
    else:
        hits = source.positions(vocabulary.asked)
    words = vocabulary.words if vocabulary else None
    for index in hits:
        word = source.tokens[index].lower()
        if word in CREATORS:
            yield from _created(source, index, word)
        if words is None or word in words:
            yield _name(module, index, word)


def _created(source: SourceText, index: int, word: str) -> Iterator[Fact]:
    """CreateObject("Lib.Class") and GetObject(, "Lib.Class")."""
    _, end = source.statement(index)
    words = source.words(index + 1, end)
    arguments = [token for at, token in words[:4] if source.tokens[at][0] == '"']
    if arguments and arguments[0]:
        # The line's text says whether there was a path first: GetObject("path", "class").
        literal = next(at for at, token in words[:4] if token == arguments[0])
        progid = unquote(arguments[0]).strip().lower()
        version = VERSION.search(progid)
        key = progid[: version.start()] if version else progid
        details = {"function": word, "progid": progid, "version": version.group(1) if version else ""}
        yield Fact("create", key, source.statement_text(index, TEXT_LIMIT), source.line(literal), details)


def _name(module: CodeModule, index: int, word: str) -> Fact:
    source = module.source
    previous = source.previous_code(index)
    is_member = previous >= 0 and source.tokens[previous] in (".", "!")
    attributes: dict[str, object] = {"index": index, "member": is_member}
    if is_member:
        attributes["qualifier"] = _qualifier(module, previous)
    following = source.next_code(index)
    is_call = following < len(source.tokens) and source.tokens[following] == "("
    attributes["called"] = is_call
    if not is_member:
        attributes["declared"] = _is_declaration(source, previous, following)
    kind = "member" if is_member else "name"
    return Fact(kind, word, source.statement_text(index, TEXT_LIMIT), source.line(index), attributes)


DECLARING = frozenset(("sub", "function", "property", "get", "let", "set", "dim", "const", "type", "enum", "event", "as", "lib",
                       "byval", "byref", "private", "public", "declare", "static", "optional"))  # fmt: skip


def _is_declaration(source: SourceText, previous: int, following: int) -> bool:
    """Whether a bare name is being declared here (`Sub Route`, `Dim route`, `route:=`, `route = 1`) rather than used."""
    before = source.tokens[previous].lower() if previous >= 0 else ""
    after = source.tokens[following].lower() if following < len(source.tokens) else ""
    return before in DECLARING - {"set", "let", "get"} or after in ("as", ":=")


def _qualifier(module: CodeModule, dot: int) -> str:
    """The last part of the type of what stands before a dot, in lower case; the name itself where the type is unknown."""
    source = module.source
    at = source.previous_code(dot)
    name_at = _before_parentheses(source, at)
    if name_at < 0 or source.is_separator(name_at) or not source.tokens[name_at][0].isalpha():
        return _with_target(module, dot)
    name = source.tokens[name_at].lower()
    if name in ("with", "call", "set", "let", "if", "then", "else", "and", "or", "not", "to", "in", "is"):
        return _with_target(module, dot)
    before = source.previous_code(name_at)
    if before >= 0 and source.tokens[before] in (".", "!"):
        return GLOBALS.get(name, name)
    kind = module.type_of(name, source.line(name_at))
    return kind.rsplit(".", 1)[-1] if kind not in ("", "object", "variant") else GLOBALS.get(name, name)


def _before_parentheses(source: SourceText, at: int) -> int:
    """Steps back over `(…)` to the name that is called or indexed."""
    while at >= 0 and source.tokens[at] == ")":
        depth, at = 1, at - 1
        while at >= 0 and depth:
            depth += {")": 1, "(": -1}.get(source.tokens[at], 0)
            at -= 1
        at = source.previous_code(at + 1)
    return at


def _with_target(module: CodeModule, dot: int, limit: int = 4000) -> str:
    """Type of the object of the innermost With block around a token."""
    source = module.source
    depth = 0
    for index in range(dot - 1, max(-1, dot - limit), -1):
        word = source.tokens[index]
        if word in ("With", "with", "WITH") and source.previous_code(index) >= 0:
            before = source.tokens[source.previous_code(index)].lower()
            if before == "end":
                depth += 1
            elif depth:
                depth -= 1
            else:
                return _expression_type(module, index)
        elif word in ("Sub", "Function", "Property") and source.tokens[index - 1] != " ":
            break
    return ""


def _expression_type(module: CodeModule, with_at: int) -> str:
    source = module.source
    _, end = source.statement(with_at)
    words = [(i, token) for i, token in source.words(with_at + 1, end)]
    if not words:
        return ""
    last = _before_parentheses(source, words[-1][0])
    name = source.tokens[last].lower() if last >= 0 else ""
    if last == words[0][0]:
        kind = module.type_of(name, source.line(last))
        if kind not in ("", "object", "variant"):
            return kind.rsplit(".", 1)[-1]
    return GLOBALS.get(name, name)


def _type_facts(source: SourceText, vocabulary: Vocabulary | None) -> Iterator[Fact]:
    """`As [New] Lib.Class` and `New Lib.Class`."""
    for index in _type_places(source, vocabulary):
        at, name = index, source.tokens[index]
        while at + 2 < len(source.tokens) and source.tokens[at + 1] == ".":
            at += 2
            name += "." + source.tokens[at]
        key = name.lower()
        if vocabulary is None or key in vocabulary.types:
            yield Fact("type", key, source.statement_text(index, TEXT_LIMIT), source.line(index), {"index": index})


def _type_places(source: SourceText, vocabulary: Vocabulary | None) -> Iterator[int]:
    """Indexes of names that stand behind As or New."""
    if vocabulary is None:
        behind = (source.next_code(index) for index in source.positions(frozenset(("as", "new"))))
        yield from (i for i in behind if i < len(source.tokens) and source.tokens[i].lower() != "new")
        return
    for index in source.positions(vocabulary.type_words):
        previous = source.previous_code(index)
        if previous >= 0 and source.tokens[previous].lower() in ("as", "new"):
            yield index


def _literal_facts(source: SourceText, vocabulary: Vocabulary | None) -> Iterator[Fact]:
    if vocabulary is None:
        hits = [index for index, token in enumerate(source.tokens) if token[0] == '"' and len(token) > 2]
    else:
        needles = source.quoted(vocabulary.needles)
        hits = source.holding(needles) if needles else []
    for index in hits:
        statement = source.statement_text(index, TEXT_LIMIT)
        yield Fact("literal", unquote(source.tokens[index]).lower(), statement, source.line(index), {"index": index})

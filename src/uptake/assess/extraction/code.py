"""CodeModule and CodeProject: decoded source prepared for the questions of rules, computed on demand and at most once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from uptake.assess.extraction import conditional, declares
from uptake.assess.extraction.declares import Declare, Parameter, TypeBlock
from uptake.assess.extraction.model import Module, VbaProject
from uptake.assess.extraction.source import SourceText
from uptake.core.lazy import lazy
from uptake.core.severity import Target

POINTER_WORDS = frozenset(("longptr", "longlong"))
MODIFIERS = frozenset(("public", "private", "friend", "static", "global"))
DECLARING = frozenset(("dim", "private", "public", "static", "global"))
PROCEDURES = frozenset(("sub", "function", "property"))
COMPILED_FOR = {
    Target.M365_64: (Target.M365_64,),
    Target.M365_32: (Target.M365_32,),
    Target.MIXED: (Target.M365_64, Target.M365_32),
    Target.LEGACY: (Target.LEGACY,),
}


@dataclass(frozen=True)
class Procedure:
    """A Sub, Function or Property with its lines; its signature is parsed when somebody asks."""

    name: str
    kind: str
    """sub, function, property."""
    line: int
    end_line: int
    source: SourceText
    name_at: int
    """Token index of the name."""

    @lazy
    def _signature(self) -> tuple[tuple[Parameter, ...], str]:
        return declares.procedure_signature(self.source, self.name_at)

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        return self._signature[0]

    @property
    def result(self) -> str:
        """Lower-case type of a function; empty for a Sub or where nothing says it."""
        return self._signature[1]


class CodeModule:
    """One module's source and what it declares."""

    def __init__(self, name: str, source: str, project: CodeProject) -> None:
        self.name = name
        self.project = project
        self.source = SourceText(source)
        self._declarations: dict[str, dict[str, str]] = {}
        self._branches: dict[Target, conditional.Branches] = {}

    def may_hold(self, word: str) -> bool:
        """Whether a lower-case word may stand in the module: a cheap gate that is true too often, never too seldom."""
        return word in self.source.word_set or not (word.isascii() and word.isidentifier())

    @lazy
    def last_line(self) -> int:
        return self.source.text.count("\n") + 1

    @lazy
    def directives(self) -> list[conditional.Directive]:
        return conditional.directives(self.source)

    def _branch(self, target: Target) -> conditional.Branches:
        found = self._branches.get(target)
        if found is None:
            found = conditional.inactive_branches(self.directives, target, self.project.constants, self.last_line)
            self._branches[target] = found
        return found

    def is_compiled(self, line: int, target: Target) -> bool:
        """Whether a line is compiled by the asked target; MIXED and ANY: by 32-bit or 64-bit."""
        if not self.directives:
            return True
        targets = COMPILED_FOR.get(target, COMPILED_FOR[Target.MIXED])
        if len(targets) == 1:
            return self._branch(targets[0]).is_active(line)
        return any(self._branch(one).is_active(line) for one in targets)

    @lazy
    def declares(self) -> list[Declare]:
        return declares.declares(self.source)

    @lazy
    def types(self) -> list[TypeBlock]:
        return declares.type_blocks(self.source)

    @lazy
    def procedures(self) -> list[Procedure]:
        return list(_procedures(self))

    @lazy
    def _procedure_lines(self) -> list[int]:
        return [procedure.line for procedure in self.procedures]

    def procedure_at(self, line: int) -> Procedure | None:
        """The procedure that holds a line."""
        position = bisect_right(self._procedure_lines, line) - 1
        if position < 0 or self.procedures[position].end_line < line:
            return None
        return self.procedures[position]

    def _declared(self, name: str) -> dict[str, str]:
        """Procedure in lower case ('' for the module) → type, for every place that declares a variable of this name."""
        found = self._declarations.get(name)
        if found is None:
            found = self._declarations[name] = dict(_declarations(self, name))
        return found

    def type_of(self, name: str, line: int) -> str:
        """Lower-case declared type of a variable as seen at a line: local, parameter, module, then public ones; '' unknown."""
        name = name.lower()
        declared = self._declared(name)
        procedure = self.procedure_at(line) if declared else None
        if procedure and procedure.name.lower() in declared:
            return declared[procedure.name.lower()]
        return declared.get("") or self.project.public_variable(name)

    def module_variable(self, name: str) -> str:
        return self._declared(name).get("", "")


class CodeProject:
    """The modules of one project, and what is public in it."""

    def __init__(self, project: VbaProject | None = None, host: str = "") -> None:
        self.host = host
        self.facts = project
        self.constants = conditional.project_constants(project.constants) if project and project.constants else {}
        self.modules: list[CodeModule] = []
        self.remembered: dict[str, frozenset[str]] = {}
        """What predicates found out about the whole project, so that each module need not ask again."""
        self.libraries = frozenset(r.name.lower() for r in project.references) if project else frozenset()

    def add(self, module: Module | str, name: str = "Module1") -> CodeModule:
        source, name = (module, name) if isinstance(module, str) else (module.source, module.name)
        code = CodeModule(name, source, self)
        self.modules.append(code)
        return code

    def dissolve(self) -> None:
        """Let go of the modules when the work is done: modules know their project, and a circle would wait for the collector."""
        self.modules.clear()
        for table in ("types", "declares", "enums"):
            self.__dict__.pop(table, None)

    def _with(self, word: str) -> Iterator[CodeModule]:
        return (module for module in self.modules if module.may_hold(word))

    @lazy
    def types(self) -> dict[str, tuple[CodeModule, TypeBlock]]:
        """Lower-case name → user-defined type; the active one where a name stands in several branches."""
        found: dict[str, tuple[CodeModule, TypeBlock]] = {}
        for module in self._with("type"):
            for block in module.types:
                if block.name.lower() not in found or module.is_compiled(block.line, Target.M365_64):
                    found[block.name.lower()] = (module, block)
        return found

    @lazy
    def enums(self) -> frozenset[str]:
        return frozenset(
            name
            for module in self._with("enum")
            for name, line in declares.enums(module.source)
            if module.is_compiled(line, Target.MIXED)
        )

    @lazy
    def declares(self) -> dict[str, list[tuple[CodeModule, Declare]]]:
        """Lower-case VBA name → all its Declares in the project."""
        found: dict[str, list[tuple[CodeModule, Declare]]] = {}
        for module in self._with("declare"):
            for declare in module.declares:
                found.setdefault(declare.name.lower(), []).append((module, declare))
        return found

    def declares_for(self, module: CodeModule, name: str, target: Target) -> list[Declare]:
        """The Declares that a name means in a module when compiled for a target: its own first, then public ones."""
        candidates = [(m, d) for m, d in self.declares.get(name.lower(), ()) if m.is_compiled(d.line, target)]
        own = [d for m, d in candidates if m is module]
        return own or [d for m, d in candidates if d.is_public]

    @lazy
    def pointer_functions(self) -> frozenset[str]:
        """Lower-case names of the project's own functions that return LongPtr or LongLong."""
        found: set[str] = set()
        for module in self.modules:
            if not module.source.word_set.isdisjoint(POINTER_WORDS):
                found.update(p.name.lower() for p in module.procedures if p.result in ("longptr", "longlong"))
        return frozenset(found)

    def public_variable(self, name: str) -> str:
        """Type of a public variable of any module; '' when none is known or two differ."""
        kinds = {kind for module in self._with(name) if (kind := module.module_variable(name))}
        return kinds.pop() if len(kinds) == 1 else ""

    def constant(self, module: CodeModule, name: str) -> int | None:
        """Value of a Const of the project when it is a plain number."""
        candidates = [module, *(m for m in self.modules if m is not module)]
        for candidate in candidates:
            value = _constants(candidate).get(name.lower())
            if value is not None:
                return value
        return None


def _procedures(module: CodeModule) -> Iterator[Procedure]:
    source = module.source
    opened: tuple[int, str, str, int] | None = None
    for index in source.positions(PROCEDURES):
        previous = source.previous_code(index)
        before = source.tokens[previous].lower() if previous >= 0 else ""
        if before == "end" and opened and source.is_statement_start(previous):
            yield _procedure(module, opened, source.line(index))
            opened = None
        elif source.is_separator(previous) or before in MODIFIERS:
            name_at = source.next_code(index)
            kind = source.tokens[index].lower()
            if kind == "property":
                name_at = source.next_code(name_at)
            if name_at < len(source.tokens) and not source.is_separator(name_at):
                if opened:
                    yield _procedure(module, opened, source.line(index) - 1)
                opened = (index, kind, source.tokens[name_at], name_at)
    if opened:
        yield _procedure(module, opened, module.last_line)


def _procedure(module: CodeModule, opened: tuple[int, str, str, int], end_line: int) -> Procedure:
    index, kind, name, name_at = opened
    line = module.source.line(index)
    return Procedure(name.strip("[]"), kind, line, max(end_line, line), module.source, name_at)


def _declarations(module: CodeModule, name: str) -> Iterator[tuple[str, str]]:
    """(procedure or '', type) of each Dim, Private, parameter … of a name; the first one in a scope counts."""
    source = module.source
    seen: set[str] = set()
    for index in source.positions(frozenset((name,))):
        start, end = source.statement(index)
        head = source.tokens[source.next_code(start - 1)].lower()
        line = source.line(index)
        if head not in DECLARING and not _is_signature(source, start, index):
            continue
        owner = module.procedure_at(line)
        scope = owner.name.lower() if owner else ""
        if scope in seen or not module.is_compiled(line, Target.MIXED):
            continue
        kind = declares.declared_type(source, index, end)
        if kind is not None:
            seen.add(scope)
            yield scope, kind


def _is_signature(source: SourceText, start: int, index: int) -> bool:
    """Whether a token stands among the parameters of a Sub, Function or Property."""
    words = [token for _, token in source.words(start, index)][:4]
    return not PROCEDURES.isdisjoint(words) and "declare" not in words


def _constants(module: CodeModule) -> dict[str, int]:
    cached: dict[str, int] | None = module.__dict__.get("_plain_constants")
    if cached is None:
        cached = dict(declares.plain_constants(module.source)) if "const" in module.source.word_set else {}
        module.__dict__["_plain_constants"] = cached
    return cached


def module_names(modules: Sequence[CodeModule]) -> list[str]:
    return [module.name for module in modules]

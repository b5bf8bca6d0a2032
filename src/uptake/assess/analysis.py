"""Document → FileResult: projects decoded, facts extracted, rules matched, findings located. Pure; the verb of `uptake scan`.

Every embedded document is analysed like the outer one; a finding's container says where it is.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from uptake.assess.documents.model import Document, DocumentDefect, Status
from uptake.assess.extraction.code import CodeModule, CodeProject
from uptake.assess.extraction.document_facts import document_facts, project_facts
from uptake.assess.extraction.model import VbaProject
from uptake.assess.extraction.names import module_facts
from uptake.assess.extraction.plain_source import read_source_module
from uptake.assess.extraction.project import read_project
from uptake.assess.predicates import PREDICATES
from uptake.assess.result import FileResult, Project
from uptake.core.severity import Certainty, Severity, Target
from uptake.core.text import mask_secrets
from uptake.rules.catalogue import load_rules
from uptake.rules.findings import Finding
from uptake.rules.match import RuleIndex
from uptake.rules.model import Hit, Rule

APPLIES = {
    Target.M365_64: frozenset((Target.M365_64, Target.ANY)),
    Target.M365_32: frozenset((Target.M365_32, Target.ANY)),
    Target.MIXED: frozenset((Target.M365_64, Target.M365_32, Target.ANY, Target.MIXED)),
    Target.LEGACY: frozenset((Target.LEGACY,)),
}
SIGNATURES = {"signature": "legacy", "signature-agile": "agile", "signature-v3": "v3"}
"""Marks of a document → forms of its VBA signature."""
CONTEXT_LINES = 2
SEEN_SOURCE = 8 << 20
"""Characters of source whose findings are kept, in case that the next file holds the same project: templates and copies do."""
HAS_CODE = re.compile(r"^(?!Attribute VB_)[^\n]*\S", re.MULTILINE)
"""Most modules of a workbook are the empty ones behind its sheets: `Attribute` lines and nothing else."""
FULL_DETAIL = 500
"""Findings of one file that carry the code around them; a file with more keeps the findings and drops the surroundings."""
STATEMENT_LIMIT = 1000


class RecentlyUsed:
    """Values by key, the least recently used forgotten when the sum of their weights passes a limit."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._weight = 0
        self._values: OrderedDict[Any, tuple[Any, int]] = OrderedDict()

    def get(self, key: Any) -> Any:
        found = self._values.get(key)
        if found is None:
            return None
        self._values.move_to_end(key)
        return found[0]

    def put(self, key: Any, value: Any, weight: int) -> None:
        self._values[key] = (value, weight)
        self._weight += weight
        while self._weight > self._limit and self._values:
            self._weight -= self._values.popitem(last=False)[1][1]


@dataclass(frozen=True)
class Analyser:
    """The rules of the catalogue prepared for one target; made once, used for every file."""

    target: Target = Target.M365_64

    @cached_property
    def rules(self) -> dict[str, Rule]:
        return {rule.id: rule for rule in load_rules() if rule.target in APPLIES[self.target]}

    @cached_property
    def index(self) -> RuleIndex:
        return RuleIndex(list(self.rules.values()))

    @cached_property
    def _seen(self) -> RecentlyUsed:
        return RecentlyUsed(SEEN_SOURCE)

    @cached_property
    def predicates(self) -> list[str]:
        wanted = {rule.predicate for rule in self.rules.values() if rule.predicate}
        return [name for name in PREDICATES if name in wanted]

    def analyse(self, document: Document) -> FileResult:
        """Facts and findings of a file and of everything embedded in it."""
        result = FileResult(document.status, document.format, document.reason, document.size)
        for inner in document.walk():
            result.defects += inner.defects
            self._analyse_one(inner, result)
        _finish_status(result)
        _drop_context(result)
        return result

    def _analyse_one(self, document: Document, result: FileResult) -> None:
        where = document.location
        hits = self.index.match(document_facts(document), document.host)
        result.findings += [self._finding(where, None, hit) for _, hit in hits]
        if not document.projects and document.source is None:
            return
        for project in decoded_projects(document):
            container = f"{where}!{project.location}".lstrip("!")
            result.projects.append(Project(container, project))
            result.findings += self._project_findings(project, container, document.host)

    def _project_findings(self, project: VbaProject, container: str, host: str) -> list[Finding]:
        """Findings of a project; the same code in another file is not looked at again."""
        key = (container, host, project.name, project.constants, project.syskind, project.codepage, project.protection,
               project.signatures, project.source_missing, project.stomped, tuple(project.defects), tuple(project.references),
               tuple((m.name, m.kind, m.source) for m in project.modules))  # fmt: skip
        findings: list[Finding] | None = self._seen.get(key)
        if findings is None:
            findings = [
                self._finding(container, None, hit) for _, hit in self.index.match(project_facts(project), host)
            ]
            findings += [self._finding(container, module, hit) for module, hit in self.module_hits(project, host)]
            self._seen.put(key, findings, sum(len(m.source) for m in project.modules) + 1000)
        return findings

    def module_hits(self, project: VbaProject, host: str) -> Iterator[tuple[CodeModule, Hit]]:
        """Hits in the source of a project's modules."""
        code = CodeProject(project, host)
        for module in project.modules:
            if HAS_CODE.search(module.source):
                code.add(module)
        try:
            for code_module in code.modules:
                hits = list(self._hits_of(code_module, host))
                yield from ((code_module, hit) for hit in _deduplicated(hits, self.rules))
        finally:
            code.dissolve()

    def _hits_of(self, module: CodeModule, host: str) -> Iterator[Hit]:
        facts = module_facts(module, self.index.vocabulary_for(host), self.target)
        candidates = [hit for _, hit in self.index.match(facts, host)]
        for name in self.predicates:
            candidates.extend(PREDICATES[name](module))
        for hit in candidates:
            rule = self.rules.get(hit.rule)
            if rule and (not hit.line or module.is_compiled(hit.line, _compiled_for(rule, self.target))):
                yield hit

    def _finding(self, where: str, module: CodeModule | None, hit: Hit) -> Finding:
        rule = self.rules[hit.rule]
        severity = rule.severity if hit.severity is None else hit.severity
        return _finding(rule, severity, hit.certainty or rule.certainty, where, module, hit)


def _compiled_for(rule: Rule, target: Target) -> Target:
    return rule.target if rule.target in (Target.M365_64, Target.M365_32, Target.LEGACY) else target


def _deduplicated(hits: list[Hit], rules: dict[str, Rule]) -> Iterator[Hit]:
    """In the order of the lines; a rule speaks once for each line, and once for each module when it says so."""
    seen: set[tuple[str, int]] = set()
    for hit in sorted(hits, key=lambda hit: (hit.line, hit.rule)):
        key = (hit.rule, 0 if rules[hit.rule].once else hit.line)
        if key not in seen:
            seen.add(key)
            yield hit


def _finding(
    rule: Rule, severity: Severity, certainty: Certainty, where: str, module: CodeModule | None, hit: Hit
) -> Finding:
    arguments = {k: mask_secrets(str(v)) for k, v in hit.arguments.items() if k != "statement"}
    procedure = module.procedure_at(hit.line) if module and hit.line else None
    return Finding(
        rule=rule.id,
        severity=severity,
        certainty=certainty,
        target=rule.target,
        message=rule.text(hit.variant, arguments),
        container=where,
        module=module.name if module else "",
        member=procedure.name if procedure else "",
        line=hit.line,
        editor_line=module.source.editor_line(hit.line) if module and hit.line else 0,
        statement=mask_secrets(hit.statement[:STATEMENT_LIMIT]),
        proposal=mask_secrets(hit.proposal) if hit.proposal else None,
        context=_context(module, hit.line) if module and hit.line else (),
        arguments=tuple((k, v) for k, v in arguments.items() if len(v) <= STATEMENT_LIMIT),
        variant=hit.variant,
    )


def _context(module: CodeModule, line: int) -> tuple[tuple[int, str], ...]:
    source = module.source
    first, last = max(1, line - CONTEXT_LINES), min(module.last_line, line + CONTEXT_LINES)
    return tuple((number, mask_secrets(source.physical_line(number)[:300])) for number in range(first, last + 1))


def _drop_context(result: FileResult) -> None:
    if len(result.findings) > FULL_DETAIL:
        result.findings = [replace(f, context=()) if n >= FULL_DETAIL else f for n, f in enumerate(result.findings)]


def decoded_projects(document: Document) -> Iterator[VbaProject]:
    """Every project of one document, decoded; plain source counts as a project of one module."""
    signatures = tuple(kind for mark, kind in SIGNATURES.items() if mark in document.marks)
    for storage in document.projects:
        try:
            project = read_project(storage)
        except DocumentDefect as defect:
            project = VbaProject(storage.location, defects=[str(defect)])
        project.signatures = signatures
        yield project
    if document.source is not None:
        yield read_source_module(document)


def _finish_status(result: FileResult) -> None:
    """What only the decoded projects can say: source that is missing, projects that nobody can read."""
    if result.status != Status.HAS_VBA:
        return
    projects = [project.facts for project in result.projects]
    if any(project.source_missing for project in projects):
        result.status = Status.SOURCE_MISSING
        result.reason = result.reason or "compiled code is there, its source is not"
    elif projects and all(not project.modules for project in projects):
        defects = [defect for project in projects for defect in project.defects]
        if defects:
            result.status = Status.ERROR
            result.reason = result.reason or defects[0]

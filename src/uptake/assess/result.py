"""FileResult: what is known of one file, and its form in the contract `uptake.scan/1`.

Apart from the analysis, so that a process that only collects results does not load the rules and the readers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from uptake.assess.documents.model import Status
from uptake.assess.extraction.model import Module, VbaProject
from uptake.rules.findings import Finding


@dataclass(slots=True)
class Project:
    """A decoded project with the embedded document that it stands in."""

    container: str
    facts: VbaProject


@dataclass(slots=True)
class FileResult:
    """All that is known of one file on disk."""

    status: Status
    format: str
    reason: str
    size: int
    projects: list[Project] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    defects: list[str] = field(default_factory=list)

    def as_json(self, *, with_source: bool = False) -> dict[str, Any]:
        """The file as the contract `uptake.scan/1` has it, without path and sha256."""
        return {
            "size": self.size,
            "format": self.format,
            "status": self.status.value,
            "reason": self.reason,
            "defects": self.defects,
            "projects": [_project_json(project, with_source) for project in self.projects],
            "findings": [finding.as_json() for finding in self.findings],
        }


def _project_json(project: Project, with_source: bool) -> dict[str, Any]:
    facts = project.facts
    return {
        "container": project.container,
        "name": facts.name,
        "codepage": facts.codepage,
        "protected": facts.protection.is_locked,
        "signed": bool(facts.signatures),
        "signatures": list(facts.signatures),
        "constants": facts.constants,
        "syskind": facts.syskind,
        "references": [
            {
                "name": r.name, "kind": r.kind, "guid": r.guid, "version": r.version, "path": r.path,
                "description": r.description,
            }
            for r in facts.references
        ],
        "modules": [_module_json(module, with_source) for module in facts.modules],
    }  # fmt: skip


def _module_json(module: Module, with_source: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {"name": module.name, "kind": module.kind, "sha256": module.sha256, "lines": module.lines}
    if with_source:
        shown["source"] = module.source
    return shown

"""Facts that are not in source: what a document, its projects and its parts are."""

from __future__ import annotations

from collections.abc import Iterator

from uptake.assess.documents.model import Document
from uptake.assess.extraction.controls import controls
from uptake.assess.extraction.links import links
from uptake.assess.extraction.macro_sheets import macro_sheets
from uptake.assess.extraction.model import VbaProject
from uptake.core.facts import Fact

SYSKINDS = {0: "win16", 1: "win32", 2: "macintosh", 3: "win64"}


def document_facts(document: Document) -> list[Fact]:
    """Facts of one document without its embedded ones: `document`, `mark`, `macro_sheet`, `xlm_call`, `control`, `link`, …"""
    facts = [Fact("document", document.status.value.lower(), document.reason, 0, {"format": document.format})]
    facts += [Fact("format", document.format, document.format, 0, {"status": document.status.value.lower()})]
    facts += [Fact("mark", mark, mark, 0, {"format": document.format}) for mark in sorted(document.marks)]
    if document.container is not None:
        facts += macro_sheets(document)
        facts += controls(document)
    if document.container is not None or document.format in ("rtf", "flatopc", "word2003xml"):
        facts += links(document)
    return facts


def project_facts(project: VbaProject) -> Iterator[Fact]:
    """Facts of one project: `project` for each property that rules ask for, `reference` for each reference."""
    details = {"project": project.name, "codepage": project.codepage}
    if project.protection.is_locked:
        yield Fact("project", "locked", project.name, 0, details)
    # Locking for viewing hides the project too, but leaves a password behind.
    if project.protection.damaged or not (project.protection.visible or project.protection.password):
        yield Fact("project", "unviewable", project.name, 0, details)
    if project.source_missing:
        yield Fact("project", "source missing", project.name, 0, details)
    if project.stomped:
        yield Fact("project", "stomped", project.name, 0, details)
    for defect in project.defects:
        yield Fact("project", "damaged", defect, 0, details)
    if project.syskind in SYSKINDS:
        yield Fact("project", "syskind " + SYSKINDS[project.syskind], project.name, 0, details)
    if project.codepage not in (1252, 0):
        yield Fact("project", "codepage", str(project.codepage), 0, details)
    signatures = set(project.signatures)
    yield Fact("project", "signed" if signatures else "unsigned", project.name, 0, details)
    if signatures and "v3" not in signatures:
        yield Fact(
            "project", "signed without v3", project.name, 0, {**details, "signatures": " ".join(sorted(signatures))}
        )
    for reference in project.references:
        yield from _reference_facts(reference.guid.lower(), reference, project)


def _reference_facts(guid: str, reference: object, project: VbaProject) -> Iterator[Fact]:
    kind, name = getattr(reference, "kind", ""), getattr(reference, "name", "")
    path, version = getattr(reference, "path", ""), getattr(reference, "version", "")
    details = {
        "name": name,
        "kind": kind,
        "path": path,
        "version": version,
        "guid": guid.upper(),
        "project": project.name,
    }
    shown = f"{name} {version} {path}".strip()
    if guid:
        yield Fact("reference", guid, shown, 0, details)
    if kind == "project":
        yield Fact("reference", "project", shown, 0, details)
    if path:
        yield Fact("reference_path", path.lower(), shown, 0, details)

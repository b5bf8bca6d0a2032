"""`uptake facts`: everything that is known of one file, with the source of its modules."""

from __future__ import annotations

import hashlib
import os
import sys
from typing import Any

import click

from uptake.adapters.sources.local import CannotRead, displayed, read
from uptake.assess.analysis import Analyser
from uptake.assess.documents import Document, open_document
from uptake.assess.extraction.code import CodeProject
from uptake.assess.extraction.document_facts import document_facts, project_facts
from uptake.assess.extraction.names import module_facts
from uptake.assess.result import FileResult
from uptake.assess.scan import encode, problem
from uptake.cli.scan import TARGETS
from uptake.core.errors import UptakeError
from uptake.core.facts import Fact
from uptake.core.severity import Target
from uptake.reporting.model import SCHEMA, TOOL


@click.command("facts", short_help="Show what one file holds.")
@click.argument("file", type=click.Path(readable=False))
@click.option(
    "--target", type=click.Choice(TARGETS), default=TARGETS[0], show_default=True, help="Office that compiles the code."
)
@click.option("--all", "everything", is_flag=True, help="Also every name, type and literal of the source as a fact.")
def command(file: str, target: str, everything: bool) -> int:
    """Print FILE as JSON: the contract of `uptake scan`, plus the source text of each module and the facts."""
    if not os.path.isfile(file):
        what = "is no file" if os.path.lexists(file) else "does not exist"
        raise UptakeError(f"{file} {what}", "name one file; uptake scan takes folders")
    shown: dict[str, Any] = {
        "schema": SCHEMA,
        "tool": TOOL,
        "files": [_facts_of(file, Target(target), everything=everything)],
    }
    sys.stdout.flush()
    sys.stdout.buffer.write(encode(shown) + b"\n")
    return 0


def _facts_of(path: str, target: Target, *, everything: bool) -> dict[str, Any]:
    head: dict[str, Any] = {"path": displayed(path), "sha256": None}
    try:
        data = read(path)
    except CannotRead as error:
        return head | problem(error.status, str(error))
    head["sha256"] = hashlib.sha256(data).hexdigest()
    document = open_document(data, name=os.path.basename(path))
    result = Analyser(target).analyse(document)
    return (
        head | result.as_json(with_source=True) | {"facts": _all_facts(document, result, target, everything=everything)}
    )


def _all_facts(document: Document, result: FileResult, target: Target, *, everything: bool) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for inner in document.walk():
        found += [_shown(fact, inner.location, "") for fact in document_facts(inner)]
    vocabulary = None if everything else Analyser(target).index.vocabulary
    for project in result.projects:
        found += [_shown(fact, project.container, "") for fact in project_facts(project.facts)]
        code = CodeProject(project.facts, document.host)
        for module in [code.add(module) for module in project.facts.modules]:
            found += [_shown(fact, project.container, module.name) for fact in module_facts(module, vocabulary, target)]
            found += [
                {
                    "kind": "declare",
                    "key": d.entry.lower(),
                    "module": module.name,
                    "container": project.container,
                    "line": d.line,
                }
                for d in module.declares
                if module.is_compiled(d.line, target)
            ]
    return found


def _shown(fact: Fact, container: str, module: str) -> dict[str, Any]:
    attributes = {k: v for k, v in fact.attributes.items() if k not in ("index", "statement")}
    shown = {"kind": fact.kind, "key": fact.key, "text": fact.text, "container": container}
    if module:
        shown |= {"module": module, "line": fact.line}  # type: ignore[dict-item]
    return shown | ({"attributes": attributes} if attributes else {})

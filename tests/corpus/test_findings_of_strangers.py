"""Findings in documents by strangers: silence where no code is, and every finding points at what it speaks of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from strangers import SHARED, needed
from uptake.assess.analysis import Analyser
from uptake.assess.documents import Status, open_document
from uptake.assess.extraction.source import one_line
from uptake.assess.result import FileResult
from uptake.core.severity import Target
from uptake.core.text import mask_secrets

pytestmark = pytest.mark.corpus

ROOT = SHARED / "corpus"
ANALYSER = Analyser(Target.MIXED)


@pytest.fixture(autouse=True)
def _corpus() -> None:
    needed(ROOT / "docs")


def results(folder: str) -> Iterator[tuple[Path, FileResult]]:
    for path in sorted((ROOT / folder).glob("*/*")):
        yield path, ANALYSER.analyse(open_document(path.read_bytes(), name=path.name))


def test_documents_without_vba_have_no_vba_and_no_bitness_finding() -> None:
    for path, result in results("novba"):
        assert result.status not in (Status.HAS_VBA, Status.SOURCE_MISSING), path
        assert not [finding for finding in result.findings if finding.rule.startswith("B")], path


def test_every_finding_in_source_stands_on_the_line_that_it_quotes() -> None:
    seen = 0
    for path, result in results("docs"):
        lines = {
            (project.container, module.name): module.source.split("\n")
            for project in result.projects
            for module in project.facts.modules
        }
        for finding in result.findings:
            assert "‹" not in finding.message, (path, finding)
            if not finding.line:
                continue
            seen += 1
            source = lines[finding.container, finding.module]
            assert 1 <= finding.editor_line <= finding.line <= len(source), (path, finding)
            below = one_line("\n".join(source[finding.line - 1 : finding.line + 40]))
            first_word = re.match(r"\W*(\w+)", finding.statement)
            assert (
                first_word is None
                or first_word.group(1) in mask_secrets(" ".join(source[max(0, finding.line - 12) : finding.line]))
                or finding.statement[:20] in below
            ), (path, finding)
    assert seen > 100


def test_no_finding_lies_in_a_comment() -> None:
    for path, result in results("docs"):
        lines = {
            (project.container, module.name): module.source.split("\n")
            for project in result.projects
            for module in project.facts.modules
        }
        for finding in result.findings:
            if finding.line:
                text = lines[finding.container, finding.module][finding.line - 1].lstrip()
                assert not text.startswith("'"), (path, finding)
                assert not re.match(r"(?i)rem\b", text), (path, finding)


def test_results_of_strangers_become_json_and_keep_their_contract() -> None:
    for _, result in results("docs"):
        shown = result.as_json()
        assert set(shown) == {"size", "format", "status", "reason", "defects", "projects", "findings"}
        for project in shown["projects"]:
            assert {
                "container",
                "name",
                "codepage",
                "protected",
                "signed",
                "constants",
                "references",
                "modules",
            } <= set(project)

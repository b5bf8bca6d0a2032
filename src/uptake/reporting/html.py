"""The report that people read: one file, no network, verdict first, every number with its proof.

CSS and JavaScript stand inline under a content security policy of their hashes; nothing a document says can run.
The page is complete without JavaScript; with it tables sort and filter. It holds the worst findings only, however large
the scan, and says how many it does not show.
"""

from __future__ import annotations

import base64
import hashlib
import heapq
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from string import Template
from typing import Any, BinaryIO

from uptake.reporting import html_findings, html_parts
from uptake.reporting.clean import visible
from uptake.reporting.model import CERTAINTIES, FOR_64_BIT, TOOL, FileResult, ScanReport, severity_rank, worst
from uptake.reporting.summary import owner_of
from uptake.reporting.verdict import verdict
from uptake.reporting.words import Words

TEMPLATES = Path(__file__).parent / "templates"
MAX_FINDINGS, MAX_FILES = 500, 200
Key = tuple[int, ...]


@dataclass
class Worst:
    """Keeps the `limit` items with the highest keys; of equal keys the earlier ones."""

    limit: int
    seen: int = 0
    _heap: list[tuple[Key, int, Any]] = field(default_factory=list)

    def add(self, key: Key, item: Any) -> None:
        self.seen += 1
        entry = (key, -self.seen, item)
        if len(self._heap) < self.limit:
            heapq.heappush(self._heap, entry)
        elif entry[:2] > self._heap[0][:2]:
            heapq.heapreplace(self._heap, entry)

    def items(self) -> list[Any]:
        """The worst first."""
        return [entry[2] for entry in sorted(self._heap, key=lambda entry: entry[:2], reverse=True)]


def write_html(
    report: ScanReport,
    stream: BinaryIO,
    lang: str = "en",
    *,
    max_findings: int = MAX_FINDINGS,
    max_files: int = MAX_FILES,
) -> None:
    """The page in one file; reads the results once and keeps only what it shows."""
    words = Words(lang)
    findings, files = _collect(report, max_findings, max_files)
    out = io.TextIOWrapper(stream, encoding="utf-8", errors="backslashreplace", newline="\n", write_through=True)
    for piece in _page(report, words, findings, files):
        out.write(piece)
    out.detach()


def _collect(report: ScanReport, max_findings: int, max_files: int) -> tuple[Worst, Worst]:
    findings, files = Worst(max_findings), Worst(max_files)
    roots = report.summary.get("roots", ())
    for result in report.files():
        found = result.get("findings", ())
        if not found:
            continue
        owner = owner_of(result["path"], roots)
        files.add((worst(found), len(found)), _without_bodies(result))
        for finding in found:
            findings.add(_weight(finding), (finding, result["path"], owner))
    return findings, files


def _without_bodies(result: FileResult) -> FileResult:
    """What the table of files needs: the findings would keep every statement in memory."""
    kept = {name: result.get(name) for name in ("path", "status", "reason", "format", "size")}
    return kept | {"severity": worst(result["findings"]), "count": len(result["findings"])}


def _weight(finding: Mapping[str, Any]) -> Key:
    certainty = finding.get("certainty")
    sure = CERTAINTIES.index(certainty) if certainty in CERTAINTIES else 0
    return (
        severity_rank(finding),
        int(finding.get("target") in FOR_64_BIT),
        sure,
        int(finding.get("proposal") is not None),
    )


def _page(report: ScanReport, words: Words, findings: Worst, files: Worst) -> Iterator[str]:
    style, script = _asset("report.css"), _asset("report.js")
    head = Template((TEMPLATES / "head.html").read_text(encoding="utf-8"))
    yield head.substitute(
        lang=words.lang,
        title=escape(f"{verdict(report.summary, words)} · uptake"),
        style=style,
        style_hash=_csp_hash(style),
        script_hash=_csp_hash(script),
        report_title=escape(words("title")),
        nav=html_parts.navigation(report, words),
        scanned=escape(words.date(visible(report.summary.get("finished") or ""))),
    )
    yield html_parts.headline(report, words)
    yield html_parts.overview(report, words)
    yield from html_findings.section(report, words, findings.items(), findings.seen)
    yield html_parts.unread(report.summary, words)
    yield html_parts.worst_files(files.items(), files.seen, words)
    yield html_parts.rules(report, words)
    yield html_parts.about(words)
    made = escape(words("made_by", version=TOOL["version"]))
    yield f"</main>\n<footer>{made}</footer>\n<script>{script}</script>\n</body>\n</html>\n"


def _asset(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def _csp_hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
    return f"'sha256-{digest}'"

"""The report that people read: one file, no network, verdict first, every number with its proof.

CSS and JavaScript stand inline under a content security policy of their hashes; nothing a document says can run.
The page is complete without JavaScript; with it tables sort and filter. It holds the worst places only, however large
the scan, and says how many it does not show.
"""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Iterator
from html import escape
from pathlib import Path
from string import Template
from typing import BinaryIO

from uptake.reporting import html_findings, html_parts, html_rules
from uptake.reporting.clean import visible
from uptake.reporting.model import TOOL, ScanReport
from uptake.reporting.verdict import verdict
from uptake.reporting.words import Words
from uptake.reporting.worst import Collected, collect

TEMPLATES = Path(__file__).parent / "templates"
MAX_PLACES, MAX_FILES = 500, 200


def write_html(
    report: ScanReport,
    stream: BinaryIO,
    lang: str = "en",
    *,
    max_places: int = MAX_PLACES,
    max_files: int = MAX_FILES,
) -> None:
    """The page in one file; reads the results once and keeps only what it shows."""
    words = Words(lang)
    worst = collect(report, max_places, max_files)
    out = io.TextIOWrapper(stream, encoding="utf-8", errors="backslashreplace", newline="\n", write_through=True)
    for piece in _page(report, words, worst):
        out.write(piece)
    out.detach()


def _page(report: ScanReport, words: Words, worst: Collected) -> Iterator[str]:
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
    yield from html_findings.section(report, words, worst)
    yield html_parts.unread(report.summary, words)
    yield html_parts.worst_files(worst.files, worst.files_total, words)
    yield html_rules.rules(report, words)
    yield html_parts.about(words)
    made = escape(words("made_by", version=TOOL["version"]))
    yield f"</main>\n<footer>{made}</footer>\n<script>{script}</script>\n</body>\n</html>\n"


def _asset(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def _csp_hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
    return f"'sha256-{digest}'"

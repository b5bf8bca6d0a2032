"""One file result a line: what other programs read, and what a report can be made from again."""

from __future__ import annotations

from typing import BinaryIO

from uptake.reporting.model import ScanReport, dumps


def write_jsonl(report: ScanReport, stream: BinaryIO, lang: str = "en") -> None:  # noqa: ARG001
    """Every file result as one line of JSON; the summary is not in it."""
    stream.writelines(dumps(result) + b"\n" for result in report.files())

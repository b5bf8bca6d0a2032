"""The whole scan as one JSON document, written file by file."""

from __future__ import annotations

from typing import BinaryIO

from uptake.reporting.model import SCHEMA, TOOL, ScanReport, dumps


def write_json(report: ScanReport, stream: BinaryIO, lang: str = "en") -> None:  # noqa: ARG001
    """`{"schema", "tool", "summary", "files": […]}`; data has no language."""
    head = dumps({"schema": SCHEMA, "tool": TOOL, "summary": dict(report.summary)})
    stream.write(head[:-1] + b',"files":[')
    separator = b"\n"
    for result in report.files():
        stream.write(separator + dumps(result))
        separator = b",\n"
    stream.write(b"\n]}\n")

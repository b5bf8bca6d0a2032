"""Results of a scan as files for people and programs: one module a format, found by its name in `FORMATS`.

A new format is one module with a `write_<format>(report, stream, lang)` and one line in `FORMATS`.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import BinaryIO, Protocol

from uptake.core.errors import UptakeError
from uptake.reporting.model import ScanReport
from uptake.reporting.text import write_text


class Writer(Protocol):
    def __call__(self, report: ScanReport, stream: BinaryIO, lang: str = "en") -> object: ...


@dataclass(frozen=True)
class Format:
    """A report format: what writes it, and the usual name of its file."""

    write: Writer
    file_name: str
    """Of parquet: a folder, for it is two tables."""


def _text_to_bytes(report: ScanReport, stream: BinaryIO, lang: str = "en") -> None:
    text = io.StringIO()
    write_text(report, text, lang, rich=False)
    stream.write(text.getvalue().encode("utf-8"))


def _needs_folder(report: ScanReport, stream: BinaryIO, lang: str = "en") -> None:  # noqa: ARG001
    raise UptakeError("parquet is two files and cannot go into one", "give a folder as the target")


def _later(module: str, function: str) -> Writer:
    """A writer that is loaded when it writes: a scan that makes no workbook does not load the library for it."""

    def write(report: ScanReport, stream: BinaryIO, lang: str = "en") -> object:
        writer: Writer = getattr(import_module(f"uptake.reporting.{module}"), function)
        return writer(report, stream, lang)

    return write


FORMATS: Mapping[str, Format] = {
    "text": Format(_text_to_bytes, "summary.txt"),
    "json": Format(_later("json_out", "write_json"), "results.json"),
    "jsonl": Format(_later("jsonl", "write_jsonl"), "results.jsonl"),
    "sarif": Format(_later("sarif", "write_sarif"), "results.sarif"),
    "csv": Format(_later("csv_out", "write_csv"), "findings.csv"),
    "html": Format(_later("html", "write_html"), "report.html"),
    "xlsx": Format(_later("excel", "write_xlsx"), "report.xlsx"),
    "parquet": Format(_needs_folder, "parquet"),
}


def write_report(report: ScanReport, format: str, target: Path | BinaryIO, lang: str = "en") -> list[Path]:  # noqa: A002
    """Writes `report` to a path or a binary stream; returns the paths that were written.

    Parquet needs a folder. A file appears under its name only when it is complete.
    """
    chosen = FORMATS.get(format)
    if chosen is None:
        raise UptakeError(f"there is no report format {format!r}", f"known formats: {', '.join(FORMATS)}")
    if format == "parquet" and isinstance(target, Path):
        from uptake.reporting.parquet import write_parquet

        return write_parquet(report, target, lang)
    if not isinstance(target, Path):
        chosen.write(report, target, lang)
        return []
    return [_write_whole(report, chosen, target, lang)]


def _write_whole(report: ScanReport, chosen: Format, target: Path, lang: str) -> Path:
    """Under another name first: an interrupted run leaves the old report, not half a new one."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(target.name + ".part")
    try:
        with partial.open("wb") as stream:
            chosen.write(report, stream, lang)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return target


__all__ = ["FORMATS", "Format", "ScanReport", "write_report", "write_text"]

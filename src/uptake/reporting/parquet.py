"""Two Parquet tables for DuckDB and its like: `files.parquet` and `findings.parquet`, zstd, row groups as they come."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from uptake.reporting.model import FileResult, ScanReport, editor_line, module_hashes, severity_rank, worst
from uptake.reporting.summary import readiness_of

ROW_GROUP = 50_000
TEXT = pa.string()
WORD = pa.dictionary(pa.int32(), pa.string())
FILES = pa.schema(
    {
        "path": TEXT,
        "sha256": TEXT,
        "size": pa.int64(),
        "format": WORD,
        "status": WORD,
        "reason": TEXT,
        "readiness": WORD,
        "severity_rank": pa.int8(),
        "findings": pa.int32(),
        "projects": pa.int32(),
        "modules": pa.int32(),
        "lines": pa.int64(),
    }
)
FINDINGS = pa.schema(
    {
        "path": TEXT,
        "file_sha256": TEXT,
        "rule": WORD,
        "severity": WORD,
        "severity_rank": pa.int8(),
        "certainty": WORD,
        "target": WORD,
        "container": TEXT,
        "module": TEXT,
        "module_sha256": TEXT,
        "line": pa.int32(),
        "editor_line": pa.int32(),
        "member": TEXT,
        "statement": TEXT,
        "message": TEXT,
        "proposal": TEXT,
    }
)


class Table:
    """A Parquet file under construction: rows in, row groups out."""

    def __init__(self, path: Path, schema: pa.Schema, row_group: int) -> None:
        self._schema, self._row_group = schema, row_group
        self._writer = pq.ParquetWriter(path, schema, compression="zstd")
        self._rows: list[dict[str, Any]] = []

    def add(self, row: dict[str, Any]) -> None:
        self._rows.append({key: _utf8(value) for key, value in row.items()})
        if len(self._rows) >= self._row_group:
            self._flush()

    def _flush(self) -> None:
        self._writer.write_table(pa.Table.from_pylist(self._rows, schema=self._schema))
        self._rows.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._rows and kind is None:
            self._flush()
        self._writer.close()


def write_parquet(report: ScanReport, folder: Path, lang: str = "en", *, row_group: int = ROW_GROUP) -> list[Path]:  # noqa: ARG001
    """Writes both tables into `folder` and returns their paths; memory holds `row_group` rows of each."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / "files.parquet", folder / "findings.parquet"]
    with Table(paths[0], FILES, row_group) as files, Table(paths[1], FINDINGS, row_group) as findings:
        for result in report.files():
            files.add(_file_row(result))
            for row in _finding_rows(result):
                findings.add(row)
    return paths


def _file_row(result: FileResult) -> dict[str, Any]:
    modules = [module for project in result.get("projects", ()) for module in project.get("modules", ())]
    return {name: result.get(name) for name in ("path", "sha256", "size", "format", "status", "reason")} | {
        "readiness": readiness_of(result),
        "severity_rank": worst(result.get("findings", ())),
        "findings": len(result.get("findings", ())),
        "projects": len(result.get("projects", ())),
        "modules": len(modules),
        "lines": sum(int(module.get("lines") or 0) for module in modules),
    }


def _finding_rows(result: FileResult) -> Sequence[dict[str, Any]]:
    hashes = module_hashes(result) if result.get("findings") else {}
    return [
        {name: finding.get(name) for name in FINDINGS.names}
        | {
            "path": result["path"],
            "file_sha256": result.get("sha256"),
            "severity_rank": severity_rank(finding),
            "module_sha256": hashes.get((finding.get("container") or "", (finding.get("module") or "").lower())),
            "editor_line": editor_line(finding),
        }
        for finding in result.get("findings", ())
    ]


def _utf8(value: Any) -> Any:
    """Names that are no valid Unicode keep their bytes as escapes; Arrow takes UTF-8 only."""
    return value.encode("utf-8", "backslashreplace").decode("utf-8") if isinstance(value, str) else value

"""A small folder of documents, scanned through the real wiring."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from uptake.adapters.concealment import Concealer
from uptake.adapters.scanning import Scan, ScanRequest
from uptake.assess.samples import Extras, ooxml
from uptake.assess.samples.library import project

Result = dict[str, Any]


@cache
def macro_document() -> bytes:
    return ooxml("xlsm", Extras(project=project("clipboard.bas")))


@cache
def plain_document() -> bytes:
    return ooxml("docx", title="Letter")


class Estate:
    """A folder with documents, and what scans of it found."""

    def __init__(self, place: Path) -> None:
        self.root = place / "estate"
        self.out = place / "out"
        self.root.mkdir()
        self.read: list[str] = []
        """Paths that went to a worker in the last scan."""

    def write(self, name: str, data: bytes | None = None) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(macro_document() if data is None else data)
        return path

    def request(self, **more: Any) -> ScanRequest:
        return replace(ScanRequest([str(self.root)], workers=1), **more)

    def scan(
        self,
        *,
        concealer: Concealer | None = None,
        stop_after: int = 0,
        each: Callable[[Scan, Result], None] = lambda _scan, _result: None,
        **more: Any,
    ) -> list[Result]:
        """The results of a scan as they come; stopped after some of them."""
        results: list[Result] = []
        self.read = []

        def on_result(result: Result) -> None:
            results.append(result)
            each(scan, result)
            if stop_after and len(results) >= stop_after:
                scan.stop()

        with Scan(self.request(**more), self.out, concealer=concealer, on_result=on_result) as scan:
            changed = scan._changed

            def counted() -> Any:
                for task in changed():
                    if task:
                        self.read.append(task.entry.path)
                    yield task

            scan._changed = counted  # type: ignore[method-assign]
            for _ in scan.run():
                pass
            self.progress = scan.progress
            self.stored = list(scan.store.files())
        return results


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    return Estate(tmp_path)

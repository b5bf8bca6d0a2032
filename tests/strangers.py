"""Real files by strangers, outside of the repository: UPTAKE_CORPUS names their folder, or it is `../shared` beside the checkout."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("UPTAKE_CORPUS") or Path(__file__).resolve().parents[2] / "shared")


def needed(path: Path) -> Path:
    """The path when it is there; otherwise the test is skipped, and under UPTAKE_REQUIRE_ALL=1 it fails."""
    if path.exists():
        return path
    message = f"files of strangers are not here: UPTAKE_CORPUS names no folder with {path.relative_to(SHARED)}"
    if os.environ.get("UPTAKE_REQUIRE_ALL") == "1":
        pytest.fail(message)
    pytest.skip(message)


def files(folder: str, pattern: str) -> list[Path]:
    """Files below a folder; the folder itself where there are none, so that a test says so by `needed`."""
    return sorted((SHARED / folder).rglob(pattern)) or [SHARED / folder / "any file"]

"""The samples outside of the repository."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture
def samples() -> Path:
    root = os.environ.get("UPTAKE_CORPUS")
    folder = Path(root or "missing") / "usage-data/samples"
    if not folder.is_dir():
        pytest.skip("UPTAKE_CORPUS names no folder with usage-data/samples")
    return folder

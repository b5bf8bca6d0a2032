"""The samples outside of the repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from strangers import SHARED, needed


@pytest.fixture
def samples() -> Path:
    return needed(SHARED / "usage-data/samples")

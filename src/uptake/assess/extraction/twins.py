"""The optional twins in C of the inner loops; None where no compiler was at hand, and Python does the work."""

from __future__ import annotations

import os
from pathlib import Path
from types import ModuleType


def _is_stale(library: Path) -> bool:
    """Compiled from another source than the one beside it: a checkout that was updated and not built again."""
    source = library.with_name("_twins.c")
    return source.exists() and source.stat().st_mtime > library.stat().st_mtime


twins: ModuleType | None
try:
    if os.environ.get("UPTAKE_PURE_PYTHON"):  # to measure and test what a machine without a compiler does
        raise ImportError
    from uptake.assess.extraction import _twins

    twins = None if _is_stale(Path(_twins.__file__)) else _twins
except ImportError:
    twins = None

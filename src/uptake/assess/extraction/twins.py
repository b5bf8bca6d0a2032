"""The optional twins in C of the inner loops; None where no compiler was at hand, and Python does the work."""

from __future__ import annotations

import os
from types import ModuleType

twins: ModuleType | None
try:
    if os.environ.get("UPTAKE_PURE_PYTHON"):  # to measure and test what a machine without a compiler does
        raise ImportError
    from uptake.assess.extraction import _twins

    twins = _twins
except ImportError:
    twins = None

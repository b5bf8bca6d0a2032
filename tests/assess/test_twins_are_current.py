"""A library that was compiled from another source is left out: wrong results are worse than slow ones."""

from __future__ import annotations

import os
from pathlib import Path

from uptake.assess.extraction.twins import _is_stale


def test_a_library_older_than_its_source_is_stale(tmp_path: Path) -> None:
    library, source = tmp_path / "_twins.abi3.so", tmp_path / "_twins.c"
    library.touch()
    assert not _is_stale(library)
    source.touch()
    os.utime(library, (1, 1))
    assert _is_stale(library)
    os.utime(source, (1, 1))
    assert not _is_stale(library)

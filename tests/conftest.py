"""One real Chromium a process: two of them cannot be driven side by side in one event loop."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = Path(os.environ.get("UPTAKE_CHROMIUM", "/usr/bin/chromium"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Debian's Chromium, or the one that UPTAKE_CHROMIUM names."""
    if not CHROMIUM.exists():
        if os.environ.get("UPTAKE_REQUIRE_ALL") == "1":
            pytest.fail(f"{CHROMIUM} is missing and UPTAKE_REQUIRE_ALL=1")
        pytest.skip(f"{CHROMIUM} is missing: install Debian's chromium, or say where it is in UPTAKE_CHROMIUM")
    from playwright.sync_api import sync_playwright

    # Chromium refuses its sandbox to root; containers run as root.
    arguments = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(CHROMIUM), args=arguments)
        yield started
        started.close()

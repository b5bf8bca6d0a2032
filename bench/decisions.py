"""10,000 random sets of decisions built, checked and read back, and as many faults: tests of `tests/deploy/odt` for longer."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from _common import HOME, begin


def main(arguments: list[str]) -> int:
    count = arguments[0] if arguments else "10000"
    begun = time.perf_counter()
    command = [sys.executable, "-m", "pytest", "-q", "tests/deploy/odt/test_building.py", "-k", "decisions or fault"]
    ended = subprocess.run(command, cwd=HOME, env={**os.environ, "UPTAKE_EXAMPLES": count}, check=False).returncode
    print(f"{count} examples a test: {time.perf_counter() - begun:.0f} s")
    return ended


if __name__ == "__main__":
    begin(main)

"""Files that endpoints report, of every kind that `uptake addins` reads → what was collected of their devices.

One reader for the command and the web application, so that both know the same kinds.
"""

from __future__ import annotations

from pathlib import PurePath

from uptake.adapters.registry_hives import is_hive, read_hive
from uptake.assess.addins.readiness import Collected, read_all


def read_endpoints(content: bytes, name: str) -> list[Collected]:
    """The devices of one file; where it names none, its own name stands for one. Raises `UptakeError`."""
    stem = PurePath(name).stem
    if is_hive(content):
        return [Collected(stem, registry=read_hive(content, PurePath(name).name))]
    return read_all(content, stem)

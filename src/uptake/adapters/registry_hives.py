"""Registry hives as files (regf), read by regipy: the one place that knows the library and lets it open a file.

SOFTWARE becomes `hklm\\software`, NTUSER.DAT `hkcu`, UsrClass.dat `hkcu\\software\\classes`. Hives are strangers': whatever
the library raises becomes a problem of the device.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from uptake.assess.addins.registry import MOST_KEYS, Data, Registry
from uptake.core.errors import UptakeError

SIGNATURE = b"regf"
PLACES = {"software": "hklm\\software", "ntuser": "hkcu", "usrclass": "hkcu\\software\\classes"}
PROGRAMS = (
    "Windows\\CurrentVersion\\Uninstall",
    "Windows\\CurrentVersion\\App Paths",
    "Windows Messaging Subsystem\\MSMapiApps",
)
WANTED = {
    "hklm\\software": (
        "\\Microsoft\\Office", "\\WOW6432Node\\Microsoft\\Office", "\\Microsoft\\Visio", "\\Classes", "\\WOW6432Node\\Classes",
        *(f"{view}\\Microsoft\\{key}" for view in ("", "\\WOW6432Node") for key in PROGRAMS),
    ),
    "hkcu": (
        "\\Software\\Microsoft\\Office", "\\Software\\Microsoft\\Visio", "\\Software\\Policies\\Microsoft\\Office",
        "\\Software\\Classes", "\\Software\\Microsoft\\Windows\\CurrentVersion\\Uninstall",
    ),
    "hkcu\\software\\classes": ("\\",),
}  # fmt: skip
DEEPEST = 40


def is_hive(content: bytes) -> bool:
    return content[:4] == SIGNATURE


def read_hive(content: bytes, name: str) -> Registry:
    """Keys of a hive below which add-ins are registered. Raises `UptakeError` when it is no hive or nobody can say which."""
    from regipy import registry as regipy_registry

    logging.getLogger("regipy").setLevel(logging.CRITICAL)
    place = next((root for word, root in PLACES.items() if word in name.lower()), "")
    found = Registry()
    with tempfile.TemporaryDirectory(prefix="uptake-hive-") as folder:
        path = Path(folder) / "hive"
        path.write_bytes(content)
        try:
            open_hive: Any = regipy_registry.RegistryHive
            hive = open_hive(str(path))
            place = place or PLACES.get(_kind(hive), "")
        except Exception as error:
            raise UptakeError(f"{name} is no registry hive that can be read: {type(error).__name__}") from error
        if not place:
            raise UptakeError(
                f"{name} is a hive of an unknown kind", hint="SOFTWARE, NTUSER.DAT and UsrClass.dat are read."
            )
        for start in WANTED[place]:
            _walk(hive, start, place, found)
    return found


def _kind(hive: Any) -> str:
    kind = str(hive.hive_type or "").lower()
    return {"software": "software", "ntuser": "ntuser", "usrclass": "usrclass"}.get(kind, "")


def _walk(hive: Any, start: str, place: str, found: Registry) -> None:
    from regipy.exceptions import RegistryKeyNotFoundException

    try:
        root = hive.root if start == "\\" else hive.get_key(start)
    except RegistryKeyNotFoundException:
        return
    except Exception as error:  # noqa: BLE001 - see above
        found.problems.append(f"{start}: {type(error).__name__}")
        return
    ahead = [
        (
            root,
            place + ("" if start == "\\" else start.removeprefix("\\Software") if place.endswith("classes") else start),
            0,
        )
    ]
    while ahead and len(found.keys) < MOST_KEYS:
        key, path, depth = ahead.pop()
        try:
            found.add(path)
            for title, data in _values(key):
                found.set(path, title, data)
            if depth < DEEPEST:
                ahead += [(child, f"{path}\\{child.name}", depth + 1) for child in key.iter_subkeys()]
        except Exception as error:  # noqa: BLE001 - see above
            found.problems.append(f"{path}: {type(error).__name__}")


def _values(key: Any) -> Iterator[tuple[str, Data]]:
    if not key.values_count:
        return
    for value in key.iter_values(as_json=False):
        title = "" if value.name == "(default)" else str(value.name)
        data = value.value
        if isinstance(data, list):
            yield title, tuple(map(str, data))
        elif isinstance(data, bytes | int):
            yield title, data
        else:
            yield title, str(data)

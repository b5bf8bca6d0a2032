"""The collector for Windows as the file that is handed over: UTF-8 with a mark and Windows line ends, as PowerShell 5.1 expects."""

from __future__ import annotations

from importlib.resources import files


def collector() -> bytes:
    """Bytes of `collect.ps1`."""
    text = files("uptake.assess.addins").joinpath("collector.ps1").read_text(encoding="utf-8")
    return b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()

"""Exported modules (`.bas`, `.cls`, `.frm`): a file of source as a project of one module."""

from __future__ import annotations

import re

from uptake.assess.documents.model import Document
from uptake.assess.extraction.model import Module, VbaProject

NAME = re.compile(r'^Attribute VB_Name = "([^"\n]*)"', re.MULTILINE)
MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
KANA = re.compile("[\u3041-\u30ff]")


def read_source_module(document: Document) -> VbaProject:
    """The module that a plain source file holds. The file does not say its code page, so the text decides."""
    data = document.source or b""
    codec = _codec(data)
    text = data.decode(codec, "replace").replace("\r\n", "\n").replace("\r", "\n")
    found = NAME.search(text)
    module = Module(found.group(1) if found else "", _kind(text), text)
    return VbaProject(
        document.location or "source", codepage=_CODE_PAGES.get(codec, 1252), codec=codec, modules=[module]
    )


_CODE_PAGES = {"utf-8": 65001, "utf-8-sig": 65001, "utf-16": 1200, "cp932": 932, "cp1252": 1252}


def _codec(data: bytes) -> str:
    for mark, codec in MARKS:
        if data.startswith(mark):
            return codec
    for codec in ("utf-8", "cp932"):
        try:
            text = data.decode(codec)
        except UnicodeDecodeError:
            continue
        if codec == "utf-8" or KANA.search(text):
            return codec
    return "cp1252"


def _kind(text: str) -> str:
    head = text[:4000].lstrip().upper()
    if head.startswith("VERSION 5.00") or "BEGIN {" in head[:200] or "BEGIN VB.FORM" in head[:400]:
        return "form"
    if head.startswith("VERSION 1.0 CLASS"):
        return "class"
    return "standard"

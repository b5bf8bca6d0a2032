"""Code pages of VBA projects as Python codecs, with a decoding that loses nothing and never raises.

[MS-OVBA] 2.3.4.2.1.4 names the code page of all text in a project. Thirteen of them occur in a few hundred documents.
"""

from __future__ import annotations

import codecs

_SPECIAL = {
    708: "iso8859_6",
    936: "gbk",
    949: "cp949",
    950: "cp950",
    1361: "johab",
    10000: "mac_roman",
    10001: "shift_jis",
    10002: "big5",
    10003: "euc_kr",
    10004: "mac_arabic",
    10005: "hebrew",
    10006: "mac_greek",
    10007: "mac_cyrillic",
    10008: "gb2312",
    10010: "mac_romanian",
    10029: "mac_latin2",
    10079: "mac_iceland",
    10081: "mac_turkish",
    10082: "mac_croatian",
    20127: "ascii",
    20866: "koi8_r",
    20932: "euc_jp",
    20936: "gb2312",
    21866: "koi8_u",
    28591: "iso8859_1",
    51932: "euc_jp",
    51949: "euc_kr",
    52936: "hz",
    54936: "gb18030",
    65000: "utf_7",
    65001: "utf_8",
}
_LANGUAGE_PAGES = {  # primary language of an LCID → ANSI code page ([MS-LCID]; Windows' national language support)
    0x01: 1256,  # Arabic
    0x02: 1251,  # Bulgarian
    0x04: 936,  # Chinese; Taiwan, Hong Kong and Macau below
    0x05: 1250,  # Czech
    0x08: 1253,  # Greek
    0x0D: 1255,  # Hebrew
    0x0E: 1250,  # Hungarian
    0x11: 932,  # Japanese
    0x12: 949,  # Korean
    0x15: 1250,  # Polish
    0x18: 1250,  # Romanian
    0x19: 1251,  # Russian
    0x1A: 1250,  # Croatian; Serbian in Cyrillic below
    0x1B: 1250,  # Slovak
    0x1C: 1250,  # Albanian
    0x1E: 874,  # Thai
    0x1F: 1254,  # Turkish
    0x20: 1256,  # Urdu
    0x22: 1251,  # Ukrainian
    0x23: 1251,  # Belarusian
    0x24: 1250,  # Slovenian
    0x25: 1257,  # Estonian
    0x26: 1257,  # Latvian
    0x27: 1257,  # Lithuanian
    0x29: 1256,  # Persian
    0x2A: 1258,  # Vietnamese
    0x2C: 1254,  # Azeri
    0x2F: 1251,  # Macedonian
    0x3F: 1251,  # Kazakh
    0x40: 1251,  # Kyrgyz
    0x43: 1254,  # Uzbek
    0x44: 1251,  # Tatar
    0x50: 1251,  # Mongolian
}
_LCID_PAGES = {0x0404: 950, 0x0C04: 950, 0x1404: 950, 0x0C1A: 1251, 0x1C1A: 1251, 0x082C: 1251, 0x0843: 1251}


def codec_of(codepage: int, lcid: int = 0) -> str:
    """The Python codec of a code page; 0 means the ANSI page of the LCID; an unknown page is read as 1252."""
    if codepage in (0, 1):
        codepage = _LCID_PAGES.get(lcid) or _LANGUAGE_PAGES.get(lcid & 0x3FF, 1252)
    name = _SPECIAL.get(codepage) or f"cp{codepage}"
    try:
        codecs.lookup(name)
    except LookupError:
        return "cp1252"
    return name


_KEEP_ASCII = frozenset([f"cp{number}" for number in (874, 932, 949, 950, *range(1250, 1259))] + ["gbk", "utf_8"])
"""Code pages that say of the lower half what ASCII says; most text is nothing else, and its decoder is built in."""


def keeps_ascii(codec: str) -> bool:
    """Whether bytes below 0x80 are ASCII in a code page, wherever they stand."""
    return codec in _KEEP_ASCII


def decode(raw: bytes, codec: str) -> str:
    """Text of `raw`; a byte that the code page does not define becomes the character of the same number."""
    if codec in _KEEP_ASCII and raw.isascii():
        return raw.decode("ascii")
    try:
        return raw.decode(codec)
    except UnicodeDecodeError:
        return raw.decode(codec, "uptake-same-number")


def _same_number(problem: UnicodeError) -> tuple[str, int]:
    if not isinstance(problem, UnicodeDecodeError):
        raise problem
    end = max(problem.end, problem.start + 1)
    return problem.object[problem.start : end].decode("latin-1"), end


codecs.register_error("uptake-same-number", _same_number)

"""Stomped modules: compiled code without the source that it came from ([MS-OVBA] 2.3.4.3, 2.2.6).

Office runs the compiled code only in the version and bitness that made it, so such a project is dead on 64-bit Office.
The judgement is conservative: only code that is plainly there and source that is plainly not count.
"""

from __future__ import annotations

import re

PLAIN_CACHE = 3500
"""Bytes of compiled code beyond any module without statements: of 559 such modules of strangers the largest has 2,434
(4,300 with the attributes of a hundred controls, for which `PER_CHARACTER` allows)."""
PER_CHARACTER = 2
_ATTRIBUTE = re.compile(r"(?m)^(?:Attribute |VERSION |Begin |End$|BEGIN|END$|  MultiUse)[^\n]*$")


def looks_stomped(text: str, cache: int, is_sound: bool) -> bool:
    """Whether the source is nothing but attributes although `cache` bytes of compiled code stand before it."""
    if not is_sound or cache < PLAIN_CACHE + PER_CHARACTER * len(text):
        return False
    return len(text) < 4096 and not _ATTRIBUTE.sub("", text).strip()

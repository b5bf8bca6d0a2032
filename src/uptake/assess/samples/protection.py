"""The CMG, DPB and GC lines of a PROJECT stream: who may look at a project ([MS-OVBA] 2.3.1.15 to 2.3.1.17, 2.4.3).

The values are obscured, not encrypted; a fixed seed keeps the samples the same from run to run.
"""

from __future__ import annotations

import hashlib
import struct

SEED = 0x4A
VERSION = 2


def protection_lines(protection: str, project_id: str, password: str) -> list[str]:
    """The three lines for `protection`: none, password, user or unviewable."""
    if protection == "unviewable":
        # What tools that make projects unviewable do: values that decode to nothing.
        return ['CMG=""', 'DPB="00"', 'GC="00000000"']
    flags = {"none": 0, "user": 1, "password": 5}[protection]
    secret = password_hash(password) if protection == "password" else b"\0"
    visible = b"\0" if protection == "password" else b"\xff"
    values = {"CMG": struct.pack("<I", flags), "DPB": secret, "GC": visible}
    return [f'{name}="{obscured(data, project_id)}"' for name, data in values.items()]


def obscured(data: bytes, project_id: str, seed: int = SEED) -> str:
    """Data encryption of [MS-OVBA] 2.4.3.2 as upper-case hexadecimal."""
    key = sum(project_id.encode("ascii")) & 0xFF
    out = [seed, seed ^ VERSION, seed ^ key]
    plain = key
    ignored = bytes([7] * ((seed & 6) // 2))
    for byte in ignored + struct.pack("<I", len(data)) + data:
        out.append(byte ^ ((out[-2] + plain) & 0xFF))
        plain = byte
    return bytes(out).hex().upper()


def password_hash(password: str, salt: bytes = b"\x8d\x02\x5c\xa1") -> bytes:
    """Password hash structure of [MS-OVBA] 2.4.4.1: zero bytes are replaced and remembered in a bit field."""
    digest = hashlib.sha1(password.encode("cp1252", "replace") + salt, usedforsecurity=False).digest()
    bits = 0
    for index, byte in enumerate(salt + digest):
        bits |= (byte != 0) << index
    stored = bytes(byte or 1 for byte in salt + digest)
    return b"\xff" + struct.pack("<I", bits)[:3] + stored + b"\0"

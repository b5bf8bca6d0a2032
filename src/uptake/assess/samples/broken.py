"""Documents that are damaged, locked or hostile on purpose: what a scan of a real share meets and has to survive."""

from __future__ import annotations

import hashlib
import io
import random
import struct
import zipfile
from collections.abc import Callable

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from msoffcrypto.format.ooxml import OOXMLFile

from uptake.assess.samples.compound import SECTOR, compound
from uptake.assess.samples.package import XML, zipped

SPIN = 50_000
BLOCK = 16


def encrypted(package: bytes, password: str = "secret", *, salt: bytes = b"uptake sample 16") -> bytes:  # noqa: S107
    """`package` with a password, in ECMA-376 standard encryption, AES-128 ([MS-OFFCRYPTO] 2.3.4.5 to 2.3.4.9)."""
    key = _standard_key(password, salt)
    verifier = hashlib.md5(salt, usedforsecurity=False).digest()
    digest = hashlib.sha1(verifier, usedforsecurity=False).digest().ljust(32, b"\0")
    provider = "Microsoft Enhanced RSA and AES Cryptographic Provider\0".encode("utf-16-le")
    header = struct.pack("<IIIIIIII", 0x24, 0, 0x660E, 0x8004, 128, 0x18, 0, 0) + provider
    info = struct.pack("<HHII", 4, 2, 0x24, len(header)) + header
    info += struct.pack("<I", len(salt)) + salt + _aes(key, verifier) + struct.pack("<I", 20) + _aes(key, digest)
    body = struct.pack("<Q", len(package)) + _aes(key, package.ljust(-(-len(package) // BLOCK) * BLOCK, b"\0"))
    return compound({"EncryptionInfo": info, "EncryptedPackage": body, **_data_spaces()})


def encrypted_agile(package: bytes, password: str = "secret") -> bytes:  # noqa: S107
    """`package` as Office 2010 and later encrypt it; the keys are random, so it differs from run to run.

    For packages of 4 KB and more: smaller ones, which lie in the mini stream, msoffcrypto writes unreadably.
    """
    out = io.BytesIO()
    OOXMLFile(io.BytesIO(package)).encrypt(password, out)
    return out.getvalue()


def _standard_key(password: str, salt: bytes) -> bytes:
    digest = hashlib.sha1(salt + password.encode("utf-16-le"), usedforsecurity=False).digest()
    for turn in range(SPIN):
        digest = hashlib.sha1(struct.pack("<I", turn) + digest, usedforsecurity=False).digest()
    digest = hashlib.sha1(digest + bytes(4), usedforsecurity=False).digest()
    mixed = bytes(a ^ 0x36 for a in digest.ljust(64, b"\0"))
    return hashlib.sha1(mixed, usedforsecurity=False).digest()[:BLOCK]


def _aes(key: bytes, data: bytes) -> bytes:
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305 — the format prescribes it
    return encryptor.update(data) + encryptor.finalize()


def _data_spaces() -> dict[str, bytes]:
    """The streams that tell Office how the package is transformed ([MS-OFFCRYPTO] 2.1)."""

    def wide(text: str) -> bytes:
        data = text.encode("utf-16-le")
        return struct.pack("<I", len(data)) + data + bytes(-len(data) % 4)

    version = wide("Microsoft.Container.DataSpaces") + struct.pack("<HHHHHH", 1, 0, 1, 0, 1, 0)
    entry = struct.pack("<II", 1, 0) + wide("EncryptedPackage") + wide("StrongEncryptionDataSpace")
    space_map = struct.pack("<III", 8, 1, len(entry) + 4) + entry
    definition = struct.pack("<II", 8, 1) + wide("StrongEncryptionTransform")
    transform = wide("{FF9A3F03-56EF-4613-BDD5-5A41C1D07246}")
    primary = struct.pack("<II", len(transform) + 8, 1) + transform + wide("Microsoft.Container.EncryptionTransform")
    primary += struct.pack("<HHHHHH", 1, 0, 1, 0, 1, 0) + struct.pack("<IIII", 0, 0, 0, 4)
    root = "\x06DataSpaces"
    return {
        f"{root}/Version": version,
        f"{root}/DataSpaceMap": space_map,
        f"{root}/DataSpaceInfo/StrongEncryptionDataSpace": definition,
        f"{root}/TransformInfo/StrongEncryptionTransform/\x06Primary": primary,
    }


def truncated(data: bytes, share: float = 0.5) -> bytes:
    """The first part of `data`, as an interrupted copy leaves it."""
    return data[: int(len(data) * share)]


def flipped(data: bytes, *, seed: int = 1, count: int = 20, start: int = 0) -> bytes:
    """`data` with `count` bits turned over, none before `start`."""
    out, chance = bytearray(data), random.Random(seed)  # noqa: S311
    for _ in range(count):
        out[chance.randrange(start, len(out))] ^= 1 << chance.randrange(8)
    return bytes(out)


def zip_bomb(package: bytes, *, part: str = "xl/media/image1.png", megabytes: int = 512) -> bytes:
    """`package` with one more part of zeros: about a thousandth of `megabytes` on disk."""
    out = io.BytesIO(package)
    block = bytes(1 << 20)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        entry = zipfile.ZipInfo(part, (2020, 4, 1, 9, 0, 0))
        entry.compress_type = zipfile.ZIP_DEFLATED
        with archive.open(entry, "w", force_zip64=True) as stream:
            for _ in range(megabytes):
                stream.write(block)
    return out.getvalue()


def nested(document: bytes, wrap: Callable[[bytes], bytes], depth: int = 50) -> bytes:
    """`document` inside itself `depth` times over; `wrap` puts bytes into a document."""
    for _ in range(depth):
        document = wrap(document)
    return document


def nested_zip(document: bytes, depth: int = 50) -> bytes:
    """A zip in a zip in a zip, with `document` at the bottom."""
    return nested(document, lambda data: zipped({"inner.zip": data}), depth)


def xml_entities(package: bytes, part: str = "xl/workbook.xml", *, external: bool = False) -> bytes:
    """`package` with a part that begins with entities: ten levels of ten, or one that names a local file."""
    if external:
        head = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    else:
        levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 11))
        head = f'<!DOCTYPE x [<!ENTITY e0 "uptake">{levels}]>'
    entity = "&e;" if external else "&e10;"
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    text = parts[part].decode("utf-8").removeprefix(XML)
    first = text.index(">") + 1
    parts[part] = f"{XML}{head}{text[:first]}<!-- e -->{entity}{text[first:]}".encode()
    return zipped(parts)


def cyclic(data: bytes) -> bytes:
    """A compound file whose first chain of four or more sectors runs back to its beginning."""
    out = bytearray(data)
    fat_at = (struct.unpack_from("<I", out, 76)[0] + 1) * SECTOR
    table = list(struct.unpack_from("<128I", out, fat_at))
    start = next(n for n in range(124) if [table[n + k] for k in range(3)] == [n + 1, n + 2, n + 3])
    struct.pack_into("<I", out, fat_at + 4 * (start + 2), start)
    return bytes(out)

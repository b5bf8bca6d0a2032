"""Names hidden as Microsoft's toolkit did: drive, the first two characters and the extension stay, the rest becomes asterisks.

The clear names go to a key file of their own, which stays with the customer; the reference code in it joins the two
(ORT article of OfficeDocs-DeployOffice, 2023-12-18: `file-names.log`). The code is keyed, so a guessed name cannot be confirmed.
"""

from __future__ import annotations

import hmac
import os
import re
import secrets
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any

import orjson

from uptake.assess.scan import encode
from uptake.core.errors import UptakeError

STARS = 8
KEY_FILE = "names.key.tsv"
# What looks like a path inside texts: drive, share, file or web address, up to a character that ends a name.
PATH_IN_TEXT = re.compile(r"(?:[A-Za-z]:[\\/]|\\\\[^\\/\s\"']|(?:file|https?|ftp)://)[^\"'<>|*?\r\n\t;,)]*")
TEXTS = ("statement", "message", "proposal")


class Concealer:
    """Conceals paths and remembers them in a key file, `code<TAB>clear name` a line; the first line holds the secret."""

    def __init__(self, key_file: Path) -> None:
        self._path = key_file
        try:
            self._secret = self._read_secret()
            self._file = key_file.open("a", encoding="utf-8", errors="backslashreplace")
        except OSError as error:
            raise UptakeError(
                f"{key_file} cannot be written: {error.strerror}", "name another place with --key-file"
            ) from error
        self._seen: set[str] = set()

    def _read_secret(self) -> bytes:
        if self._path.exists():
            first = self._path.read_text(encoding="utf-8").partition("\n")[0]
            if re.fullmatch(r"secret\t[0-9a-f]{64}", first):
                return bytes.fromhex(first.split("\t")[1])
            raise UptakeError(f"{self._path} is not a key file of uptake", "name another file with --key-file")
        secret = secrets.token_bytes(32)
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(f"secret\t{secret.hex()}\n")
        return secret

    @property
    def identity(self) -> str:
        """Tells stores apart that were concealed with different keys."""
        return sha256(self._secret).hexdigest()[:12]

    def close(self) -> None:
        self._file.close()

    def key(self, path: str) -> bytes:
        return hmac.digest(self._secret, os.fsencode(path), "sha256")

    def code(self, text: str) -> str:
        """Reference code of a name: the same name has the same code as long as the key file is kept."""
        return hmac.digest(self._secret, text.encode("utf-8", "surrogatepass"), "sha256").hex()[:16]

    def conceal_path(self, path: str) -> str:
        """`/srv/pay/Salaries.xlsm` → `/sr********/pa********/Sa********.xlsm#0f3c…`, and a line in the key file."""
        code = self.code(path)
        if code not in self._seen:
            self._seen.add(code)
            line = path.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
            self._file.write(f"{code}\t{line}\n")
            self._file.flush()
        return f"{masked(path)}#{code}"

    def conceal_result(self, result: bytes) -> bytes:
        """A file result with every path in it masked: references, containers, statements, code around findings."""
        data: dict[str, Any] = orjson.loads(result)
        for project in data["projects"]:
            project["container"] = _masked_container(project["container"])
            for reference in project["references"]:
                reference["path"] = masked(reference["path"])
        for finding in data["findings"]:
            finding["container"] = _masked_container(finding["container"])
            for name in TEXTS:
                if finding.get(name):
                    finding[name] = _masked_text(finding[name])
            finding["context"] = [[line, _masked_text(text)] for line, text in finding["context"]]
            finding["arguments"] = {k: _masked_text(str(v)) for k, v in finding["arguments"].items()}
        data["reason"] = _masked_text(data["reason"])
        data["defects"] = [_masked_text(text) for text in data["defects"]]
        return encode(data)


def masked(path: str) -> str:
    """Each part of a path: two characters, at most eight asterisks, and the extension of the last part."""
    parts = re.split(r"([\\/]+)", path)
    last = max((i for i, part in enumerate(parts) if part and part[0] not in "\\/"), default=-1)
    return "".join(_part(part, is_last=place == last) for place, part in enumerate(parts))


def _part(part: str, *, is_last: bool) -> str:
    if not part or part[0] in "\\/" or re.fullmatch(r"[A-Za-z]:", part) or part.endswith(":"):
        return part
    extension = PurePosixPath(part).suffix if is_last else ""
    stem = part[: len(part) - len(extension)] if extension else part
    return stem[:2] + "*" * min(STARS, max(1, len(stem) - 2)) + extension


def _masked_container(container: str) -> str:
    """Members of zip archives and attachments carry names; the fixed names of Office parts stay."""
    return "!".join(level if _FIXED.match(level) else masked(level) for level in container.split("!"))


_FIXED = re.compile(
    r"^(?:(?:xl|word|ppt|visio)/[\w/]*[\w.]+|_VBA_PROJECT_CUR|Macros|VBA|source|__substg1\.0_\w+|PowerPoint Document@\d+)?$"
)


def _masked_text(text: str) -> str:
    return PATH_IN_TEXT.sub(lambda match: masked(match.group()), text)

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
from pathlib import Path
from typing import Any

import orjson

from uptake.assess.scan import encode
from uptake.core.errors import UptakeError

STARS = 8
KEY_FILE = "names.key.tsv"
# What looks like a path inside texts: drive, share, file or web address, up to a character that ends a name.
PATH_IN_TEXT = re.compile(r"(?:[A-Za-z]:[\\/]|\\\\[^\\/\s\"']|(?:file|https?|ftp)://)[^\"'<>|?\r\n\t;,)]*")
TEXTS = ("statement", "proposal")
KNOWN_EXTENSION = (
    r"(?:xl[a-z]{1,2}|do[ct][xm]?|pp[ast][xm]?|po[ct][xm]?|pps|sld[xm]|vs[ds][xm]?|vst[xm]?|vd[xw]|mp[pt]|md[abewt]|acc[a-z]{1,2}|adp"
    r"|pub|msg|eml|pst|otm|one|rtf|csv|txt|pdf|html?|mht(?:ml)?|xml|od[bgpst]|ot[pst]|zip|7z|rar|gz|slk|dif|dbf|udl|dsn|ini"
    r"|bas|cls|frm|vba|vbs|jpe?g|png|gif|bmp|tiff?|mp[34]|exe|dll|ocx|log|bin|db|dot|pot|dat)"
)
EXTENSION = re.compile(rf"(?i)\.{KNOWN_EXTENSION}\Z")
# A file name inside quotation marks may have spaces, elsewhere it ends at them.
QUOTED_NAME = re.compile(rf"(?i)(?<=[\"'“‘])[^\"'“”‘’\r\n]*\.{KNOWN_EXTENSION}(?=[\"'”’])")
BARE_NAME = re.compile(rf"(?i)[^\s:?\"<>|!'()=;,&“”‘’]+\.{KNOWN_EXTENSION}\b(?![\w*])")
MASKED = re.compile(r".{1,2}\*{1,8}\Z", re.DOTALL)


class Concealer:
    """Conceals paths and remembers them in a key file, `code<TAB>clear name` a line; the first line holds the secret."""

    def __init__(self, key_file: Path) -> None:
        self._path = key_file
        self._seen: set[int] = set()
        try:
            key_file.parent.mkdir(parents=True, exist_ok=True)
            self._secret = self._read_secret()
            self._file = key_file.open("ab", buffering=0)
            if self._is_torn():
                self._file.write(b"\n")
        except OSError as error:
            raise UptakeError(
                f"{key_file} cannot be written: {error.strerror}", "name another place with --key-file"
            ) from error

    def _read_secret(self) -> bytes:
        """The secret of the first line; the codes of the others are those that need no second line."""
        if self._path.exists():
            with self._path.open("rb") as lines:
                first = re.fullmatch(rb"secret\t([0-9a-f]{64})\n", lines.readline(100))
                if not first:
                    raise UptakeError(f"{self._path} is not a key file of uptake", "name another file with --key-file")
                self._seen.update(int(code[1], 16) for code in map(_CODE.match, lines) if code)
            return bytes.fromhex(first[1].decode())
        secret = secrets.token_bytes(32)
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(f"secret\t{secret.hex()}\n")
        return secret

    def _is_torn(self) -> bool:
        """Whether a power cut left half a line at the end."""
        with self._path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) != b"\n"

    @property
    def path(self) -> Path:
        """Where the clear names are."""
        return self._path

    @property
    def identity(self) -> str:
        """Tells stores apart that were concealed with different keys."""
        return sha256(self._secret).hexdigest()[:12]

    def close(self) -> None:
        """Let go of the key file."""
        self._file.close()

    def key(self, path: str) -> bytes:
        """Under which a store knows a file without knowing its name."""
        return hmac.digest(self._secret, os.fsencode(path), "sha256")

    def code(self, text: str) -> str:
        """Reference code of a name: the same name has the same code as long as the key file is kept."""
        return hmac.digest(self._secret, text.encode("utf-8", "surrogatepass"), "sha256").hex()[:16]

    def conceal_path(self, path: str) -> str:
        """`/srv/pay/Salaries.xlsm` → `/sr********/pa********/Sa********.xlsm#0f3c…`, and a line in the key file."""
        code = self.code(path)
        if int(code, 16) not in self._seen:
            line = path.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
            self._file.write(f"{code}\t{line}\n".encode("utf-8", "backslashreplace"))
            self._seen.add(int(code, 16))
        return f"{masked(path)}#{code}"

    def conceal_result(self, result: bytes) -> bytes:
        """A file result with every path and file name in it masked: references, containers, statements, code around findings."""
        data: dict[str, Any] = orjson.loads(result)
        for project in data["projects"]:
            project["container"] = _masked_container(project["container"])
            for reference in project["references"]:
                reference["path"] = masked(reference["path"])
                reference["description"] = _masked_text(reference["description"])
        for finding in data["findings"]:
            _conceal_finding(finding)
        data["reason"] = _masked_sentence(data["reason"])
        data["defects"] = [_masked_sentence(text) for text in data["defects"]]
        return encode(data)


_CODE = re.compile(rb"([0-9a-f]{16})\t.*\n", re.DOTALL)


def _conceal_finding(finding: dict[str, Any]) -> None:
    finding["container"] = _masked_container(finding["container"])
    for name in TEXTS:
        if finding.get(name):
            finding[name] = _masked_sentence(finding[name])
    finding["context"] = [[line, _masked_text(text)] for line, text in finding["context"]]
    clear = {key: str(value) for key, value in finding["arguments"].items()}
    hidden = {
        key: _masked_name(value) if EXTENSION.search(value) else _masked_sentence(value) for key, value in clear.items()
    }
    for key, value in clear.items():  # the message was made with the clear ones
        if value != hidden[key]:
            finding["message"] = finding["message"].replace(value, hidden[key])
    finding["message"] = _masked_sentence(finding["message"])
    finding["arguments"] = hidden


def masked(path: str) -> str:
    """Each part of a path: two characters, at most eight asterisks, and the extension of the last part where it is a known one."""
    parts = re.split(r"([\\/]+)", path)
    last = max((i for i, part in enumerate(parts) if part and part[0] not in "\\/"), default=-1)
    return "".join(_part(part, is_last=place == last) for place, part in enumerate(parts))


def _part(part: str, *, is_last: bool) -> str:
    if not part or part[0] in "\\/" or _DRIVE.fullmatch(part):
        return part
    found = EXTENSION.search(part) if is_last else None
    extension = found.group() if found else ""
    stem = part[: len(part) - len(extension)]
    if not stem or MASKED.match(stem):  # masked before: a result that was kept comes along again
        return part
    return stem[:2] + "*" * min(STARS, max(1, len(stem) - 2)) + extension


_DRIVE = re.compile(r"(?i)[a-z]:|(?:file|https?|ftp):")


def _masked_container(container: str) -> str:
    """Members of zip archives and attachments carry names; the fixed names of Office parts stay."""
    return "!".join(level if _FIXED.match(level) else masked(level) for level in container.split("!"))


_FIXED = re.compile(
    r"(?i)(?:(?:xl|word|ppt|visio)/(?:vbaProject\d*|macros|(?:embeddings|activeX)/(?:oleObject\d*|vbaProject\d*|activeX\d+))\.\w{3}"
    r"|_VBA_PROJECT_CUR|Macros|VBA|source|__substg1\.0_\w+|PowerPoint Document@\d+"
    r"|__attach_version1\.0_#[0-9a-f]{8}(?:/__substg1\.0_\w+)?)?\Z"
)


def _masked_sentence(text: str) -> str:
    """A text that may begin with a place inside the file, as reasons do: `Plans/Adler.xlsm: what is wrong`."""
    place, separator, rest = text.partition(": ")
    if separator and ("!" in place or EXTENSION.search(place)) and not QUOTED_NAME.search(place):
        return _masked_container(place) + separator + _masked_text(rest)
    return _masked_text(text)


def _masked_text(text: str) -> str:
    text = PATH_IN_TEXT.sub(lambda match: masked(match.group()), text)
    text = QUOTED_NAME.sub(lambda match: _masked_name(match.group()), text)
    return BARE_NAME.sub(lambda match: _masked_name(match.group()), text)


def _masked_name(name: str) -> str:
    """A file name; libraries and programs without a path stay, for findings are about them and they name no document."""
    return name if re.fullmatch(r"(?i)[^\\/]*\.(?:dll|ocx|exe)", name) else masked(name)

"""Plain VBA source: exported modules (.bas, .cls, .frm) and listings, told by content.

`Attribute VB_Name` is written by the editor and is proof. Without it a text has to start like a module and hold a
whole procedure or a Declare; Visual Basic .NET, VBScript and other people's `.cls` files do not pass.
"""

from __future__ import annotations

import re

from uptake.assess.documents.model import Document, Status
from uptake.assess.documents.sniff import as_text

HEAD = 256 << 10
_HINTS = frozenset({"bas", "cls", "frm", "vba", "dsr", "ctl", "dob", "pag"})
_PROOF = re.compile(r"(?im)^[ \t]*Attribute VB_(?:Name|GlobalNameSpace|Creatable|PredeclaredId|Exposed)[ \t]*=")
_START = re.compile(
    r"(?i)(?:Option (?:Explicit|Base|Compare|Private)|"
    r"(?:Public |Private |Friend |Global |Static )*"
    r"(?:Sub|Function|Property (?:Get|Let|Set)|Declare|Const|Type|Enum|Event|WithEvents) |"
    r"(?:Public|Private|Dim|Global) \w|#If |#Const |Implements \w|Def(?:Int|Lng|Str|Bool|Obj|Var|Dbl) )"
)
_PROCEDURE = re.compile(
    r"(?im)^[ \t]*(?:(?:Public|Private|Friend|Static)[ \t]+)*"
    r"(?:Sub|Function|Property[ \t]+(?:Get|Let|Set))[ \t]+\w+[ \t]*\("
)
_END = re.compile(r"(?im)^[ \t]*End[ \t]+(?:Sub|Function|Property)\b")
_DECLARE = re.compile(
    r'(?im)^[ \t]*(?:(?:Public|Private)[ \t]+)?Declare[ \t]+(?:PtrSafe[ \t]+)?(?:Sub|Function)[ \t]+\w+[ \t]+Lib[ \t]+"'
)
_OTHER_LANGUAGE = re.compile(
    r"(?im)^[ \t]*(?:Imports[ \t]+\w|Namespace[ \t]+\w|Inherits[ \t]+\w|End[ \t]+(?:Class|Module|Namespace|Try)\b|"
    r"(?:Public |Private |Friend |Partial )*(?:Class|Module)[ \t]+\w+[ \t]*$|WScript\.|<%|%>)|"
    r"\bWScript\.(?:Echo|Quit|Arguments)\b"
)


_NAMES_OF_DOCUMENTS = frozenset((
    "doc", "docm", "docx", "dot", "dotm", "dotx", "xls", "xlsm", "xlsx", "xlsb", "xlt", "xltm", "xltx", "xla", "xlam",
    "ppt", "pptm", "pptx", "pot", "potm", "potx", "pps", "ppsm", "ppsx", "ppa", "ppam", "otm", "pub", "mpp", "vsd", "vsdm",
    "vsdx", "msg", "mdb", "accdb",
))  # fmt: skip
"""Names that promise a binary or package format."""


def looks_like_source(content: bytes, name: str = "") -> bool:
    """Whether the start of a file is VBA source; the extension only lowers what has to be seen."""
    text = as_text(content[:HEAD])
    if text is None:
        return False
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if _PROOF.search(text[:65536]):
        return True
    if _OTHER_LANGUAGE.search(text):
        return False
    has_code = bool(_DECLARE.search(text) or (_PROCEDURE.search(text) and _END.search(text)))
    if name.rpartition(".")[2].lower() in _HINTS:
        return has_code or bool(_START.match(_first_statement(text)))
    return has_code and bool(_START.match(_first_statement(text)))


def _first_statement(text: str) -> str:
    """The first line that is neither blank nor a comment."""
    for line in text.split("\n", 400)[:400]:
        stripped = line.strip().lstrip("\ufeff")
        if stripped and not stripped.startswith("'") and not stripped.lower().startswith("rem "):
            return stripped
    return ""


def open_text(content: bytes, name: str, location: str) -> Document:
    """A text: VBA source, or nothing of Office."""
    if name.rpartition(".")[2].lower() in _NAMES_OF_DOCUMENTS:
        reason = "a text under the name of a document; no Office program takes code from it"
        return Document("text", "", Status.NOT_OFFICE, reason, location)
    if looks_like_source(content, name):
        return Document("vba", "", Status.HAS_VBA, location=location, source=content)
    return Document("text", "", Status.NOT_OFFICE, "a text that is not VBA source", location)

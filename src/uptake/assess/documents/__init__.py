"""Bytes → Document: told by content, opened within limits, never executed.

What is decided where: `sniff` the kind of bytes; `compound`, `package` the containers; `ole`, `ooxml`, `archive`, … the
documents; `projects` where VBA is; `opening` the status of the whole.
"""

from __future__ import annotations

from uptake.assess.documents.model import Container, Document, DocumentDefect, Limits, ProjectStorage, Status
from uptake.assess.documents.opening import open_document

__all__ = ["Container", "Document", "DocumentDefect", "Limits", "ProjectStorage", "Status", "open_document"]

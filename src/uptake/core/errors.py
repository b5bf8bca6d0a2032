"""Problems in what the user asked. Problems in a document are values, and bugs stay tracebacks."""

from __future__ import annotations


class UptakeError(Exception):
    """What the user asked cannot be done; `hint` says what would help."""

    exit_code = 2

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class CatalogueError(UptakeError):
    """A rule, a table or a translation of the catalogue is wrong; the message names file, field and line."""

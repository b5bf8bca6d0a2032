"""Finding: a rule that holds at a place, ready to be shown; and what makes two findings the same."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from uptake.core.severity import Certainty, Severity, Target


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. `line` and `editor_line` are 0 where it is not about a line of source."""

    rule: str
    severity: Severity
    certainty: Certainty
    target: Target
    message: str
    container: str = ""
    """Where in the file: the project's location or the embedded document's."""
    module: str = ""
    member: str = ""
    """Procedure that holds the line."""
    line: int = 0
    editor_line: int = 0
    statement: str = ""
    proposal: str | None = None
    context: tuple[tuple[int, str], ...] = ()
    """Physical lines around the finding, with their numbers."""
    arguments: tuple[tuple[str, str], ...] = ()
    """What the message was made with, so that a report in another language can make it again."""
    variant: str = ""

    def fingerprint(self) -> str:
        """Stable across edits elsewhere: rule, module and statement count, the line number does not."""
        text = "\0".join((self.rule, self.module.lower(), " ".join(self.statement.lower().split())))
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:20]

    def as_json(self) -> dict[str, Any]:
        """The finding as the JSON contract `uptake.scan/1` has it."""
        return {
            "rule": self.rule,
            "severity": self.severity.id,
            "certainty": self.certainty.value,
            "target": self.target.value,
            "container": self.container,
            "module": self.module,
            "member": self.member,
            "line": self.line,
            "editor_line": self.editor_line,
            "statement": self.statement,
            "message": self.message,
            "proposal": self.proposal,
            "context": [list(pair) for pair in self.context],
            "arguments": dict(self.arguments),
            "variant": self.variant,
            "fingerprint": self.fingerprint(),
        }

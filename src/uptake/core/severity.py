"""How bad, how sure and for whom: the three axes of every finding.

The five severities are those of Microsoft's retired Readiness Toolkit, so that old reports stay comparable
(ORT article of OfficeDocs-DeployOffice, last version 2023-12-18).
"""

from __future__ import annotations

from enum import IntEnum, StrEnum


class Severity(IntEnum):
    """What a finding asks of its owner; the highest one speaks for a macro, a file, an estate."""

    READY = 0
    DESIGN = 1
    MINIMAL = 2
    LIMITED = 3
    SIGNIFICANT = 4

    @property
    def id(self) -> str:
        """The word that is stored and typed: ready, design, minimal, limited or significant."""
        return self.name.lower()

    @classmethod
    def from_id(cls, text: str) -> Severity:
        try:
            return cls[text.upper()]
        except KeyError:
            raise ValueError(f"no severity {text!r}; known: {', '.join(s.id for s in cls)}") from None


class Certainty(StrEnum):
    """How sure a finding is without running Office."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"
    UNKNOWN = "unknown"
    """Needs data of the machine; the message says “unknown because …” and what would make it known."""


class Target(StrEnum):
    """For which Microsoft 365 Apps a finding matters."""

    M365_64 = "m365-64"
    M365_32 = "m365-32"
    ANY = "m365-any"
    MIXED = "mixed"
    """Files must run on both, 32-bit and 64-bit."""
    LEGACY = "legacy"
    """Office 2007 and older, without VBA7: for those who must keep such machines."""

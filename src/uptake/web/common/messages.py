"""What the engine refuses, said in the reader's language.

The engine speaks English and knows no languages; its sentences are known here by their form. One that is new is shown as it is,
and a test lists those that no form fits.
"""

from __future__ import annotations

import re
from typing import Any

from django.utils.translation import gettext_lazy as _

from uptake.core.errors import UptakeError

FORMS: tuple[tuple[str, Any], ...] = (
    (r"\S+ lacks evidence: .*", _("Evidence is missing. The fields below say which.")),
    (r"\S+ cannot be bypassed", _("This step cannot be bypassed.")),
    (r"\S+ is bypassed with a reason and with evidence", _("Say why it is bypassed, and what proves it.")),
    (r"\S+ does not apply: the reason is missing", _("Say why it does not apply.")),
    (r"The engagement does not start.*", _("Without the customer's intent the engagement does not start. Record No Intent or Status Unknown instead.")),
    (r"\S+ is a part already", _("This is a part already. Join the parts, then split the whole again.")),
    (r"a split needs its reason", _("A split needs its reason.")),
    (r"a split has two or more parts .*", _("A split has two or more parts with names of their own and at least one seat each.")),
    (r"the parts have (?P<parts>\d+) seats, the whole has (?P<whole>\d+)", _("The parts have %(parts)s seats, the whole has %(whole)s.")),
    (r"a block is reported with a note .*", _("A block needs a note that explains it and a next action.")),
    (r"the projected unblock date and .*", _("The projected unblock date and the date of the next action must lie ahead.")),
    (r"an item is resolved with evidence", _("Say what was done and where it can be seen.")),
    (r"the questionnaire (?P<key>\S+) is for .*", _("The questionnaire %(key)s is made for another cloud than the tenant's.")),
    (r"(?P<status>.+) needs an L2", _("This L1 needs a reason (L2).")),
    (r".+ belongs to .+, not to .+", _("This L2 does not belong to this L1.")),
    (r"(?P<addin>.+) has a statement already", _("%(addin)s has a statement already; change that one.")),
    (r"a statement names its add-in", _("Name the add-in.")),
    (r"line (?P<line>\d+): the date is not written as .*", _("Line %(line)s: the date is not written as 2026-11-22.")),
    (r"line (?P<line>\d+): a statement has an add-in and a source", _("Line %(line)s: an add-in and a source are missing.")),
    (r"line (?P<line>\d+): the status is none of .*", _("Line %(line)s: the status is none of the Readiness Toolkit's words.")),
    (r"the file holds no statement", _("The file holds no statement.")),
    (r"the statements have no columns .*", _("The file has no columns addin, status, statement, source, date.")),
    (r"the files are too large", _("The files are too large. Upload them in parts.")),
    (r"no L[12] .*", _("No such status.")),
    (r"there are no figures of usage with seats yet", _("There are no figures of usage with seats yet.")),
    (r"an error of the program .*", _("An error of the program; its log says more.")),
    (r"(?P<file>.+) is encrypted", _("%(file)s is encrypted. Open it in Excel, take away the password or the label that encrypts it, and save it again.")),
    (r"(?P<file>.+) is no workbook that can be read .*", _("%(file)s cannot be read as a workbook. Save the table in Excel as “CSV UTF-8”.")),
    (r"(?P<file>.+) (?:unpacks to more than|is packed more than|has a row of more than|has more than [\d,]+ rows) .*",
     _("%(file)s is larger than a workbook may be. Split the table, or save it in Excel as “CSV UTF-8”.")),
    (r"(?P<file>.+) is not one of the usage or licence reports; its columns are: (?P<columns>.+)",
     _("%(file)s is not one of the usage or licence reports; its columns are: %(columns)s. Leave the first line of the export as it is.")),
)  # fmt: skip


def say(message: str) -> str:
    """A sentence of the engine in the reader's language."""
    for form, words in FORMS:
        found = re.fullmatch(form, message, re.DOTALL)
        if found:
            return str(words) % found.groupdict() if found.groupdict() else str(words)
    return message


def say_error(error: UptakeError) -> str:
    """What an exception of the engine says, in the reader's language."""
    return say(str(error))

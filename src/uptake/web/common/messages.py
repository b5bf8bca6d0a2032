"""What the engine refuses, said in the reader's language.

The engine speaks English and knows no languages; its sentences are known here by their form. One that is new is shown as it is.
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
    (r"(?P<file>.+?) (?:is an empty answer|holds no rows), which does not mean that nobody is active",
     _("%(file)s holds no rows, which does not mean that nobody is active. Microsoft's data is late at times: export it again tomorrow. Nothing was stored.")),
    (r"(?P<file>.+) is .+, not a report as CSV, JSON or \.xlsx", _("%(file)s is not a report as CSV, JSON or .xlsx.")),
    (r"(?P<file>.+) is (?:JSON, but no answer of a report|not readable JSON: .*|not a table|no table)",
     _("%(file)s is no table that can be read. Export it again and choose the file as it is.")),
    (r"(?P<file>.+) (?:has one record|cannot be read) from line (?P<line>\d+) (?:to|on).*",
     _("%(file)s cannot be read from line %(line)s on. Look there for a quotation mark that is never closed, and export it again.")),
    (r"(?P<file>.+) (?:has more than [\d,]+ (?:lines|devices)|has a line of more than .*|is larger than .*|is more than [\d,]+ bytes of JSON)",
     _("%(file)s is too large. Split it and upload the parts.")),
    (r"(?P<file>.+) is empty", _("%(file)s is empty.")),
    (r"(?P<file>.+) \(.+\) has no column with names of users", _("%(file)s has no column with the names of users. Export the user detail.")),
    (r"(?P<file>.+) \(.+\) (?:says neither who is active nor what was bought|does not say who is active)",
     _("%(file)s says neither who is active nor what was bought. Import the user detail of the Microsoft 365 Apps usage report, a product list or subscribedSkus.")),
    (r"(?P<file>.+) is one page of several", _("%(file)s is one page of several. Fetch all pages, or the CSV.")),
    (r"(?P<file>.+) has (?P<rows>\d+) rows and seems to be cut off",
     _("%(file)s has %(rows)s rows and seems to be cut off. Export it again; nothing was stored.")),
    (r"(?P<file>.+) is a list of people, and the organisation keeps none",
     _("%(file)s is a list of people, and the organisation keeps none. Choose it together with the usage report: it is read and not stored.")),
    (r"(?P<file>.+) names no department", _("%(file)s names no department. It needs the columns User principal name and Department.")),
    (r"import the usage report first, then the licences", _("Import the usage report first, then the licences.")),
    (r"(?P<file>.+) has no column with the names of devices", _("%(file)s has no column with the names of devices, such as Device.")),
    (r"(?P<file>.+) lists no device", _("%(file)s lists no device.")),
    (r"(?P<file>.+) is neither UTF-8 nor UTF-16 text", _("%(file)s is no text that can be read. Export it as CSV UTF-8.")),
    (r"no result was found in this file: .*",
     _("No result was found in this file. Upload results.jsonl of `uptake scan`, its JSON report, or a workbook with the sheet “VBA Results”.")),
    (r"the workbook has no sheet “VBA Results”", _("The workbook has no sheet “VBA Results”. A basic or advanced report of the toolkit has it.")),
    (r"the sheet “(?P<sheet>.+)” has no columns Severity and Source File", _("The sheet “%(sheet)s” has no columns Severity and Source File.")),
    (r"no device was found in these files: (?P<why>.*)", _("No device was found in these files: %(why)s")),
    (r"more than (?P<most>[\d,]+) (?:files|findings|statements)", _("These are more than %(most)s. Upload them in parts.")),
    (r"(?P<file>.+) is no zip that can be read", _("%(file)s is no zip that can be read.")),
    (r"(?P<file>.+) cannot be unpacked: .*", _("%(file)s cannot be unpacked.")),
    (r"(?:the upload|(?P<file>.+)) unfolds to too much", _("The upload unfolds to too much. Upload it in parts.")),
)  # fmt: skip


def _fitting(message: str) -> str:
    """The words of the form that fits; empty when none does."""
    for form, words in FORMS:
        found = re.fullmatch(form, message, re.DOTALL)
        if found:
            return str(words) % found.groupdict() if found.groupdict() else str(words)
    return ""


def say(message: str) -> str:
    """A sentence of the engine in the reader's language."""
    return _fitting(message) or message


def say_error(error: UptakeError) -> str:
    """What an exception of the engine says, in the reader's language; where no form fits, with its hint as it is."""
    return _fitting(str(error)) or ". ".join(filter(None, (str(error).rstrip("."), error.hint)))

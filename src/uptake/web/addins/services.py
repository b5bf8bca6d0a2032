"""What people do with add-ins: upload what endpoints report, settle what was found, keep statements of vendors, take results away."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import IO, Any

import xlsxwriter
from django.conf import settings
from django.core.files import File
from django.db import transaction
from django.utils.translation import gettext as _

from uptake.assess.addins.readiness import STATUSES, read_statements
from uptake.core.errors import UptakeError
from uptake.reporting.clean import no_formula, visible
from uptake.web.accounts.models import Organisation, User
from uptake.web.addins.archives import pack
from uptake.web.addins.counting import count_addins, restate
from uptake.web.addins.importing import read_collection
from uptake.web.addins.models import SEVERITIES, AddInRow, Collection, DeviceRow, Installed, Statement
from uptake.web.addins.words import BITNESS, say_bitness, say_kind, say_status
from uptake.web.common.words import say_word
from uptake.web.engagements.models import Engagement
from uptake.web.engagements.store import Change, audit

MOST_STATEMENTS = 5_000
MOST_ROWS = 50_000
"""Rows of a sheet, for somebody waits for the workbook; what is more is left out, and the last line says where it is."""
Upload = tuple[str, IO[bytes]]


def take(actor: User, row: Engagement, uploads: Sequence[Upload], size: int, device: str = "") -> Collection:
    """Keep files of endpoints, to be read in the background. Raises `UptakeError` when they are too large."""
    made = keep_files(actor, row, uploads, size, device)
    read_collection.enqueue(made.pk)
    made.refresh_from_db()
    return made


def keep_files(actor: User, row: Engagement, uploads: Sequence[Upload], size: int, device: str = "") -> Collection:
    """Keep files of endpoints, unread."""
    if size > settings.MOST_COLLECTION:
        raise UptakeError("the files are too large", hint="Upload them in parts.")
    names = [visible((name or "file").replace("\\", "/").rpartition("/")[2])[:120] for name, _file in uploads]
    shown = names[0] if len(names) == 1 else f"{names[0]} + {len(names) - 1}"
    made = Collection(engagement=row, name=shown, device=visible(device.strip())[:200], size=size, by=actor.name)
    with tempfile.TemporaryFile() as packed:
        pack(uploads, packed)
        packed.seek(0)
        made.file.save("collection.zip", File(packed))
    audit(row, actor, "add-ins", [Change("collection", "", f"{shown}, {size} bytes")])
    return made


@transaction.atomic
def forget_device(actor: User, row: Engagement, device: DeviceRow) -> None:
    """A device that is no longer there counts no longer; the next collection can bring it back."""
    from uptake.web.engagements.services import renew_checklist

    audit(row, actor, "add-ins", [Change("device", device.name, "")])
    device.delete()
    count_addins(row)
    renew_checklist(row)


def statement_key(addin: str) -> str:
    """The name of an add-in for comparing."""
    return addin.strip().casefold()[:255]


@transaction.atomic
def keep_statement(actor: User, row: Engagement, values: dict[str, Any], number: int = 0) -> Statement:
    """Add or change what a vendor says; one row an add-in. Raises `UptakeError` for a second one."""
    key = statement_key(values["addin"])
    others = Statement.objects.filter(organisation=row.organisation, key=key).exclude(pk=number)
    if not key:
        raise UptakeError("a statement names its add-in")
    if others.exists():
        raise UptakeError(f"{values['addin']} has a statement already")
    fields = {**values, "addin": values["addin"].strip(), "key": key, "by": actor.name}
    before = Statement.objects.filter(organisation=row.organisation, pk=number).first()
    old = _told(before) if before else ""
    made = before or Statement(organisation=row.organisation)
    for name, value in fields.items():
        setattr(made, name, value)
    made.save()
    audit(row, actor, "statement", [Change(f"statement {made.addin[:80]}", old, _told(made))])
    restate(row.organisation)
    return made


def _told(statement: Statement) -> str:
    return f"{statement.status}: {statement.statement} ({statement.source}, {statement.on})"[:500]


@transaction.atomic
def drop_statement(actor: User, row: Engagement, statement: Statement) -> None:
    """Remove a row; what we ship speaks again."""
    audit(row, actor, "statement", [Change(f"statement {statement.addin[:80]}", _told(statement), "")])
    statement.delete()
    restate(row.organisation)


@transaction.atomic
def import_statements(actor: User, row: Engagement, text: str) -> int:
    """Take a CSV of statements: rows of known add-ins are replaced. Raises `UptakeError` that names the line; then nothing is taken."""
    rows = [_checked(each, line) for line, each in enumerate(read_statements(text), 2)]
    if not rows:
        raise UptakeError("the file holds no statement")
    if len(rows) > MOST_STATEMENTS:
        raise UptakeError(f"more than {MOST_STATEMENTS:,} statements")
    for values in rows:
        key = statement_key(values["addin"])
        Statement.objects.update_or_create(
            organisation=row.organisation, key=key, defaults={**values, "by": actor.name}
        )
    audit(row, actor, "statement", [Change("statements", "", f"{len(rows)} imported")])
    restate(row.organisation)
    return len(rows)


def _checked(row: dict[str, str], line: int) -> dict[str, Any]:
    cells = {name: visible(_typed(row.get(name) or "")) for name in ("addin", "status", "statement", "source", "date")}
    try:
        on = date.fromisoformat(cells.pop("date"))
    except ValueError:
        raise UptakeError(f"line {line}: the date is not written as 2026-11-22") from None
    if not cells["addin"] or not cells["source"]:
        raise UptakeError(f"line {line}: a statement has an add-in and a source")
    if cells["status"] not in STATUSES:
        raise UptakeError(f"line {line}: the status is none of {', '.join(STATUSES)}")
    return {
        "addin": cells["addin"][:255], "status": cells["status"], "statement": cells["statement"][:4000], "source": cells["source"][:300],
        "on": on,
    }  # fmt: skip


def _typed(cell: str) -> str:
    """A cell as it was before `no_formula` made it harmless for spreadsheets."""
    return cell[1:] if cell.startswith("'") and no_formula(cell[1:]) == cell else cell


def statements_csv(organisation: Organisation) -> str:
    """The organisation's statements in the form that is imported and that `uptake addins --statements` reads."""
    found = Statement.objects.filter(organisation=organisation)
    return _csv(
        ["addin", "status", "statement", "source", "date"],
        ((each.addin, each.status, each.statement, each.source, str(each.on)) for each in found),
    )


def _csv(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(heads)
    writer.writerows([no_formula(visible(cell)) for cell in row] for row in rows)
    return "\ufeff" + out.getvalue()


def addin_heads() -> list[str]:
    """Titles of the columns of `addin_cells`."""
    return [
        _("Severity"), _("Add-in"), _("Id"), _("Application"), _("Vendor"), _("Kind"), _("Bitness"), _("Devices"), _("Departments"),
        _("Versions"), _("Rules"), _("Status of the vendor"), _("Statement"), _("Source"), _("Date"), _("State"), _("Assigned to"),
        _("Process"), _("Remark"),
    ]  # fmt: skip


def addin_cells(row: Engagement) -> Iterator[list[object]]:
    """One line an add-in that is on devices, the worst first."""
    for each in AddInRow.objects.filter(engagement=row, devices_count__gt=0).iterator(2_000):
        yield [
            say_word("ready64" if each.severity_name == "ready" else each.severity_name), each.shown, each.title, each.app, each.publisher,
            say_kind(each.kind), say_bitness(each.bitness), each.devices_count, each.departments_count, each.versions_count,
            " ".join(each.rules), say_status(each.status), each.statement, each.statement_source, each.statement_date,
            say_word(each.state), each.assignee, each.process, each.remark,
        ]  # fmt: skip


def device_heads() -> list[str]:
    """Titles of the columns of `device_cells`."""
    return [
        _("Device"), _("User"), _("Department"), _("Add-in"), _("Application"), _("Version"), _("Bitness"), _("Severity"), _("Rules"),
        _("Path"),
    ]  # fmt: skip


def device_cells(row: Engagement) -> Iterator[list[object]]:
    """One line an add-in of a device."""
    bitness = {key: say_bitness(key) for key in BITNESS}
    severities = {rank: say_word("ready64" if name == "ready" else name) for rank, name in SEVERITIES.items()}
    columns = (
        "device__name", "device__user", "device__department", "addin__title", "addin__app", "version", "path", "bitness", "severity",
        "findings",
    )  # fmt: skip
    found = Installed.objects.filter(device__engagement=row).order_by("device__key", "pk").values_list(*columns)
    for *texts, path, built, severity, findings in found.iterator(5_000):
        rules = " ".join(finding["rule"] for finding in findings)
        yield [*texts, bitness.get(built, built), severities[severity], rules, path]


class _Echo:
    """A file that gives back what is written."""

    def write(self, text: str) -> str:
        return text


def devices_csv(row: Engagement) -> Iterator[str]:
    """Every add-in of every device as lines of CSV, however many there are."""
    writer = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow(device_heads())
    for cells in device_cells(row):
        yield writer.writerow([no_formula(str(cell)) for cell in cells])


def as_csv(row: Engagement) -> str:
    """Add-ins, one a line."""
    return _csv(addin_heads(), addin_cells(row))


def as_xlsx(row: Engagement) -> bytes:
    """Add-ins, and the devices that have them; a text is a text, whatever it begins with. Names were made visible when they came."""
    out = io.BytesIO()
    options = {
        "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
        "tmpdir": None,
    }  # fmt: skip
    with xlsxwriter.Workbook(out, options) as book:
        head = book.add_format({"bold": True, "bg_color": "#0f5d5c", "font_color": "#ffffff"})
        _sheet(book, _("Add-ins"), addin_heads(), addin_cells(row), head)
        _sheet(book, _("List of devices"), device_heads(), device_cells(row), head)
    return out.getvalue()


def _sheet(book: Any, title: str, heads: Sequence[str], rows: Iterable[Sequence[object]], head: Any) -> None:
    sheet = book.add_worksheet(title[:31])
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(heads) - 1, 20)
    for column, name in enumerate(heads):
        sheet.write_string(0, column, name, head)
    for index, row in enumerate(rows, 1):
        if index > MOST_ROWS:
            sheet.write_string(index, 0, _("The rest is in the CSV of the devices."))
            break
        for column, cell in enumerate(row):
            if isinstance(cell, int):
                sheet.write_number(index, column, cell)
            else:
                sheet.write_string(index, column, str(cell)[:32_000])

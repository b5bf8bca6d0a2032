"""The checklist as a workbook and as one page, stamped with the versions of its questionnaires; hidden items have their sheet."""

from __future__ import annotations

import io
from collections.abc import Iterable
from html import escape

import xlsxwriter
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from uptake.guide.checklist import Checklist, Item, age
from uptake.guide.elements import Question
from uptake.reporting.clean import visible_lines
from uptake.web.common.playbook import playbook, say
from uptake.web.common.words import say_word
from uptake.web.engagements.models import Engagement


def _heads() -> list[str]:
    return [
        _("Id"),
        _("Item"),
        _("Action"),
        _("Done when"),
        _("Responsible"),
        _("Owner"),
        _("Due"),
        _("State"),
        _("Why it is here"),
        _("Evidence"),
        _("Acknowledged by"),
    ]


def _row(item: Item) -> list[str]:
    """An item in the reader's language; what is no longer in the template keeps the words it had."""
    question = playbook().of(Question).get(item.id)
    said = [say(question, name) if question else getattr(item, name) for name in ("title", "action", "done_when")]
    due = item.due.isoformat() if item.due else ""
    shown, state = say_word(item.shown), say_word(item.state)
    return [
        item.id,
        *said,
        item.owner_role,
        item.owner,
        due,
        state,
        shown,
        "\n".join(item.evidence),
        item.acknowledged_by,
    ]


def _stamp(row: Engagement, checklist: Checklist) -> list[tuple[str, str]]:
    versions = ", ".join(f"{key} {on.isoformat()}" for key, on in checklist.versions.items())
    today = timezone.localdate()
    return [
        (_("Customer"), row.customer),
        (_("Cloud"), say_word(checklist.edition)),
        (_("Questionnaires"), versions),
        (_("Age of the oldest, in days"), str(age(checklist, today))),
        (_("Written"), today.isoformat()),
        (_("Items in scope"), str(len(checklist.visible))),
        (_("Open"), str(len(checklist.open))),
        (_("All resolved"), _("Yes") if checklist.is_resolved else _("No")),
    ]


def as_xlsx(row: Engagement, checklist: Checklist, lang: str) -> bytes:
    """The workbook; texts are texts, whatever they begin with."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with translation.override(lang), xlsxwriter.Workbook(out, options) as book:
        head = book.add_format(
            {"bold": True, "bg_color": "#0f5d5c", "font_color": "#ffffff", "text_wrap": True, "valign": "top"}
        )
        wrap = book.add_format({"text_wrap": True, "valign": "top"})
        first = book.add_worksheet(_("Overview")[:31])
        for index, (name, value) in enumerate(_stamp(row, checklist)):
            first.write_string(index, 0, name, head)
            first.write_string(index, 1, visible_lines(value), wrap)
        first.set_column(0, 0, 28)
        first.set_column(1, 1, 60)
        _sheet(book, _("Checklist"), checklist.visible, head, wrap)
        hidden = [each for each in checklist.items if not each.is_visible]
        _sheet(book, _("Hidden"), hidden, head, wrap).hide()
    return out.getvalue()


def _sheet(
    book: xlsxwriter.Workbook, name: str, items: Iterable[Item], head: object, wrap: object
) -> xlsxwriter.worksheet.Worksheet:
    sheet = book.add_worksheet(name[:31])
    for column, title in enumerate(_heads()):
        sheet.write_string(0, column, title, head)
    count = 0
    for index, item in enumerate(items, 1):
        count = index
        for column, value in enumerate(_row(item)):
            sheet.write_string(index, column, visible_lines(value)[:32_000], wrap)
    for column, width in enumerate((10, 30, 46, 40, 14, 18, 12, 12, 20, 30, 18)):
        sheet.set_column(column, column, width)
    sheet.freeze_panes(1, 1)
    if count:
        sheet.autofilter(0, 0, count, len(_heads()) - 1)
    return sheet


def as_html(row: Engagement, checklist: Checklist, lang: str) -> str:
    """The same as one page that stands alone."""
    with translation.override(lang):
        stamp = "".join(f"<dt>{escape(name)}<dd>{escape(value)}" for name, value in _stamp(row, checklist))
        heads = "".join(f"<th>{escape(each)}" for each in _heads())
        rows = "".join("<tr>" + "".join(f"<td>{escape(value)}" for value in _row(each)) for each in checklist.visible)
        title = escape(f"{_('Checklist')} · {row.customer}")
    return (
        f'<!doctype html><html lang="{lang}"><meta charset="utf-8">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{title}</title><style>body{{font:15px/1.5 system-ui,sans-serif;margin:2rem}}table{{border-collapse:collapse}}"
        "td,th{border:1px solid #ccc;padding:.3rem .5rem;text-align:left;vertical-align:top;white-space:pre-wrap}"
        f"dt{{color:#666}}</style><h1>{title}</h1><dl>{stamp}</dl><table><thead><tr>{heads}<tbody>{rows}</table></html>"
    )

"""Tags of our own templates: words of the playbook, pills with a meaning, numbers and dates by locale."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from uptake.guide.elements import KINDS, Element
from uptake.prove.usage.reasons import places
from uptake.reporting.html_base import CODE
from uptake.web.addins import words as addins
from uptake.web.common import words
from uptake.web.common.messages import say as say_message
from uptake.web.common.playbook import playbook, say, say_all

register = template.Library()
KIND_BY_NAME = {kind.__name__: kind for kind in KINDS}


@register.filter
def coded(text: object) -> SafeString:
    """A sentence of ours with the words between backticks as code; everything in it is escaped first."""
    return mark_safe(CODE.sub(r"<code>\1</code>", escape(text)))  # noqa: S308 - escaped on this line


@register.filter
def prose(element: Element | None, name: str = "title") -> str:
    """`{{ task|prose:"done_when" }}`: a field of an element in the reader's language."""
    return say(element, name)


@register.filter
def prose_list(element: Element, name: str) -> tuple[str, ...]:
    """A field that holds several texts."""
    return say_all(element, name)


@register.filter
def named(key: str, kind: str) -> str:
    """`{{ "FE"|named:"Role" }}`: the title of an element by its id; the id itself when there is none."""
    element = playbook().of(KIND_BY_NAME[kind]).get(str(key))
    return say(element) if element else str(key)


@register.filter
def word(key: Any) -> str:
    """A value of the engine in the reader's language."""
    return words.say_word(str(key))


@register.filter
def pill(key: Any, text: str = "") -> SafeString:
    """A value as a pill: a colour, and always the word."""
    return format_html('<span class="tag {}">{}</span>', words.tone(str(key)), text or words.say_word(str(key)))


@register.filter
def reference(value: str) -> str:
    """`task:3080` or `step:ort` as its title."""
    return words.say_reference(value)


@register.filter
def day(value: Any) -> str:
    """A date by locale, short; “—” when there is none."""
    if not value:
        return "—"
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value[:10])
        except ValueError:
            return str(value)
    if isinstance(value, datetime):
        value = timezone.localtime(value)
    return date_format(value, "DATE_FORMAT").replace(" ", "\N{NO-BREAK SPACE}")


@register.filter
def moment(value: datetime | None) -> str:
    """A moment by locale in the reader's time zone."""
    return date_format(timezone.localtime(value), "DATETIME_FORMAT") if value else "—"


@register.filter
def number(value: Any) -> str:
    """A number with the separators of the locale."""
    return number_format(value, force_grouping=True) if value not in (None, "") else "—"


@register.filter
def is_past(value: date | None) -> bool:
    """Whether a day lies before today."""
    return bool(value) and value < timezone.localdate()  # type: ignore[operator]


@register.filter
def lookup(mapping: Any, key: Any) -> Any:
    """`{{ answers|lookup:question.id }}`."""
    return mapping.get(key) if hasattr(mapping, "get") else None


@register.filter
def yes_no(value: bool | None) -> str:
    """A claim in words; unknown stays unknown."""
    return _("Yes") if value else _("No") if value is False else _("unknown")


@register.filter
def autocomplete(field: Any, what: str) -> Any:
    """A bound field with an autocomplete hint."""
    field.field.widget.attrs["autocomplete"] = what
    return field


@register.filter
def severity(name: str) -> str:
    """A severity in the reader's language; `ready` of a file is another word than `ready` of a task."""
    return words.say_word("ready64" if name == "ready" else name)


@register.filter
def tone(key: str) -> str:
    """The class of a meaning: ok, wait, bad, none."""
    return words.tone("ready64" if key == "ready" else key)


@register.filter
def complaint(message: str) -> str:
    """A complaint of the engine in the reader's language."""
    return say_message(message)


@register.filter
def topic(key: str) -> str:
    """A topic of a questionnaire."""
    return words.say_topic(key)


@register.filter
def field_word(key: str) -> str:
    """A field of an entitlement."""
    return words.say_field(key)


def _number(value: float) -> str:
    """Rounded here, for Django cuts what is too long."""
    return number_format(round(value, places(value)), places(value))


@register.filter
def percent(value: float | None) -> str:
    """A percentage with one place, or two where one would hide on which side of a goal it lies; unknown is a dash and never 0."""
    return "—" if value is None else f"{_number(value)}\N{NO-BREAK SPACE}%"


@register.filter
def points(value: float | None) -> str:
    """Percentage points with their sign."""
    if value is None:
        return "—"
    return _("%(n)s points") % {"n": f"{'+' if value >= 0 else '−'}{_number(abs(value))}"}


@register.filter
def verdict_tone(verdict: str, meaning: str) -> str:
    """A verdict that is met is ok or bad by what it is about."""
    return {"met": "ok" if meaning == "good" else "bad", "not_met": "none" if meaning == "bad" else "wait"}.get(
        str(verdict), "none"
    )


@register.filter
def case_word(key: Any) -> str:
    """A state of a move, or what came of it."""
    return words.say_case(str(key))


@register.filter
def colour_tone(colour: str) -> str:
    """Red, yellow, green as bad, wait, ok; the word stands in the pill."""
    return {"red": "bad", "yellow": "wait", "green": "ok", "blue": "ok"}.get(colour, "none")


@register.filter
def addin_kind(key: str) -> str:
    """A kind of add-in."""
    return addins.say_kind(key)


@register.filter
def addin_app(key: str) -> str:
    """An application of Office."""
    return addins.say_app(key)


@register.filter
def addin_bitness(key: str) -> str:
    """For which Office an add-in was built."""
    return addins.say_bitness(key)


@register.filter
def addin_status(key: str) -> SafeString:
    """What a vendor says, in the toolkit's words, as a pill."""
    return format_html('<span class="tag {}">{}</span>', addins.TONES.get(key, "none"), addins.say_status(key))

"""The playbook of this installation, read once, and its words in the reader's language."""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings
from django.utils.translation import get_language

from uptake.guide.checklist import Template
from uptake.guide.elements import Element, Question, Questionnaire
from uptake.guide.playbook import Playbook, load_playbook
from uptake.guide.translation import Said, said


@lru_cache(maxsize=1)
def playbook() -> Playbook:
    """Ours with the changes of this installation's own folder."""
    return load_playbook(settings.PLAYBOOK_FOLDER)


def template() -> Template:
    """The questionnaires as they are today."""
    return Template(playbook().of(Questionnaire), tuple(playbook().of(Question).values()))


def language() -> str:
    """`en` or `ja`."""
    return (get_language() or "en")[:2]


_SAID: dict[tuple[int, str], Said] = {}
"""Elements live as long as the playbook, so what one says is looked up once a language."""


def _said(element: Element, lang: str) -> Said:
    key = (id(element), lang)
    if key not in _SAID or not _is_known(element):
        _SAID[key] = said(element, lang)
    return _SAID[key]


def _is_known(element: Element) -> bool:
    """Of the playbook that is kept; an element of another one can have the address of one that is gone."""
    return playbook().of(type(element)).get(element.id) is element


def say(element: Element | None, name: str = "title") -> str:
    """One field of an element in the reader's language; several texts as one, apart by a space."""
    if element is None:
        return ""
    value = _said(element, language()).get(name, "")
    return value if isinstance(value, str) else " ".join(value)


def say_all(element: Element, name: str) -> tuple[str, ...]:
    """A field that holds several texts."""
    value = _said(element, language()).get(name, ())
    return (value,) if isinstance(value, str) else tuple(value)

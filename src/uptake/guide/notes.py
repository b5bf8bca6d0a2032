"""Checks of a note while it is written (D5, sections 5.2 to 5.6): what is missing, what is vague, and how good it is.

Words, lengths and advice are data in `notes.yaml`; here is how each is looked for, in English and in Japanese text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from uptake.guide.elements import NoteCheck, Stream, Word
from uptake.guide.engagement import Note
from uptake.guide.playbook import Playbook

SENTENCE_END = re.compile(r"[.!?](?=\s|$)|。")
PREFIX = re.compile(r"\s*\[([^\]\n]{1,80})\]")
FIGURE = re.compile(r"[\d\s.,:%/()+-]*(?:usage|use|mau|au|used|利用率|使用率|of|is|at)?[\d\s.,:%/()+-]*", re.IGNORECASE)
MOST_SENTENCES = 4


class Score(StrEnum):
    """The scale of the page."""

    GREAT = "great"
    MARGINAL = "marginal"
    POOR = "poor"


@dataclass(frozen=True, slots=True)
class Remark:
    """One check that a note does not pass."""

    check: str
    title: str
    advice: str
    weight: int
    found: tuple[str, ...] = ()
    """The words in question."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a note lacks, and how good it is."""

    score: Score
    remarks: tuple[Remark, ...]


@dataclass(frozen=True, slots=True)
class _Context:
    check: NoteCheck
    note: Note
    others: tuple[Note, ...]
    words: Mapping[str, Word]


Test = Callable[[_Context], "tuple[str, ...] | None"]
"""The words in question when the note fails, None when it passes."""


def review(playbook: Playbook, note: Note, others: Iterable[Note] = ()) -> Verdict:
    """The verdict on a note; `others` are notes of the same engagement, for text that is pasted on several services."""
    stream = playbook.of(Stream).get(note.stream)
    asked = (*stream.checks, "author") if stream else ()
    known, words, before = playbook.of(NoteCheck), playbook.of(Word), tuple(others)
    remarks = []
    for key in asked:
        check = known[key]
        found = _failing(playbook, key, _Context(check, note, before, words))
        if found is not None:
            remarks.append(Remark(key, check.title, check.advice, check.weight, found))
    return Verdict(_score(note, remarks), tuple(remarks))


def _failing(playbook: Playbook, key: str, context: _Context) -> tuple[str, ...] | None:
    if key == "author":
        return None if context.note.author_role in playbook.of(Stream)[context.note.stream].authors else ()
    return TESTS[key](context)


def _score(note: Note, remarks: list[Remark]) -> Score:
    """Poor: blank, generic, or two things of substance missing. Marginal: one, or a matter of form."""
    lacking = sum(remark.weight == 2 for remark in remarks)
    if not note.text.strip() or lacking >= 2 or any(remark.check in ("generic", "usage-only") for remark in remarks):
        return Score.POOR
    return Score.MARGINAL if any(remark.weight for remark in remarks) else Score.GREAT


def words_in(text: str, words: Iterable[str]) -> tuple[str, ...]:
    """The words that occur: as whole words or with an ending in Latin script, anywhere in Japanese."""
    lowered = text.lower()
    return tuple(word for word in words if re.search(_pattern(word.lower()), lowered))


def _pattern(word: str) -> str:
    return rf"\b{re.escape(word)}(?:s|d|ed)?\b" if word.isascii() else re.escape(word)


def _has_why(context: _Context) -> tuple[str, ...] | None:
    if context.note.l1 in ("status-unknown", "in-progress"):
        return None
    return None if words_in(context.note.text, context.check.words) else ()


def _names_attempts(context: _Context) -> tuple[str, ...] | None:
    if context.note.l1 != "status-unknown":
        return None
    text = context.note.text
    return None if words_in(text, context.check.words) and re.search(r"\d|one|two|three|twice|[一二三]", text) else ()


def _is_vague(context: _Context) -> tuple[str, ...] | None:
    return words_in(context.note.text, context.check.words) or None


def _has_length(context: _Context) -> tuple[str, ...] | None:
    text = context.note.text.strip()
    sentences = len(SENTENCE_END.findall(text))
    width = sum(1 if char.isascii() else 2 for char in text)
    is_fit = context.check.least <= width <= context.check.limit and sentences <= MOST_SENTENCES
    return None if is_fit else (str(len(text)),)


def _is_generic(context: _Context) -> tuple[str, ...] | None:
    text = PREFIX.sub("", context.note.text).strip().strip(".。!").lower()
    return (text,) if not text or text in context.check.words else None


def _is_repeated(context: _Context) -> tuple[str, ...] | None:
    def plain(note: Note) -> str:
        return re.sub(r"\W+", " ", PREFIX.sub("", note.text)).strip().lower()

    mine = plain(context.note)
    same = {
        other.workload for other in context.others if plain(other) == mine and other.workload != context.note.workload
    }
    return tuple(sorted(same)) if same and context.note.l1 != "status-unknown" else None


def _is_figure(context: _Context) -> tuple[str, ...] | None:
    text = PREFIX.sub("", context.note.text).strip()
    return (text,) if re.search(r"\d", text) and FIGURE.fullmatch(text) else None


def _has_next_action(context: _Context) -> tuple[str, ...] | None:
    note = context.note
    return None if note.next_action.strip() and note.next_action_date else ()


def _has_owner(context: _Context) -> tuple[str, ...] | None:
    return None if context.note.next_action_owner.strip() else ()


def _has_prefix(context: _Context) -> tuple[str, ...] | None:
    found = PREFIX.match(context.note.text)
    named = [part.strip().lower() for part in re.split(r"[+,]", found[1])] if found else []
    known = {word.id.lower() for word in context.words.values() if word.kind == "prefix"}
    return (
        None if named and all(name in known for name in named) else tuple(name for name in named if name not in known)
    )


def _value_of(kind: str) -> Test:
    def test(context: _Context) -> tuple[str, ...] | None:
        known = {
            value.lower() for word in context.words.values() if word.kind == kind for value in (word.id, word.title)
        }
        return None if context.note.status.lower() in known else (context.note.status,)

    return test


def _cites_insight(context: _Context) -> tuple[str, ...] | None:
    return () if context.note.concern == "first-party" and not context.note.insight.strip() else None


def _is_short(context: _Context) -> tuple[str, ...] | None:
    return (str(len(context.note.text)),) if len(context.note.text) > context.check.limit else None


def _has_next_update(context: _Context) -> tuple[str, ...] | None:
    following = context.note.next_update
    return None if following and 0 < (following - context.note.on).days <= 21 else ()


TESTS: Mapping[str, Test] = {
    "why": _has_why,
    "attempts": _names_attempts,
    "vague": _is_vague,
    "length": _has_length,
    "generic": _is_generic,
    "repeated": _is_repeated,
    "usage-only": _is_figure,
    "next-action": _has_next_action,
    "owner": _has_owner,
    "prefix": _has_prefix,
    "status": _value_of("status"),
    "colour": _value_of("colour"),
    "insight": _cites_insight,
    "summary-length": _is_short,
    "next-update": _has_next_update,
}
"""One function for each check of `notes.yaml`; `author` is looked up in the stream."""

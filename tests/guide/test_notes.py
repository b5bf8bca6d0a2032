"""Notes are checked while they are written: great, marginal or poor, and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from proofs import DAY

from uptake.guide.elements import NoteCheck, Stream
from uptake.guide.engagement import Note
from uptake.guide.notes import TESTS, Score, review
from uptake.guide.playbook import Playbook, load_playbook

GOOD = Note(
    "N2",
    "The customer is unable to deploy because the tax add-in fails on 64-bit Excel.",
    "Max",
    "FM",
    DAY,
    "OPP",
    "blocked",
)
TECHNICAL = Note(
    "N3", "[OPP] Workshop held, six decisions taken.", "Frieda", "FE", DAY, status="On track",
    next_action="Send the checklist", next_action_date=DAY,
)  # fmt: skip


def checks(playbook: Playbook, note: Note, *others: Note) -> set[str]:
    return {remark.check for remark in review(playbook, note, others).remarks}


def test_intent_and_cause_make_a_great_note(playbook: Playbook) -> None:
    assert review(playbook, GOOD).score is Score.GREAT


def test_without_the_cause_it_is_marginal(playbook: Playbook) -> None:
    verdict = review(playbook, replace(GOOD, text="The customer does not deploy the product to its branches."))
    assert verdict.score is Score.MARGINAL
    assert [remark.check for remark in verdict.remarks] == ["why"]


@pytest.mark.parametrize("text", ["", "  ", "TBD", "Blocked.", "no update", "[OPP] n/a", "特になし", "進行中。"])
def test_blank_and_generic_notes_are_poor(playbook: Playbook, text: str) -> None:
    assert review(playbook, replace(GOOD, text=text)).score is Score.POOR


@pytest.mark.parametrize("word", ["currently", "for now", "yet"])
def test_vague_words_are_named(playbook: Playbook, word: str) -> None:
    verdict = review(playbook, replace(GOOD, text=f"{GOOD.text[:-1]} {word}."))
    assert [(remark.check, remark.found) for remark in verdict.remarks] == [("vague", (word,))]
    assert verdict.score is Score.MARGINAL


def test_a_word_inside_another_word_is_not_vague(playbook: Playbook) -> None:
    assert "vague" not in checks(playbook, replace(GOOD, text=GOOD.text.replace("The customer", "Maryette of Contoso")))


def test_a_japanese_note_with_its_cause_is_great(playbook: Playbook) -> None:
    text = "税務アドインが 64 ビット版 Excel で動作しないため、お客様は展開できません。"
    assert review(playbook, replace(GOOD, text=text)).score is Score.GREAT
    assert "vague" in checks(playbook, replace(GOOD, text=f"{text}まだ検討しています。"))


def test_an_essay_is_too_long(playbook: Playbook) -> None:
    assert checks(playbook, replace(GOOD, text=GOOD.text + " More of it." * 6)) == {"length"}


def test_a_figure_alone_says_nothing(playbook: Playbook) -> None:
    assert "usage-only" in checks(playbook, replace(GOOD, text="Usage 412/1000 (41.2 %)"))
    assert review(playbook, replace(GOOD, text="MAU 41.2 %")).score is Score.POOR


def test_the_same_text_on_two_services_is_seen_and_for_silence_allowed(playbook: Playbook) -> None:
    other = replace(GOOD, workload="EXO", text=f"[EXO] {GOOD.text}")
    assert checks(playbook, GOOD, other) == {"repeated"}
    silent = replace(
        GOOD, l1="status-unknown", text="Called the IT manager 4 times and mailed twice, the account is managed."
    )
    assert checks(playbook, silent, replace(silent, workload="EXO")) == set()


def test_a_silent_customer_needs_the_number_of_attempts(playbook: Playbook) -> None:
    assert "attempts" in checks(
        playbook, replace(GOOD, l1="status-unknown", text="The customer does not answer our questions.")
    )


def test_a_technical_note_needs_prefix_status_and_next_action(playbook: Playbook) -> None:
    assert review(playbook, TECHNICAL).score is Score.GREAT
    bare = Note("N3", "Workshop held, six decisions taken.", "Frieda", "FE", DAY)
    assert checks(playbook, bare) == {"prefix", "status", "next-action"}


@pytest.mark.parametrize(("prefix", "passes"), [("[OPP]", True), ("[opp+INTUNE]", True), ("[Microsoft 365 Apps]", True), ("[OPP+XYZ]", False), ("[]", False), ("OPP:", False)])  # fmt: skip
def test_prefixes_can_be_joined_and_unknown_ones_are_named(playbook: Playbook, prefix: str, passes: bool) -> None:
    assert ("prefix" not in checks(playbook, replace(TECHNICAL, text=f"{prefix} Workshop held."))) is passes


def test_a_concern_about_first_party_software_cites_its_insight(playbook: Playbook) -> None:
    concern = replace(TECHNICAL, concern="first-party")
    assert checks(playbook, concern) == {"insight"}
    assert checks(playbook, replace(concern, insight="INS-4711")) == set()
    assert checks(playbook, replace(TECHNICAL, concern="funding")) == set()


def test_a_management_note_needs_next_action_date_and_owner(playbook: Playbook) -> None:
    note = Note("N1", "Talked with the sponsor about dates.", "Max", "FM", DAY)
    assert checks(playbook, note) == {"next-action", "owner"}
    full = replace(note, next_action="Call", next_action_date=DAY, next_action_owner="Max")
    assert review(playbook, full).score is Score.GREAT


def test_an_enterprise_note_names_a_next_update_within_21_days(playbook: Playbook) -> None:
    note = Note("N4", "Waits for the image.", "Tom", "FTA", DAY, status="Yellow", next_update=DAY + timedelta(days=21))
    assert checks(playbook, note) == set()
    assert checks(playbook, replace(note, next_update=DAY + timedelta(days=22))) == {"next-update"}
    assert checks(playbook, replace(note, status="Blue")) == {"colour"}


def test_a_role_writes_in_its_own_streams(playbook: Playbook) -> None:
    assert checks(playbook, replace(TECHNICAL, author_role="FM")) == {"author"}


def test_each_check_of_the_data_has_its_function(playbook: Playbook) -> None:
    assert set(playbook.of(NoteCheck)) == {*TESTS, "author"}


@given(text=st.text(max_size=300), stream=st.sampled_from(list(load_playbook().of(Stream))))
def test_any_text_gets_a_verdict(text: str, stream: str) -> None:
    assert review(load_playbook(), replace(GOOD, stream=stream, text=text)).score in Score

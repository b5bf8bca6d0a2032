"""Gates: no start without intent, no completion without evidence, and each block is named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from proofs import DAY, proof

from uptake.guide.checklist import Checklist
from uptake.guide.elements import Gate, Need
from uptake.guide.engagement import Engagement, Evidence, Intent, Person, Progress, State
from uptake.guide.gates import (
    Block,
    GateError,
    Why,
    applying,
    blocks,
    board,
    bypass,
    complete,
    current_phase,
    end_states,
    may_start,
    missing_evidence,
    next_gate,
    owner_gaps,
    set_aside,
    state_of,
    take_up,
    warnings,
)
from uptake.guide.playbook import Playbook, load_playbook

DONE = Progress(State.DONE, on=DAY)
RESOLVED = Checklist("commercial", frozenset({"OPP"}), {"m365-apps": DAY}, ())


def gate(playbook: Playbook, key: str) -> Gate:
    return playbook.of(Gate)[key]


def with_done(engagement: Engagement, *references: str) -> Engagement:
    return replace(engagement, progress={**engagement.progress, **dict.fromkeys(references, DONE)})


def assessed(engagement: Engagement) -> Engagement:
    return with_done(engagement, "task:3080", "task:3738", "step:ort", "task:3070")


def test_without_intent_nothing_starts_and_unknown_is_not_refusal(playbook: Playbook, silent: Engagement) -> None:
    assert may_start(playbook, silent).routes == ("status-unknown",)
    refused = replace(silent, intent=Intent(False, DAY, "Ito"))
    assert may_start(playbook, refused).routes == ("no-intent",)
    with pytest.raises(GateError, match="does not start"):
        complete(playbook, silent, "task:3080", (), DAY, "Frieda")


def test_the_first_gate_of_a_silent_customer_asks_for_intent(playbook: Playbook, silent: Engagement) -> None:
    assert [block.why for block in blocks(playbook, silent, gate(playbook, "start"))] == [Why.NO_INTENT]
    assert current_phase(playbook, silent).id == "initiate"
    assert state_of(playbook, silent, "task:3080") is State.FUTURE


def test_with_intent_the_workshop_is_ready_and_the_checklist_is_not(playbook: Playbook, started: Engagement) -> None:
    assert state_of(playbook, started, "task:3080") is State.READY
    assert state_of(playbook, started, "task:3070") is State.FUTURE


def test_a_task_is_done_only_with_all_of_its_evidence(playbook: Playbook, started: Engagement) -> None:
    with pytest.raises(GateError, match="responsible for the deployment"):
        complete(playbook, started, "task:3080", (proof("workshop"),), DAY, "Frieda")
    done = complete(playbook, started, "task:3080", (proof("workshop"), proof("responsible-it", "Ito")), DAY, "Frieda")
    assert state_of(playbook, done, "task:3080") is State.DONE
    assert state_of(playbook, started, "task:3080") is State.READY, "the old engagement is what it was"


def test_evidence_that_follows_from_the_engagement_cannot_be_entered(playbook: Playbook, started: Engagement) -> None:
    undecided = replace(started, decisions=())
    offered = (proof("workshop"), proof("responsible-it"), proof("decision"))
    assert [need.kind for need in missing_evidence(playbook, undecided, "task:3080", offered)] == ["decision"]


def test_blank_evidence_is_none(playbook: Playbook, started: Engagement) -> None:
    missing = missing_evidence(playbook, started, "task:3738", (Evidence("conversation", "  "),))
    assert [need.kind for need in missing] == ["conversation"]


@pytest.mark.parametrize(
    ("reason", "evidence"), [("", (proof("file"),)), ("done in 2025", ()), ("done", (proof("file", " "),))]
)
def test_a_bypass_needs_reason_and_evidence(
    playbook: Playbook, started: Engagement, reason: str, evidence: tuple[Evidence, ...]
) -> None:
    with pytest.raises(GateError, match="reason and with evidence"):
        bypass(playbook, started, "step:ort", reason, evidence, DAY, "Frieda")


def test_a_bypassed_step_takes_its_task_with_it_and_is_not_called_done(playbook: Playbook, started: Engagement) -> None:
    after = bypass(playbook, started, "step:assessment-workshop", "held in 2025", (proof("file"),), DAY, "Frieda")
    assert state_of(playbook, after, "task:3080") is State.BYPASSED
    assert state_of(playbook, after, "step:assessment-workshop") is State.BYPASSED


def test_a_step_is_done_when_its_task_is(playbook: Playbook, started: Engagement) -> None:
    assert state_of(playbook, with_done(started, "task:3080"), "step:assessment-workshop") is State.DONE


def test_not_applicable_needs_a_reason_and_takes_the_task_off_the_list(playbook: Playbook, started: Engagement) -> None:
    with pytest.raises(GateError, match="reason"):
        set_aside(started, "task:3738", " ", DAY, "Max")
    after = set_aside(started, "task:3738", "the customer asked for it", DAY, "Max")
    assert "3738" not in {task.id for task in applying(playbook, after)}


def test_what_was_settled_can_be_taken_up_again_with_its_evidence(playbook: Playbook, started: Engagement) -> None:
    done = complete(playbook, started, "task:3738", (proof("conversation"),), DAY, "Max")
    again = take_up(done, "task:3738", DAY, "Max")
    assert state_of(playbook, again, "task:3738") is State.READY
    assert missing_evidence(playbook, again, "task:3738") == ()


def test_the_assessment_gate_names_every_block_with_role_and_missing_evidence(
    playbook: Playbook, started: Engagement
) -> None:
    found = blocks(playbook, started, gate(playbook, "assess-exit"))
    assert [block.reference for block in found] == ["task:3080", "task:3738", "step:ort", "task:3070"]
    assert [block.role for block in found] == ["FE", "FM", "CUSTOMER-IT", "FE"]
    assert found[1] == Block(
        "assess-exit", "task:3738", "Office 365 ProPlus - Deliver Pitch Deck", Why.NO_EVIDENCE, "FM",
        (Need(kind="conversation", what="Date, audience, and objections with the answers that were used"),),
    )  # fmt: skip


def test_the_phase_moves_on_when_its_gate_is_open(playbook: Playbook, started: Engagement) -> None:
    engagement = assessed(started)
    assert current_phase(playbook, engagement).id == "remediate"
    assert [b.reference for b in blocks(playbook, engagement, gate(playbook, "remediate-exit"))] == [
        "task:3190",
        "fact:checklist-resolved",
    ]
    ready = replace(with_done(engagement, "task:3190"), checklist=RESOLVED)
    assert current_phase(playbook, ready).id == "enable"


def test_a_bypassed_remediation_needs_no_checklist(playbook: Playbook, started: Engagement) -> None:
    engagement = bypass(
        playbook, assessed(started), "step:checklist-resolved", "all new devices", (proof("file"),), DAY, "F"
    )
    assert blocks(playbook, engagement, gate(playbook, "remediate-exit")) == ()


def test_a_missing_pilot_warns_and_does_not_block(playbook: Playbook, started: Engagement) -> None:
    exit_gate = gate(playbook, "remediate-exit")
    assert [warning.reference for warning in warnings(playbook, started, exit_gate)] == ["fact:pilot"]
    piloted = started.with_progress("step:deploy", Progress(evidence=(proof("pilot", "10 users of IT"),)))
    assert warnings(playbook, piloted, exit_gate) == ()


def test_a_mandatory_linked_task_blocks_only_when_it_is_switched_on(playbook: Playbook, started: Engagement) -> None:
    exit_gate = gate(playbook, "assess-exit")
    assert "task:1699" not in {block.reference for block in blocks(playbook, started, exit_gate)}
    switched = replace(started, switched_on=frozenset({"1699", "4088"}))
    found = {block.reference for block in blocks(playbook, switched, exit_gate)}
    assert "task:1699" in found
    assert "task:4088" not in found, "optional"


def test_a_mandatory_task_of_the_organisation_blocks_the_gate_of_its_phase(tmp_path: Path, started: Engagement) -> None:
    (tmp_path / "tasks").mkdir()
    text = "id: X1\ntitle: Tell the works council\nmandatory: true\nrole: FM\nphase: assess\ndone_when: It agreed.\nsource: S5\n"
    (tmp_path / "tasks" / "X1.yaml").write_text(text, encoding="utf-8")
    own = load_playbook(tmp_path)
    assert "task:X1" in {block.reference for block in blocks(own, started, gate(own, "assess-exit"))}


def test_the_four_end_states_are_kept_apart(playbook: Playbook, started: Engagement) -> None:
    def reached(engagement: Engagement) -> list[bool | None]:
        return [each.is_reached for each in end_states(playbook, engagement)]

    assert reached(started) == [False, False, None, None]
    deploying = with_done(assessed(started), "task:3190", "task:1247")
    assert reached(deploying) == [True, False, None, None]
    complete_ = replace(deploying, completed_on=DAY)
    assert reached(complete_) == [True, True, None, None]
    assert reached(replace(complete_, measured={"healthy": None})) == [True, True, False, None]
    assert reached(replace(complete_, measured={"healthy": DAY, "sustained": DAY})) == [True, True, True, True]


def test_healthy_and_sustained_come_from_figures_and_unknown_is_not_no(playbook: Playbook, started: Engagement) -> None:
    found = blocks(playbook, replace(started, measured={"healthy": None}), gate(playbook, "success-exit"))
    assert [(block.reference, block.why) for block in found] == [
        ("end_state:deployment-complete", Why.NOT_SO),
        ("end_state:healthy", Why.NOT_SO),
        ("end_state:sustained", Why.UNKNOWN),
    ]


def test_at_the_very_end_no_gate_is_left(playbook: Playbook, started: Engagement) -> None:
    over = with_done(assessed(started), "task:3190", "task:1247")
    over = replace(over, checklist=RESOLVED, completed_on=DAY, measured={"healthy": DAY, "sustained": DAY})
    assert next_gate(playbook, over) is None
    assert current_phase(playbook, over).id == "success"


def test_the_board_shows_the_position_the_owners_and_what_blocks(playbook: Playbook, started: Engagement) -> None:
    squares = {square.cell.id: square for square in board(playbook, started)}
    assert squares["fe-assess"].is_current
    assert squares["fe-assess"].owners == ("Frieda",)
    assert [block.reference for block in squares["fe-assess"].blocks] == ["task:3080", "task:3070"]
    assert dict(squares["fm-assess"].states) == {"3738": State.READY}, "4047 is not switched on"
    assert not squares["fe-enable"].is_current


def test_an_sme_alone_owns_nothing(playbook: Playbook, started: Engagement) -> None:
    only_sme = replace(started, people=(Person("Sam", "SME"),))
    assert {"3080", "3190"} <= {task.id for task in owner_gaps(playbook, only_sme)}
    assert owner_gaps(playbook, started) == ()

"""The shipped playbook holds what the specification names, and an organisation can change it without touching it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uptake.core.errors import CatalogueError
from uptake.guide.elements import EndState, Gate, Process, Role, Step, Task, Version
from uptake.guide.playbook import Playbook, load_playbook, read_playbook
from uptake.guide.reading import read_yaml

SIX = {
    "3080": ("Office 365 ProPlus Assessment Workshop", True, "FE"),
    "3738": ("Office 365 ProPlus - Deliver Pitch Deck", True, "FM"),
    "3070": ("Create Remediation Checklist", True, "FE"),
    "3190": ("Confirm the customer reviews & resolved anything in the remediation checklist", True, "FE"),
    "1247": ("Deploy Office 365 ProPlus", True, "FE"),
    "3650": ("Office ProPlus - OPP Acceleration", False, "FM"),
}


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return folder


def problems_of(folder: Path) -> list[str]:
    return [str(problem) for problem in read_playbook(folder)[1]]


def test_the_shipped_playbook_can_be_read_without_a_problem() -> None:
    assert read_playbook()[1] == []


def test_the_six_tasks_have_their_exact_ids_titles_roles_and_are_mandatory_as_written(playbook: Playbook) -> None:
    ours = {key: (task.title, task.mandatory, task.role) for key, task in playbook.tasks.items() if task.default}
    assert ours == SIX


def test_five_of_the_six_tasks_are_mandatory_and_the_fe_has_four(playbook: Playbook) -> None:
    ours = [task for task in playbook.tasks.values() if task.default]
    assert sum(task.mandatory for task in ours) == 5
    assert sum(task.role == "FE" for task in ours) == 4


def test_tasks_of_linked_pages_are_there_and_off(playbook: Playbook) -> None:
    linked = [task for task in playbook.tasks.values() if not task.default]
    assert len(linked) == 49
    assert {"994", "1699", "1700", "4047", "4090"} <= {task.id for task in linked}
    assert not playbook.tasks["4060"].usual


def test_seven_printed_numbers_are_six_steps_and_the_scan_has_no_task(playbook: Playbook) -> None:
    steps = playbook.of(Step)
    assert sorted(number for step in steps.values() for number in step.numbers) == [1, 2, 3, 4, 5, 6, 7]
    assert len(steps) == 6
    assert steps["ort"].numbers == (3, 4)
    assert steps["ort"].tasks == ()
    assert steps["ort"].responsibility == "customer"


def test_four_processes_are_linked_and_four_end_states_are_kept_apart(playbook: Playbook) -> None:
    assert sum(process.linked for process in playbook.of(Process).values()) == 4
    assert list(playbook.of(EndState)) == ["broad-started", "deployment-complete", "healthy", "sustained"]


def test_an_sme_cannot_own(playbook: Playbook) -> None:
    assert not playbook.of(Role)["SME"].can_own


def test_the_versions_are_the_three_of_the_revision_table(playbook: Playbook) -> None:
    assert sorted(version.date.isoformat() for version in playbook.of(Version).values()) == [
        "2019-10-01",
        "2020-03-25",
        "2020-04-30",
    ]


def test_every_element_names_a_place_of_the_specification(playbook: Playbook) -> None:
    assert [element.id for element in playbook.all() if not element.references] == []


def test_an_overlay_changes_one_field_and_leaves_the_others(tmp_path: Path) -> None:
    folder = written(tmp_path, "tasks/1247-ours.yaml", 'id: "1247"\ndone_when: Our own rule.\n')
    task = load_playbook(folder).tasks["1247"]
    assert (task.done_when, task.title) == ("Our own rule.", "Deploy Office 365 ProPlus")
    assert load_playbook().tasks["1247"].done_when != "Our own rule."


def test_an_overlay_adds_a_task_of_its_own(tmp_path: Path) -> None:
    text = "id: X1\ntitle: Tell the works council\nmandatory: true\nrole: FM\nphase: assess\ndone_when: It agreed.\nsource: S5\n"
    assert load_playbook(written(tmp_path, "tasks/X1.yaml", text)).tasks["X1"].title == "Tell the works council"


def test_an_overlay_can_bring_linked_tasks_as_a_table(tmp_path: Path) -> None:
    head = "id,title,mandatory,role,phase,process,services,usual,done_when,evidence,certainty,source\n"
    folder = written(tmp_path, "linked_tasks.csv", head + "X2,Ask,O,FM,assess,,All,yes,Asked.,em-note;file,,S5\n")
    task = load_playbook(folder).tasks["X2"]
    assert [need.kind for need in task.evidence] == ["em-note", "file"]
    assert not task.default


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("phases.yaml", "phases:\n- id: assess\n  ordre: 2\n", r"phases\.yaml:3: ordre: unknown field"),
        ("phases.yaml", "phases:\n- id: new\n  title: New\n", r"phases\.yaml:2: order: missing"),
        ("phases.yaml", "phases:\n- id: assess\n  order: two\n", r"phases\.yaml:3: order: expected a whole number, found a text"),
        ("phases.yaml", "phase:\n- id: assess\n", r"phases\.yaml:1: phase: no such list"),
        ("phases.yaml", "phases:\n- id: [\n", r"phases\.yaml:\d: not YAML"),
        ("phases.yaml", "phases:\n- id: assess\n  id: b\n", r"phases\.yaml:3: not YAML: 'id' stands twice"),
        ("phases.yaml", "phases:\n- title: No id\n", r"phases\.yaml:2: id: missing"),
        ("phases.yaml", "phases: [assess]\n", r"phases\.yaml: expected a mapping"),
        ("steps.yaml", "- id: ort\n  responsibility: nobody\n", r"steps\.yaml:2: responsibility: 'nobody' is none of"),
        ("steps.yaml", "- id: ort\n  evidence: [{what: scan}]\n", r"steps\.yaml:2: evidence\.kind: missing"),
        ("status.yaml", "l2:\n- id: x\n  rather: often\n", r"rather: expected a mapping"),
        ("stepz.yaml", "- id: ort\n", r"stepz\.yaml: no such file in a playbook"),
        ("roles.yaml", "roles:\n- {id: FE, title: One}\n- {id: FE, title: Two}\n", r"roles\.yaml:3: id: FE is used twice"),
        ("linked_tasks.csv", "id,title\nX1\n", r"linked_tasks\.csv:2: this row has more or fewer columns"),
    ],
)  # fmt: skip
def test_an_error_names_file_line_and_field(tmp_path: Path, name: str, text: str, said: str) -> None:
    found = problems_of(written(tmp_path, name, text))
    assert any(re.search(said, each) for each in found), found
    with pytest.raises(CatalogueError):
        load_playbook(tmp_path)


def test_a_file_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    (tmp_path / "roles.yaml").write_bytes(b"roles:\n- {id: FE, title: \xff}\n")
    assert any("roles.yaml:2: not UTF-8" in each for each in problems_of(tmp_path))


def test_a_folder_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="is no folder"):
        load_playbook(tmp_path / "nowhere")


def test_a_file_with_the_other_ending_is_not_passed_over_in_silence(tmp_path: Path) -> None:
    assert problems_of(written(tmp_path, "roles.yml", "roles: []\n")) == [
        f"{tmp_path.name}/roles.yml: the name must end with .yaml"
    ]


def test_files_that_are_no_part_of_a_playbook_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_bytes(b"\xff\xfe notes")
    assert problems_of(tmp_path) == []


@pytest.mark.parametrize("place", ["roles: [*i]", "roles: [{id: *i}]", "roles: [{id: FE, side: *i}]", "*i : 1"])
def test_yaml_that_unfolds_without_end_is_refused_at_once(tmp_path: Path, place: str) -> None:
    levels = [f"&{name} [{', '.join([f'*{before}'] * 9)}]" for before, name in zip("abcdefgh", "bcdefghi", strict=True)]
    text = "\n".join(["x:", "- &a [lol]", *(f"- {level}" for level in levels), place, ""])
    assert problems_of(written(tmp_path, "roles.yaml", text)) != []


@pytest.mark.parametrize("text", ["roles: [[]]", "roles: &a [*a]", "- 1", "roles: [{id: [a]}]", "[" * 5000, "roles: [{id: 2026-99-99}]", "!!python/object:os.system x"])  # fmt: skip
def test_strange_yaml_is_a_problem_and_no_failure(tmp_path: Path, text: str) -> None:
    assert problems_of(written(tmp_path, "roles.yaml", text)) != []


@given(st.text(max_size=200))
def test_no_text_makes_the_reader_fail(text: str) -> None:
    read_yaml(text, "some.yaml")


def test_the_digest_changes_with_the_content(tmp_path: Path) -> None:
    folder = written(tmp_path, "links.yaml", "- {id: x, title: X, purpose: Y, source: S78}\n")
    assert load_playbook(folder).digest != load_playbook().digest


def test_each_gate_closes_a_phase_of_its_own(playbook: Playbook) -> None:
    phases = [gate.phase for gate in playbook.of(Gate).values()]
    assert len(phases) == len(set(phases)) == 5


def test_every_task_says_when_it_is_done_and_what_proves_it(playbook: Playbook) -> None:
    assert [task.id for task in playbook.of(Task).values() if not task.done_when or not task.evidence] == []

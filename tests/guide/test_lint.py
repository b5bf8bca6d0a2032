"""The linter finds what can be read and is wrong all the same, each with its place."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from uptake.cli import cli
from uptake.guide.elements import KINDS, Element, Task, prose_of
from uptake.guide.lint import CHECKS, complaints, lint
from uptake.guide.playbook import Playbook
from uptake.guide.translation import orphans, said, untranslated

TASK = "id: {id}\ntitle: T\nmandatory: {mandatory}\nrole: {role}\nphase: {phase}\nneeds: [{needs}]\ndone_when: D\nsource: {source}\nevidence: [{evidence}]\n"
SOUND = {
    "id": "X1",
    "mandatory": "true",
    "role": "FE",
    "phase": "assess",
    "needs": "",
    "source": "S5",
    "evidence": "{kind: file, what: W}",
}


def lint_of(folder: Path, name: str, text: str) -> list[str]:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return [str(problem) for problem in lint(folder).problems]


def test_the_shipped_playbook_is_clean(playbook: Playbook) -> None:
    assert lint().problems == ()
    assert list(complaints(playbook)) == []


@pytest.mark.parametrize(
    ("changes", "said_"),
    [
        ({"role": "CEO"}, "tasks/X1.yaml:1: role: X1: no role 'CEO'"),
        ({"phase": "later"}, "phase: X1: no phase 'later'"),
        ({"needs": '"9999"'}, "needs: X1: nothing is called '9999'"),
        ({"needs": '"step:nap"'}, "needs: X1: nothing is called 'step:nap'"),
        ({"needs": "X1"}, "needs: X1: waits for itself"),
        ({"evidence": ""}, "evidence: X1: nothing proves it"),
        ({"evidence": "{kind: rumour, what: W}"}, "evidence.kind: X1: no kind 'rumour'"),
        ({"id": "ort"}, "id: ort: is the id of a task as well"),
        ({"mandatory": "false"}, "id: X1: no step, gate or cell leads to it"),
    ],
)
def test_a_task_with_a_fault_is_named_with_place_and_field(tmp_path: Path, changes: dict[str, str], said_: str) -> None:
    found = lint_of(tmp_path, "tasks/X1.yaml", TASK.format(**(SOUND | changes)))
    assert any(said_ in each for each in found), found


@pytest.mark.parametrize(
    ("name", "text", "said_"),
    [
        ("phases.yaml", "phases:\n- {id: assess, order: 1}\n", "has the place of initiate"),
        ("phases.yaml", "gates:\n- {id: start, requires: ['fact:luck']}\n", "nothing is called 'fact:luck'"),
        ("status.yaml", "l2:\n- {id: adoption, l1: happy}\n", "no l1 'happy'"),
        ("roles.yaml", "sections:\n- {id: deployment, primary: [SME]}\n", "only roles that cannot own"),
        ("notes.yaml", "checks:\n- {id: rhyme, title: R, advice: A, source: 5.3}\n", "nothing looks for it"),
        ("data_fields.yaml", "- {id: l1, holds: mood}\n", "'mood' is nothing that an engagement holds"),
        ("questionnaires/m365-apps.yaml", "items:\n- {id: A-ID-01, triggers: [perhaps]}\n", "nobody can answer 'perhaps'"),
        ("questionnaires/m365-apps.yaml", "items:\n- {id: A-ID-01, closes_by: [Q99]}\n", "no rule 'Q99'"),
        ("questionnaires/m365-apps.yaml", "items:\n- {id: A-ID-01, answer: shrug}\n", "'shrug' is none of"),
        ("questionnaires/m365-apps.yaml", "items:\n- {id: A-ID-01, editions: [moon]}\n", "no cloud 'moon'"),
        ("tasks/3070.yaml", "id: '3070'\nsource: hearsay\n", "source: 3070: names no place"),
        ("links.yaml", "- {id: l9, title: L, purpose: P, source: S78, certainty: inferred}\n", "does not say why"),
    ],
)  # fmt: skip
def test_every_other_fault_is_named(tmp_path: Path, name: str, text: str, said_: str) -> None:
    found = lint_of(tmp_path, name, text)
    assert any(said_ in each for each in found), found


def test_each_check_has_a_name_and_yields_nothing_on_the_shipped_playbook(playbook: Playbook) -> None:
    assert len({check.__name__ for check in CHECKS}) == len(CHECKS) >= 13
    assert [check.__name__ for check in CHECKS if list(check(playbook))] == []


def test_what_is_added_without_japanese_is_counted(tmp_path: Path) -> None:
    before = len(lint().untranslated)
    (tmp_path / "links.yaml").write_text("- {id: l9, title: L, purpose: P, source: S78}\n", encoding="utf-8")
    assert len(lint(tmp_path).untranslated) == before + 2


def test_the_mirror_has_no_entry_without_its_original(playbook: Playbook) -> None:
    assert orphans(playbook, "ja") == ()


def test_the_linter_counts_honestly_what_is_not_translated(playbook: Playbook) -> None:
    every = sum(len(prose_of(element)) for element in playbook.all())
    missing = untranslated(playbook, "ja")
    kinds: list[type[Element]] = [kind for kind in KINDS if playbook.of(kind)]
    assert len(kinds) > 30
    assert 0 <= len(missing) <= every
    assert len(missing) == len(lint().untranslated)


def test_english_stands_in_for_what_is_not_translated(playbook: Playbook) -> None:
    for element in playbook.all():
        assert set(said(element, "ja")) == set(prose_of(element))
        assert said(element, "en") == prose_of(element)


def test_the_command_shows_a_task_and_a_list_and_counts() -> None:
    runner = CliRunner()
    assert "Create Remediation Checklist" in runner.invoke(cli, ["playbook", "show", "3070"]).output
    assert "Blocked" in runner.invoke(cli, ["playbook", "show", "status.l1"]).output
    assert '"list": "tasks"' in runner.invoke(cli, ["playbook", "show", "tasks", "--format", "json"]).output
    assert "tasks " in runner.invoke(cli, ["playbook", "show"]).output
    assert "neither a list nor an element" in str(runner.invoke(cli, ["playbook", "show", "nothing"]).exception)


def test_the_command_ends_with_1_when_something_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "X1.yaml").write_text("id: X1\n", encoding="utf-8")
    done = CliRunner().invoke(cli, ["playbook", "lint", "--overlay", str(tmp_path)], standalone_mode=False)
    assert done.return_value == 1
    assert "X1.yaml:1: title: missing" in done.output
    assert CliRunner().invoke(cli, ["playbook", "lint", "--format", "json"], standalone_mode=False).return_value == 0


def test_the_ids_of_tasks_are_written_as_they_are(playbook: Playbook) -> None:
    assert all(key == task.id for key, task in playbook.of(Task).items())


def test_an_organisation_names_its_own_source_and_the_linter_says_how_a_task_is_reached(tmp_path: Path) -> None:
    (tmp_path / "tasks").mkdir()
    lines = ["id: X1", "title: Review the macros of Finance", "mandatory: false", "role: FE", "phase: assess"]
    lines += ["process: services-workshops", "done_when: Finance has signed the list.", "source: minutes of 3 November"]
    lines += ["evidence:", "  - {kind: decision, what: The signed list}"]
    (tmp_path / "tasks/X1.yaml").write_text("\n".join(lines), encoding="utf-8")
    (problem,) = lint(tmp_path).problems
    assert "no step, gate or cell leads to it: name it in `tasks` of a step" in str(problem)
    step = "- {id: assessment-workshop, tasks: ['3080', X1]}\n"
    (tmp_path / "steps.yaml").write_text(step, encoding="utf-8")
    assert lint(tmp_path).problems == ()

"""The numbers, against a listing that can be counted by hand."""

from __future__ import annotations

import io
from typing import Any

import pytest

from uptake.reporting import write_text
from uptake.reporting.model import SEVERITIES, ListReport
from uptake.reporting.summary import Summary, owner_of, readiness_of
from uptake.reporting.verdict import first_rule, verdict
from uptake.reporting.words import Words
from uptake.reporting.worst import collect


def result(
    path: str, *severities: str, status: str = "has VBA", module: str = "a", target: str = "m365-64"
) -> dict[str, Any]:
    modules = [{"name": "M", "kind": "standard", "sha256": module * 64, "lines": 10}]
    findings = [
        {"rule": f"R{n}", "severity": word, "certainty": "certain", "target": target, "module": "m", "container": "p"}
        | {"line": 1, "proposal": None, "statement": word}
        for n, word in enumerate(severities)
    ]
    projects = [{"container": "p", "name": "P", "modules": modules, "references": []}] if status == "has VBA" else []
    file = {"path": path, "sha256": path.encode().hex().ljust(64, "0"), "size": 10, "format": "xlsm", "status": status}
    return file | {"reason": "why", "projects": projects, "findings": findings}


def summed(*results: dict[str, Any], **options: Any) -> dict[str, Any]:
    summary = Summary(**options)
    for entry in results:
        summary.add(entry)
    return summary.as_dict()


RESULTS = (
    result("A/1.xlsm", "significant", "limited"),
    result("A/2.xlsm", "limited", module="b"),
    result("A/2.xlsm", "limited", module="b"),
    result("B/3.xlsm", "minimal", module="c"),
    result("B/4.xlsx", status="no VBA"),
    result("B/5.xlsx", status="password protected"),
    result("6.txt", status="not an Office file"),
)


def test_files_are_counted_by_their_worst_finding_and_unread_ones_not_as_ready() -> None:
    counts = summed(*RESULTS)
    assert counts["severities"] == {"ready": 1, "design": 0, "minimal": 1, "limited": 2, "significant": 1}
    assert counts["macro_files"] == {"ready": 0, "design": 0, "minimal": 1, "limited": 2, "significant": 1}
    assert counts["readiness"]["m365-64"] == {"ready": 1, "check": 1, "work": 3, "unread": 1, "other": 1}
    assert (counts["files"], counts["bytes"], counts["with_macros"]) == (7, 70, 4)


def test_duplicates_and_distinct_modules() -> None:
    counts = summed(*RESULTS)
    assert counts["duplicates"] == {"files": 1, "bytes": 10}
    assert counts["unique_files"] == 6
    assert counts["unique_macros"] == {"ready": 0, "design": 0, "minimal": 1, "limited": 1, "significant": 1}
    assert (counts["modules"], counts["lines"]) == (4, 40)
    assert not counts["unique_is_lower_bound"]


def test_rules_count_findings_files_and_distinct_modules() -> None:
    rules = summed(*RESULTS)["rules"]
    assert list(rules) == ["R0", "R1"]
    assert rules["R0"] == {"findings": 4, "files": 4, "modules": 3, "severity": "significant", "proposals": 0}


def test_owners_and_reasons() -> None:
    counts = summed(*RESULTS)
    assert [(row["owner"], row["files"], row["work"]) for row in counts["owners"]] == [
        ("A", 3, 3),
        ("B", 3, 0),
        ("", 1, 0),
    ]
    assert counts["unread"] == [{"status": "password protected", "reason": "why", "files": 1, "example": "B/5.xlsx"}]


def test_past_the_limit_counts_of_distinct_things_are_called_lower_bounds() -> None:
    counts = summed(*RESULTS, digest_limit=2)
    assert counts["unique_is_lower_bound"]
    assert counts["unique_files"] == 2
    assert sum(counts["unique_macros"].values()) == 2


def test_a_finding_for_32_bit_only_does_not_ask_for_work_before_64_bit() -> None:
    assert readiness_of(result("x", "limited", target="m365-32")) == "ready"
    assert readiness_of(result("x", "limited", target="m365-any")) == "work"
    assert readiness_of(result("x", "limited", status="error")) == "work"
    assert readiness_of(result("x", status="source missing")) == "unread"


@pytest.mark.parametrize(
    ("path", "roots", "owner"),
    [
        ("Finance/a.xlsm", (), "Finance"),
        ("a.xlsm", (), ""),
        ("C:\\share\\Sales\\x\\a.xlsm", ("C:/share/",), "Sales"),
        ("\\\\server\\share\\HR\\a.xls", ("//server/share/",), "HR"),
        ("/srv/share/a.xls", ("/srv/share/",), ""),
    ],
)
def test_owner_is_the_first_folder_below_the_root(path: str, roots: tuple[str, ...], owner: str) -> None:
    assert owner_of(path, roots) == owner


def test_roots_are_taken_as_people_type_them() -> None:
    counts = summed(result("C:\\share\\Sales\\a.xlsm"), roots=["C:\\share"])
    assert counts["owners"][0]["owner"] == "Sales"


def test_verdict_counts_office_files_and_singular_is_right() -> None:
    words = Words("en")
    assert verdict(summed(*RESULTS), words) == "3 of 6 files need work before 64-bit"
    assert verdict(summed(RESULTS[4]), words) == "None of the 1 file that could be read needs work before 64-bit"
    assert verdict(summed(), words) == "There was nothing to read"


def test_first_rule_is_the_one_that_touches_most_files() -> None:
    report = ListReport(RESULTS, summed(*RESULTS), {})
    assert first_rule(report) == "R0"


def test_same_code_in_many_files_is_one_finding_with_its_copies() -> None:
    results = [result(f"A/{n}.xlsm", "limited", module="d") for n in range(6)] + [
        result("B/x.xlsm", "significant", module="e")
    ]
    worst = collect(ListReport(results, summed(*results), {}), 10, 3)
    first, second = worst.items
    assert (first.finding["severity"], second.finding["severity"]) == ("significant", "limited")
    assert (second.path, second.copies, len(second.paths)) == ("A/0.xlsm", 5, 3)
    assert worst.repeats == 5
    assert [row["path"] for row in worst.files] == ["B/x.xlsm", "A/0.xlsm", "A/1.xlsm"]


def test_text_report_names_verdict_rules_and_what_was_not_read(make_report: Any) -> None:
    stream, report = io.StringIO(), make_report(hostile=False)
    write_text(report, stream, "en")
    text = stream.getvalue()
    assert text.startswith(verdict(report.summary, Words("en")))
    assert "Out-parameter too narrow" in text
    assert "encrypted with a password" in text
    assert all(Words("en")(word) in text for word in SEVERITIES)


def test_text_report_says_how_many_rows_it_leaves_out(report: ListReport) -> None:
    stream = io.StringIO()
    write_text(report, stream, "en")
    assert f"… and {len(report.summary['unread']) - 12} more in the other reports" in stream.getvalue()


def test_counts_of_an_empty_scan_make_every_text(make_report: Any) -> None:
    stream = io.StringIO()
    write_text(ListReport([], Summary().as_dict(), {}), stream, "ja")
    assert "読み取る対象がありませんでした" in stream.getvalue()

"""Each format says what the results say, and nothing is lost on the way."""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import openpyxl
import pyarrow.parquet as pq
import pytest
from lxml import html

from uptake.core.errors import UptakeError
from uptake.reporting import FORMATS, write_report
from uptake.reporting.charts import stacked_bar
from uptake.reporting.excel import RESULT_COLUMNS, write_xlsx
from uptake.reporting.html import write_html
from uptake.reporting.model import JsonlReport, ListReport, dumps
from uptake.reporting.parquet import write_parquet
from uptake.reporting.sarif import artifact_uri

# Sheet "VBA Results" of Microsoft's retired toolkit, without the columns that its scan of user profiles filled.
ORT_COLUMNS = (
    *("Guideline", "Severity", "Source Location", "Source File", "Source File Extension", "Source File Hash"),
    *("Module", "Line #", "Member", "Statement", "Type", "VBA Hash", "Reference", "FileStatus", "64-bit", "RT Version"),
)


def all_findings(report: ListReport) -> list[dict[str, Any]]:
    return [finding for result in report.files() for finding in result["findings"]]


def book_of(report: ListReport, **options: Any) -> Any:
    stream = io.BytesIO()
    write_xlsx(report, stream, **options)
    return openpyxl.load_workbook(stream)


def sarif_of(report: ListReport) -> dict[str, Any]:
    stream = io.BytesIO()
    write_report(report, "sarif", stream)
    log: dict[str, Any] = json.loads(stream.getvalue())
    return log


def page_of(report: ListReport, lang: str = "en", **options: Any) -> Any:
    stream = io.BytesIO()
    write_html(report, stream, lang, **options)
    return html.fromstring(stream.getvalue())


def test_workbook_has_the_sheets_and_columns_of_the_toolkit(report: ListReport) -> None:
    book = book_of(report)
    assert book.sheetnames == [
        *("Overview", "VBA Overview", "VBA Summary", "VBA Results", "VBA Remediation", "VBA References", "Files")
    ]
    headings = [cell.value for cell in book["VBA Results"][1]]
    assert set(ORT_COLUMNS) <= set(headings)
    assert headings == list(RESULT_COLUMNS)
    assert {"Original code", "Proposed changes"} <= {cell.value for cell in book["VBA Remediation"][1]}
    assert len(book["VBA Overview"]._charts) == 3


def test_workbook_has_a_row_for_every_finding_and_every_file(report: ListReport) -> None:
    book, findings = book_of(report), all_findings(report)
    without = sum(not result["findings"] for result in report.files())
    assert book["VBA Results"].max_row == 1 + len(findings) + without
    assert book["VBA Remediation"].max_row == 1 + sum(finding["proposal"] is not None for finding in findings)
    assert book["Files"].max_row == 1 + len(report.results)


def test_sheets_split_past_the_row_limit_and_lose_nothing(report: ListReport) -> None:
    whole, parts = book_of(report), book_of(report, row_limit=10)
    for name in ("VBA Results", "VBA Remediation", "VBA References", "Files"):
        pages = [sheet for sheet in parts if sheet.title == name or sheet.title.startswith(f"{name} (")]
        assert len(pages) > 1
        assert all(page.max_row <= 10 for page in pages)
        rows = [row for page in pages for row in page.iter_rows(min_row=2, values_only=True)]
        assert rows == list(whole[name].iter_rows(min_row=2, values_only=True))
        assert all([c.value for c in page[1]] == [c.value for c in whole[name][1]] for page in pages)


def test_long_statement_is_cut_with_a_mark(report: ListReport) -> None:
    next(iter(report.results))["findings"][0]["statement"] = "x" * 50_000
    values = [str(row[9]) for row in book_of(report)["VBA Results"].iter_rows(values_only=True)]
    longest = max(values, key=len)
    assert len(longest) == 32_767
    assert longest.endswith("[cut: a cell holds 32,767 characters]")


def test_sarif_has_the_structure_that_consumers_require(report: ListReport) -> None:
    log = sarif_of(report)
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-2.1.0.json")
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert len(run["results"]) == len(all_findings(report))
    for rule in rules:
        assert rule["shortDescription"]["text"]
        assert rule["help"]["text"]
        assert rule["defaultConfiguration"]["level"] in ("none", "note", "warning", "error")
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]
        assert result["level"] in ("none", "note", "warning", "error")
        assert re.fullmatch(r"[0-9a-f]{32}", result["partialFingerprints"]["uptakeFinding/v1"])
        (location,) = result["locations"]
        place = location["physicalLocation"]
        assert place["region"]["startLine"] >= 1
        assert re.fullmatch(r"[A-Za-z0-9%/._~:@!$&'()*+,;=-]+", place["artifactLocation"]["uri"])
        assert location["logicalLocations"][0]["fullyQualifiedName"]


def test_sarif_levels_follow_severity_and_fixes_stand_where_there_is_a_proposal(report: ListReport) -> None:
    results = sarif_of(report)["runs"][0]["results"]
    levels = {"significant": "error", "limited": "error", "minimal": "warning", "design": "note", "ready": "none"}
    for result, finding in zip(results, all_findings(report), strict=True):
        assert result["level"] == levels[finding["severity"]]
        assert ("fixes" in result) == bool(finding["proposal"])
        if "fixes" in result:
            change = result["fixes"][0]["artifactChanges"][0]["replacements"][0]
            assert change["deletedRegion"]["startLine"] == finding["editor_line"]
            assert change["insertedContent"]["text"]


def test_fingerprint_stays_when_the_file_is_copied(make_report: Callable[..., ListReport]) -> None:
    results = sarif_of(make_report(hostile=False))["runs"][0]["results"]
    prints = [
        (r["partialFingerprints"]["uptakeFinding/v1"], r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])
        for r in results
    ]
    copies = Counter(number for number, uri in prints if "payroll_2014" in uri)
    assert set(copies.values()) == {2}


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("Finance/a b.xlsm", "Finance/a%20b.xlsm"),
        ("C:\\Data\\a#1.xls", "file:///C:/Data/a%231.xls"),
        ("\\\\server\\share\\a.xls", "file://server/share/a.xls"),
        ("/srv/経理.xls", "file:///srv/%E7%B5%8C%E7%90%86.xls"),
        ("https://contoso.example/a b", "https://contoso.example/a%20b"),
        ("=cmd|' !A0.xlsm", "%3Dcmd%7C%27%20%21A0.xlsm"),
        ("caf\udce9.xls", "caf%E9.xls"),
        ("a:b.xls", "a%3Ab.xls"),
    ],
)
def test_paths_become_uris(path: str, uri: str) -> None:
    assert artifact_uri(path) == uri
    assert (
        unquote(uri, errors="surrogateescape")
        .replace("file:", "")
        .strip("/")
        .replace("/", "\\")
        .endswith(path.replace("/", "\\").strip("\\"))
    )


def test_parquet_tables_stream_in_row_groups(report: ListReport, tmp_path: Path) -> None:
    files, findings = (pq.ParquetFile(path) for path in write_parquet(report, tmp_path, row_group=7))
    assert files.num_row_groups > 2
    assert files.read().num_rows == len(report.results)
    table = findings.read()
    assert table["rule"].to_pylist() == [finding["rule"] for finding in all_findings(report)]
    assert table["editor_line"].to_pylist() == [finding["editor_line"] for finding in all_findings(report)]
    assert all(table["module_sha256"].to_pylist()[:5])
    assert findings.metadata.row_group(0).column(0).compression == "ZSTD"


def test_html_begins_with_the_verdict_and_shows_code_with_its_diff(make_report: Callable[..., ListReport]) -> None:
    page = page_of(make_report(hostile=False))
    assert page.findtext(".//h1") == "9 of 56 files need work before 64-bit"
    assert "phkResult As Long)" in page.xpath("//del")[0].text_content()
    assert page.xpath("//del")[0].xpath(".//b/text()") == ["Long"]
    assert page.xpath("//ins")[0].xpath(".//b/text()") == ["LongPtr"]
    numbers = [line.strip() for line in page.xpath("(//pre)[1]//i[@class='no']/text()")]
    assert numbers == ["1", "2", "3", "4", "5"]


def finding(line: int, rule: str, statement: str, proposal: str | None, context: list[Any]) -> dict[str, Any]:
    made = {
        "rule": rule,
        "severity": "limited",
        "certainty": "certain",
        "target": "m365-64",
        "container": "",
        "module": "",
    }
    made |= {"line": line, "editor_line": line, "statement": statement, "message": f"`{rule}` speaks", "member": ""}
    return made | {"proposal": proposal, "context": context}


def page_with(*findings: dict[str, Any]) -> Any:
    from uptake.reporting.summary import Summary

    file = {
        "path": "C:\\data\\a.bas",
        "sha256": "0" * 64,
        "size": 1,
        "format": "vba",
        "status": "has VBA",
        "reason": "",
    }
    result = file | {"projects": [], "findings": list(findings)}
    summary = Summary(["C:\\data"])
    summary.add(result)
    return page_of(ListReport([result], summary.as_dict(), {}))


def test_findings_of_one_line_are_one_row_with_one_diff() -> None:
    line, new = 'Declare Sub A Lib "x" (ByVal h As Long)', 'Declare PtrSafe Sub A Lib "x" (ByVal h As LongPtr)'
    page = page_with(finding(1, "B01", line, new, [[1, line]]), finding(1, "B03", line, new, [[1, line]]))
    (body,) = page.xpath("//table[@id='finding-table']/tbody")
    assert body.get("data-r") == "B01 B03"
    assert len(body.xpath(".//del")) == len(body.xpath(".//ins")) == 1
    assert body.xpath(".//details//code/text()").count("B03") == 1


def test_proposal_for_another_place_is_not_shown_as_a_change_of_the_call() -> None:
    call, declare = "x = Foo(1)", 'Private Declare PtrSafe Function Foo Lib "user32" (ByVal h As LongPtr) As LongPtr'
    page = page_with(finding(7, "B14", call, declare, [[7, "    x = Foo(1)"]]))
    assert not page.xpath("//del")
    assert page.xpath("//mark")[0].text_content().strip().endswith("x = Foo(1)")
    assert declare in page.xpath("//ins")[0].text_content()


def test_statement_over_several_lines_goes_out_as_a_whole() -> None:
    context = [[4, "' before"], [5, 'Declare Sub A Lib "x" ( _'], [6, "    ByVal h As Long)"], [7, "' after"]]
    joined = 'Declare Sub A Lib "x" (     ByVal h As Long)'
    page = page_with(finding(5, "B01", joined, joined.replace("Declare", "Declare PtrSafe"), context))
    assert len(page.xpath("//del")) == 2
    assert [line.text_content().strip() for line in page.xpath("//pre//span")] == ["4' before", "7' after"]


def test_paths_are_shown_below_the_root(make_report: Callable[..., ListReport]) -> None:
    page = page_with(finding(1, "B01", "a", None, []))
    assert page.xpath("//span[@class='name']/text()")[0] == "a.bas"
    assert "C:\\data" not in page.xpath("//section[@id='findings']")[0].text_content()


def test_html_says_honestly_what_it_leaves_out(make_report: Callable[..., ListReport]) -> None:
    report = make_report(hostile=False)
    page = page_of(report, max_places=5, max_files=3)
    assert len(page.xpath("//table[@id='finding-table']/tbody")) == 5
    assert "Showing the 5 worst of 25" in page.xpath("//section[@id='findings']//h2")[0].text_content()
    assert "results.jsonl" in page.xpath("//section[@id='files']//h2")[0].text_content()
    assert "All 10 are shown" in page_of(report).xpath("//section[@id='files']//h2")[0].text_content()


def test_html_charts_have_a_title_with_the_numbers(report: ListReport) -> None:
    charts = page_of(report).xpath("//main//svg")
    assert charts
    assert all(chart.get("role") == "img" and re.search(r"\d", chart.findtext("title")) for chart in charts)


def test_small_parts_of_a_bar_stay_visible() -> None:
    widths = [
        float(w) for w in re.findall(r'width="([\d.]+)" height', stacked_bar([("a", 10**6), ("b", 3), ("c", 0)], "t"))
    ]
    assert len(widths) == 2
    assert widths[1] >= 3
    assert sum(widths) == pytest.approx(598, abs=0.2)


@pytest.mark.parametrize("name", FORMATS)
def test_empty_scan_makes_a_report(name: str, tmp_path: Path) -> None:
    from uptake.reporting.summary import Summary

    paths = write_report(ListReport([], Summary().as_dict(), {}), name, tmp_path / FORMATS[name].file_name)
    assert paths
    assert all(path.exists() for path in paths)


@pytest.mark.parametrize("name", FORMATS)
def test_report_is_the_same_from_a_stored_scan(report: ListReport, name: str, tmp_path: Path) -> None:
    stored = tmp_path / "results.jsonl"
    stored.write_bytes(b"".join(dumps(result) + b"\n" for result in report.files()))
    again = JsonlReport(stored, report.summary, report.rules)
    assert list(again.files()) == list(report.files()) == list(again.files())
    first = write_report(report, name, tmp_path / "a" / FORMATS[name].file_name)
    second = write_report(again, name, tmp_path / "b" / FORMATS[name].file_name)
    if name != "xlsx":
        assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_interrupted_report_leaves_the_old_one(report: ListReport, tmp_path: Path) -> None:
    target = tmp_path / "findings.csv"
    write_report(report, "csv", target)
    before = target.read_bytes()
    broken = ListReport([*report.results[:3], {"path": "x"}], report.summary, report.rules)
    with pytest.raises(KeyError):
        write_report(broken, "parquet", tmp_path)
    with pytest.raises(KeyError):
        write_report(broken, "xlsx", target)
    assert target.read_bytes() == before
    assert not list(tmp_path.glob("*.part"))


def test_unknown_format_and_parquet_into_a_stream_are_refused_with_a_hint(report: ListReport) -> None:
    with pytest.raises(UptakeError, match="no report format") as caught:
        write_report(report, "pdf", io.BytesIO())
    assert "html" in caught.value.hint
    with pytest.raises(UptakeError, match="two files"):
        write_report(report, "parquet", io.BytesIO())

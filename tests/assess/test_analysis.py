"""One document → result: what is located where, what is masked, what a target leaves out."""

from __future__ import annotations

import json

import pytest

from uptake.assess.analysis import FULL_DETAIL, Analyser
from uptake.assess.documents import Status, open_document
from uptake.assess.result import FileResult
from uptake.assess.samples import Extras, SampleModule, SampleProject, ooxml
from uptake.assess.scan import FileScanner, ScanOptions, encode
from uptake.core.severity import Target

UNSAFE = 'Private Declare Sub Sleep Lib "kernel32" (ByVal ms As Long)\n'


def project(*sources: str, constants: str = "") -> SampleProject:
    modules = tuple(SampleModule(f"Module{n}", source) for n, source in enumerate(sources, 1))
    return SampleProject(modules=modules, constants=constants)


def analysed(*sources: str, target: Target = Target.M365_64, constants: str = "") -> FileResult:
    return Analyser(target).analyse(
        open_document(ooxml("xlsm", Extras(project=project(*sources, constants=constants))))
    )


def found(result: FileResult, rule: str) -> list[tuple[str, int]]:
    return [(finding.module, finding.line) for finding in result.findings if finding.rule == rule]


def test_a_finding_names_module_line_and_the_line_of_the_editor() -> None:
    result = analysed("Option Explicit\n" + UNSAFE)
    finding = next(f for f in result.findings if f.rule == "B01")
    assert finding.module == "Module1"
    assert finding.container.endswith("vbaProject.bin")
    assert finding.line == finding.editor_line + 1, "one hidden Attribute line stands before"
    assert finding.editor_line == 2
    assert finding.proposal == UNSAFE.replace("Declare", "Declare PtrSafe").strip()


def test_constants_of_the_project_decide_what_is_compiled() -> None:
    text = "#If Old Then\n" + UNSAFE + "#End If\n"
    assert found(analysed(text, constants="Old = 1"), "B01")
    assert not found(analysed(text, constants="Old = 0"), "B01")


def test_a_variable_of_another_module_must_change_with_the_declare() -> None:
    declare = 'Public Declare Function GetActiveWindow Lib "user32" () As Long\n'
    result = analysed(declare, "Sub A()\nDim window As Long\nwindow = GetActiveWindow()\nEnd Sub\n")
    finding = next(f for f in result.findings if f.rule == "B01")
    assert "window (A)" in finding.message


def test_passwords_are_masked_wherever_they_would_be_shown() -> None:
    result = analysed(
        'Sub A()\ncn.Open "Provider=Microsoft.Jet.OLEDB.4.0;Data Source=a;Jet OLEDB:Database Password=geheim1"\nEnd Sub\n'
    )
    assert found(result, "D01")
    assert "geheim1" not in json.dumps([finding.as_json() for finding in result.findings])


def test_a_target_leaves_out_what_does_not_concern_it() -> None:
    text = UNSAFE + "Dim n As LongLong\n"
    assert not found(analysed(text, target=Target.M365_32), "B01")
    assert found(analysed(text, target=Target.M365_32), "B10")
    assert found(analysed(text, target=Target.MIXED), "B01")
    assert found(analysed(text, target=Target.MIXED), "B10")


def test_code_in_an_embedded_workbook_is_found_at_its_place() -> None:
    inner = ooxml("xlsm", Extras(project=project(UNSAFE)))
    document = open_document(ooxml("docx", Extras(embeddings=(("Budget.xlsm", inner),))))
    finding = next(f for f in Analyser().analyse(document).findings if f.rule == "B01")
    assert "embeddings/" in finding.container
    assert "!" in finding.container


def test_the_same_project_in_another_file_has_the_same_findings() -> None:
    analyser = Analyser()
    first = analyser.analyse(open_document(ooxml("xlsm", Extras(project=project(UNSAFE)), title="one")))
    second = analyser.analyse(open_document(ooxml("xlsm", Extras(project=project(UNSAFE)), title="two")))
    assert [f.as_json() for f in first.findings] == [f.as_json() for f in second.findings]


def test_a_file_with_very_many_findings_keeps_them_all() -> None:
    count = FULL_DETAIL + 200
    result = analysed("".join(UNSAFE.replace("Sleep", f"Sleep{n}") for n in range(count)))
    assert len(found(result, "B01")) == count
    assert result.findings[10].context
    assert not result.findings[-1].context


def test_compiled_code_without_source_is_no_clean_file() -> None:
    module = SampleModule("Module1", "Sub A()\nEnd Sub\n", damage="no-source")
    document = open_document(ooxml("xlsm", Extras(project=SampleProject(modules=(module,)))))
    result = Analyser().analyse(document)
    assert result.status is Status.SOURCE_MISSING
    assert any(finding.rule == "P02" for finding in result.findings)


@pytest.mark.parametrize(("name", "kind"), [("a.bas", "standard"), ("b.cls", "class"), ("c.frm", "form")])
def test_exported_modules_are_projects_of_one_module(name: str, kind: str) -> None:
    head = {
        "standard": "",
        "class": "VERSION 1.0 CLASS\nBEGIN\n  MultiUse = -1\nEND\n",
        "form": "VERSION 5.00\nBegin {C62A69F0-16DC-11CE-9E98-00AA00574A4F} F\nEnd\n",
    }[kind]
    text = head + 'Attribute VB_Name = "M"\n' + UNSAFE
    result = Analyser().analyse(open_document(text.encode(), name=name))
    assert [(m.name, m.kind) for p in result.projects for m in p.facts.modules] == [("M", kind)]
    assert found(result, "B01") == [("M", text.count("\n"))]


def test_japanese_source_outside_a_document_is_read_in_its_code_page() -> None:
    text = "' 給与の計算です\nSub 計算()\nEnd Sub\n"
    result = Analyser().analyse(open_document(text.encode("cp932"), name="給与.bas"))
    assert "給与" in result.projects[0].facts.modules[0].source


def test_the_scanner_remembers_contents_and_tells_plain_texts_apart_by_name() -> None:
    scanner = FileScanner(ScanOptions())
    data = b"Sub A()\r\nEnd Sub\r\n"
    as_source, as_document = scanner.scan(data, "a.bas"), scanner.scan(data, "a.otm")
    assert as_source.sha256 == as_document.sha256
    assert b'"has VBA"' in as_source.result
    assert b'"not an Office file"' in as_document.result


def test_text_that_is_no_unicode_still_becomes_json() -> None:
    assert json.loads(encode({"a": "x\ud800y"}))["a"] == "x?y"

"""A scan as reports meet it: findings in the sample macros, copies, unread files, and names that attack the reader."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from uptake.assess.samples.library import code
from uptake.reporting.model import ListReport
from uptake.reporting.summary import Summary

HOSTILE = (
    "=cmd|' /C calc'!A0.xlsm",
    "@SUM(1+1).xlsm",
    "+1.xlsm",
    "-2.xlsm",
    "\t=1+1.xlsm",
    "\r=1.xlsm",
    "<script>alert(1)</script>.xlsm",
    '"><img src=x onerror=alert(1)>.xlsm',
    "</style></script><svg onload=alert(2)>.xlsm",
    "\x1b[31mred\x07\x9b2J.xlsm",
    "gpj.\u202emslx.xlsm",
    "lone \udcff surrogate.xlsm",
    "{{7*7}} ${x} [bold]markup[/bold].xlsm",
    "http://example.invalid/=1.xlsm",
)
RULES = {
    "B01": ("Declare without PtrSafe", "limited", "A 64-bit editor refuses to compile the module.", "Add PtrSafe."),
    "B03": ("Parameter too narrow for a handle", "limited", "A handle has 64 bits and Long has 32.", "Use LongPtr."),
    "B05": (
        "Out-parameter too narrow",
        "significant",
        "Eight bytes are written over four.",
        "Declare the variable LongPtr.",
    ),
    "B14": ("SetWindowLong with a pointer index", "significant", "The pointer is cut.", "Use SetWindowLongPtr."),
    "S02": ("VBScript.RegExp", "minimal", "VBScript will be removed from Windows.", "Use the RegExp of VBA."),
    "D01": ("Jet provider", "limited", "There is no 64-bit Jet provider.", "Use Microsoft.ACE.OLEDB.16.0."),
    "O03": ("Application.FileSearch", "significant", "The object was removed in Office 2007.", "Use Dir or the FSO."),
    "O11": ("CommandBars", "design", "Toolbars appear on the Add-ins tab.", "Write a ribbon."),
}
JAPANESE = {
    "B01": ("PtrSafe のない Declare", "64 ビット版のエディターではコンパイルできません。", "PtrSafe を付けます。"),
    "B03": ("ハンドルの引数が狭すぎる", "ハンドルは 64 ビット、Long は 32 ビットです。", "LongPtr を使います。"),
    "B05": ("出力引数が狭すぎる", "4 バイトの変数に 8 バイト書き込まれます。", "変数を LongPtr で宣言します。"),
    "B14": ("ポインターを渡す SetWindowLong", "ポインターが切り捨てられます。", "SetWindowLongPtr を使います。"),
    "S02": ("VBScript.RegExp", "VBScript は Windows から削除される予定です。", "VBA の RegExp を使います。"),
    "D01": ("Jet プロバイダー", "64 ビット版の Jet はありません。", "Microsoft.ACE.OLEDB.16.0 を使います。"),
    "O03": ("Application.FileSearch", "Office 2007 で削除されました。", "Dir または FSO を使います。"),
    "O11": ("CommandBars", "ツール バーはアドイン タブに表示されます。", "リボンを作成します。"),
}
MATCHES = (
    ("Declare Function RegOpenKeyEx", "B05"),
    ("Declare PtrSafe Function RegOpenKeyEx", "B05"),
    ("Private Declare Function", "B01"),
    ("Private Declare Sub", "B01"),
    ("PtrSafe Function GetDC", "B03"),
    ("PtrSafe Function FindWindow", "B03"),
    ("SetWindowLong(hwnd", "B14"),
    ("VBScript.RegExp", "S02"),
    ("Jet.OLEDB", "D01"),
    ("Application.FileSearch", "O03"),
    ("CommandBars.Add", "O11"),
)
MACROS = {
    "Finance/payroll_2014.xlsm": ("registry.bas", "clipboard.bas"),
    "Finance/Approval.xlsm": ("declares_2007.bas", "budget.bas"),
    "Finance/Monthly report.xlsm": ("monthly_report.bas",),
    "Finance/Closing toolbar.xls": ("toolbar.bas", "file_search.bas"),
    "Archive/2014/payroll_2014 - Copy.xlsm": ("registry.bas", "clipboard.bas"),
    "Sales/Orders.xlsm": ("jet_import.bas",),
    "Sales/Customer codes.xlsm": ("check_codes.bas",),
    "Sales/Screen size.xlsm": ("half_migrated.bas",),
    "Templates/Wheel hook.xlam": ("subclass.bas",),
    "経理部/仕訳転送.xls": ("keiri.bas",),
    "人事/社員名簿.xls": ("meibo.bas",),
    "人事/勤怠表.xlsm": ("kintai.bas",),
}
UNREAD = (
    ("HR/Salaries 2026 (protected).xlsx", "password protected", "encrypted with a password (ECMA-376 standard)"),
    ("Quarantine/Half copied.xlsm", "error", "the zip archive has no central directory"),
    ("Quarantine/Bomb.xlsx", "limit reached", "xl/media/image1.png: 300 MB from 0.3 MB is over the limit of 256 MB"),
    ("Quarantine/Source missing.xlsm", "source missing", "1 module holds compiled code and no source"),
)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def proposal_for(rule: str, line: str) -> str | None:
    if rule == "B01":
        return line.replace("Declare ", "Declare PtrSafe ").replace("hwnd As Long", "hwnd As LongPtr")
    if rule in ("B03", "B05"):
        return line.replace("hdc As Long", "hdc As LongPtr").replace("phkResult As Long", "phkResult As LongPtr")
    return None


def findings_of(name: str, titles: dict[str, Any]) -> Iterator[dict[str, Any]]:
    lines = code(name).split("\n")
    for index, line in enumerate(lines):
        rule = next((rule for text, rule in MATCHES if text in line), None)
        if rule is None:
            continue
        yield {
            "rule": rule,
            "severity": RULES[rule][1],
            "certainty": "likely" if rule in ("B03", "S02") else "certain",
            "target": "m365-any" if rule[0] in "OS" else "m365-64",
            "module": name.partition(".")[0],
            "container": "xl/vbaProject.bin",
            "line": index + 2,
            "editor_line": index + 1,
            "statement": line.strip(),
            "message": f"{titles[rule]['title']}: {line.split('Lib')[0].strip()[:60]}",
            "proposal": proposal_for(rule, line.strip()),
            "member": None,
            "context": [[n + 2, lines[n]] for n in range(max(0, index - 2), min(len(lines), index + 3))],
        }


def file_result(path: str, modules: tuple[str, ...], titles: dict[str, Any]) -> dict[str, Any]:
    found = [finding for name in modules for finding in findings_of(name, titles)]
    listed = [
        {
            "name": name.partition(".")[0],
            "kind": "standard",
            "sha256": digest(code(name)),
            "lines": code(name).count("\n"),
        }
        for name in modules
    ]
    reference = {"name": "stdole", "kind": "registered", "guid": "{00020430-0000-0000-C000-000000000046}"}
    reference |= {"version": "2.0", "path": "C:\\Windows\\System32\\stdole2.tlb", "description": "OLE Automation"}
    project = {"container": "xl/vbaProject.bin", "name": "VBAProject", "codepage": 1252, "protected": False}
    project |= {"signed": False, "constants": "", "references": [reference], "modules": listed}
    return {
        "path": path,
        "sha256": digest("|".join(modules)),
        "size": 18_000 + 100 * len(path),
        "format": path.rpartition(".")[2],
        "status": "has VBA",
        "reason": "",
        "projects": [project],
        "findings": found,
    }


def plain_result(path: str, status: str = "no VBA", reason: str = "") -> dict[str, Any]:
    result = {"path": path, "sha256": digest(path), "size": 9000, "format": path.rpartition(".")[2], "status": status}
    return result | {"reason": reason, "projects": [], "findings": []}


def hostile_results(titles: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every attack as file name, folder, module, statement, message, proposal, reference and reason."""
    for name in HOSTILE:
        result = file_result(f"Quarantine/{name}", ("declares_2007.bas",), titles)
        for finding in result["findings"]:
            finding |= {"module": name, "member": name, "container": name, "statement": name, "message": name}
            finding |= {"proposal": name, "context": [[1, name], [2, "' after"]], "line": 1, "editor_line": 1}
        result["projects"][0] |= {"name": name, "container": name}
        result["projects"][0]["references"][0] |= {"name": name, "path": name, "description": name}
        result["projects"][0]["modules"][0]["name"] = name
        yield result
        yield plain_result(f"{name}/{name}", "error", name)


def rule_texts(lang: str) -> dict[str, Any]:
    sources = [{"what": "Microsoft, 64-bit Visual Basic for Applications overview", "date": "2024-11-05"}]
    texts: dict[str, Any] = {}
    for rule, (title, severity, why, fix) in RULES.items():
        shown = JAPANESE[rule] if lang == "ja" else (title, why, fix)
        texts[rule] = {"title": shown[0], "why": shown[1], "fix": shown[2], "severity": severity, "sources": sources}
        texts[rule]["target"] = "m365-any" if rule[0] in "OS" else "m365-64"
    return texts


def make(lang: str = "en", *, hostile: bool = True, clean: int = 40) -> ListReport:
    texts = rule_texts(lang)
    results = [file_result(path, modules, texts) for path, modules in MACROS.items()]
    results += [plain_result(f"{['Finance', 'Sales', 'HR', '経理部'][n % 4]}/Plan {n}.xlsx") for n in range(clean)]
    results += [plain_result(*entry) for entry in UNREAD]
    results += [plain_result("Archive/readme.txt", "not an Office file")]
    results += list(hostile_results(texts)) if hostile else []
    summary = Summary()
    for result in results:
        summary.add(result)
    extra = {"sources": ["\\\\fileserver\\shares"], "finished": "2026-11-22T09:00:00"}
    return ListReport(results, summary.as_dict() | extra, texts)


@pytest.fixture
def report() -> ListReport:
    """With attacks."""
    return make()


@pytest.fixture
def make_report() -> Callable[..., ListReport]:
    return make

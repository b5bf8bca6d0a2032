"""Add-ins of a device from .reg exports, hives and the collector: found, judged, and never a crash on what strangers send."""

from __future__ import annotations

import contextlib
import json
import random
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import setuptools
from hypothesis import given, settings
from hypothesis import strategies as st

from uptake.adapters.registry_hives import read_hive
from uptake.assess.addins.binaries import Binary, read_binary
from uptake.assess.addins.derive import AddIn, addins_of
from uptake.assess.addins.readiness import SCHEMA, Collected, Endpoint, judge, read_evidence, read_statements, totals
from uptake.assess.addins.registry import Registry, is_export, read_export
from uptake.core.errors import UptakeError
from uptake.core.severity import Severity

EXPORT = r"""Windows Registry Editor Version 5.00

[HKEY_LOCAL_MACHINE\SOFTWARE\WOW6432Node\Microsoft\Office\Excel\Addins\Ledger.Connect]
"FriendlyName"="Ledger \"32\" C:\\x"
"LoadBehavior"=dword:00000003

[HKEY_CURRENT_USER\Software\Microsoft\Office\Excel\Addins\Ledger.Connect]
"LoadBehavior"=dword:00000002

[HKEY_CLASSES_ROOT\Ledger.Connect\CLSID]
@="{AAAAAAAA-0000-0000-0000-000000000001}"

[HKEY_LOCAL_MACHINE\SOFTWARE\Classes\WOW6432Node\CLSID\{AAAAAAAA-0000-0000-0000-000000000001}\InprocServer32]
@="C:\\Program Files (x86)\\Ledger\\ledger.dll"

[HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Office\Outlook\Addins\Archive.Connect]
"FriendlyName"="Archive"
"LoadBehavior"=dword:00000003
"Manifest"="file:///C:/Archive/archive.vsto|vstolocal"

[HKEY_CURRENT_USER\Software\Microsoft\Office\16.0\Excel\Options]
"OPEN"="/R \"C:\\Tools\\rates.xll\""
"OPEN1"="/A \"Quotes.Server\""
"OPEN2"="C:\\Tools\\old.xla"

[HKEY_CURRENT_USER\Software\Policies\Microsoft\Office\16.0\Excel\Resiliency\AddinList]
"Ledger.Connect"="1"

[HKEY_CURRENT_USER\Software\Microsoft\Office\16.0\Excel\Resiliency\DisabledItems]
"A1"=hex:72,00,61,00,74,00,65,00,73,00,2e,00,78,00,6c,00,\
  6c,00
"""


def device(content: bytes, **files_known: Binary) -> dict[str, AddIn]:
    return {each.id: each for each in addins_of(read_export(content), files_known)}


def test_an_export_gives_every_kind_of_addin_with_its_state() -> None:
    found = device(EXPORT.encode("utf-16"))
    ledger = found["Ledger.Connect"]
    assert (ledger.bitness, ledger.name, ledger.policy, ledger.load) == (
        "32-only",
        'Ledger "32" C:\\x',
        "forced",
        {"hkcu": 2, "hklm32": 3},
    )
    assert ledger.is_disabled
    assert (found["Archive.Connect"].kind, found["Archive.Connect"].path) == ("vsto", "C:/Archive/archive.vsto")
    assert (found["rates.xll"].kind, found["rates.xll"].is_hard_disabled) == ("xll", True)
    assert found["Quotes.Server"].kind == "automation"
    assert (found["old.xla"].kind, found["old.xla"].bitness) == ("vba", "any")


def test_both_encodings_of_regedit_say_the_same() -> None:
    assert is_export(EXPORT.encode("utf-16"))
    assert read_export(EXPORT.encode("utf-16")).keys == read_export(EXPORT.encode()).keys
    assert read_export(EXPORT.encode()).problems == []


def test_the_rules_judge_and_the_worst_speaks_for_the_device() -> None:
    endpoint = Collected("pc1", registry=read_export(EXPORT.encode())).endpoint()
    rules = {judged.addin.id: {finding.rule for finding in judged.findings} for judged in endpoint.addins}
    assert rules["Ledger.Connect"] == {"A01", "A08", "A10", "A12"}
    assert rules["Archive.Connect"] == {"A03", "A14", "A15"}
    assert rules["old.xla"] == {"A06", "A07"}
    assert rules["rates.xll"] == {"A08", "A15"}
    assert endpoint.severity is Severity.SIGNIFICANT
    [top, *_] = totals([endpoint, Collected("pc2", department="Law", registry=read_export(EXPORT.encode())).endpoint()])
    assert (top["id"], top["devices"], top["departments"]) == ("Ledger.Connect", 2, ["Law"])


@pytest.mark.parametrize(("registered", "files_known", "expected"), [
    (("64", "32"), {}, "both"), (("64",), {}, "64-only"), (("32",), {}, "32-only"), ((), {}, "unknown"),
    (("64",), {"c:\\a64.dll": Binary("any", is_managed=True)}, "any"), (("64", "32"), {"c:\\a64.dll": Binary("32-only"), "c:\\a32.dll": Binary("32-only")}, "32-only"),
])  # fmt: skip
def test_bitness_follows_registration_and_the_file_knows_better(
    registered: tuple[str, ...], files_known: dict[str, Binary], expected: str
) -> None:
    registry = Registry()
    registry.set(r"HKCU\Software\Microsoft\Office\Word\Addins\A.B", "LoadBehavior", 3)
    registry.set(r"hklm\software\classes\A.B\CLSID", "", "{1}")
    for bits in registered:
        node = "" if bits == "64" else "wow6432node\\"
        registry.set(rf"hklm\software\classes\{node}clsid\{{1}}\inprocserver32", "", rf"C:\a{bits}.dll")
    assert addins_of(registry, files_known)[0].bitness == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("cli-32.exe", "32-only"),
        ("cli-64.exe", "64-only"),
        ("cli-arm64.exe", "arm64"),
        ("gui-32.exe", "32-only"),
        ("gui-64.exe", "64-only"),
    ],
)
def test_the_bitness_of_programs_by_strangers_is_right(name: str, expected: str) -> None:
    path = Path(setuptools.__file__).parent / name
    if not path.exists():
        pytest.skip("this setuptools brings no such program")
    binary = read_binary(path.read_bytes())
    assert (binary.bitness, binary.is_managed, binary.needs_vb6) == (expected, False, False)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_crash_a_reader(content: bytes) -> None:
    assert read_binary(b"MZ" + content).bitness in ("unknown", "32-only", "64-only", "arm64", "any")
    addins_of(read_export(b"REGEDIT4\r\n" + content))
    for made in (lambda: read_hive(b"regf" + content, "NTUSER.DAT"), lambda: read_evidence(content, "x")):
        with contextlib.suppress(UptakeError):
            made()


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10_000))
def test_a_damaged_export_is_read_as_far_as_it_goes(seed: int) -> None:
    chance, content = random.Random(seed), bytearray(EXPORT.encode())
    for _ in range(12):
        content[chance.randrange(len(content))] = chance.randrange(256)
    judge(addins_of(read_export(bytes(content))))


def evidence(**changes: Any) -> bytes:
    base = {
        "schema": SCHEMA, "device": "pc9", "user": "u", "department": "Law",
        "keys": [{"path": r"hkcu\software\microsoft\office\16.0\excel\options", "values": {"OPEN": r"C:\x\calc.xll"}}],
        "files": [{"path": r"C:\x\calc.xll", "bitness": "32-only", "company": "House"}], "not_readable": [r"C:\secret"],
    }  # fmt: skip
    return json.dumps({**base, **changes}).encode()


def test_the_collectors_json_gives_a_device_and_what_it_could_not_read() -> None:
    endpoint = read_evidence(evidence(), "file").endpoint()
    assert (endpoint.device, endpoint.department, endpoint.problems) == ("pc9", "Law", (r"C:\secret",))
    assert [(each.addin.bitness, each.findings[0].rule) for each in endpoint.addins] == [("32-only", "A04")]
    assert json.loads(json.dumps(endpoint.as_json()))["readiness"] == "significant"


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"schema": "other"}', b"[" * 3000, b"\xff\xfe", b"hello"])
def test_what_is_no_evidence_is_a_sentence(content: bytes) -> None:
    with pytest.raises(UptakeError):
        read_evidence(content, "x")


@pytest.mark.parametrize(
    "changes",
    [
        {"keys": "x"},
        {"keys": [1, {"path": 3}]},
        {"files": [{"path": "a", "head": "zz"}]},
        {"device": None},
        {"not_readable": 7},
    ],
)
def test_strange_json_of_the_right_kind_is_read_as_far_as_it_goes(changes: dict[str, Any]) -> None:
    assert isinstance(read_evidence(evidence(**changes), "x").endpoint(), Endpoint)


def test_a_bitness_that_is_no_word_of_the_collector_is_unknown() -> None:
    for strange in ("\0", "32", "=1+1", 7, None, ["any"]):
        files_named = [{"path": r"C:\x\calc.xll", "bitness": strange}]
        [judged] = read_evidence(evidence(files=files_named), "x").endpoint().addins
        assert judged.addin.bitness == "unknown"


def test_a_vendor_statement_is_shown_with_its_source() -> None:
    rows = read_statements(
        "addin,status,statement,source,date\ncalc.xll,Supported version available,Version 9 is 64-bit,vendor page,2026-05-01\n"
    )
    [judged] = read_evidence(evidence(), "x").endpoint(rows).addins
    assert (judged.status, judged.statement) == (
        "Supported version available",
        "Version 9 is 64-bit (vendor page, 2026-05-01)",
    )
    with pytest.raises(UptakeError):
        read_statements("a,b\n1,2\n")


def test_the_collector_is_powershell_and_changes_nothing() -> None:
    text = files("uptake.assess.addins").joinpath("collector.ps1").read_text(encoding="utf-8")
    for word in (
        "Set-Item",
        "New-Item",
        "Remove-",
        "Invoke-Expression",
        "Invoke-WebRequest",
        "Start-Process",
        "Set-ItemProperty",
    ):
        assert word not in text
    tree_sitter = pytest.importorskip("tree_sitter", reason="the syntax gate needs tree-sitter beside tree-sitter-pwsh")
    grammar = pytest.importorskip("tree_sitter_pwsh")
    assert not tree_sitter.Parser(tree_sitter.Language(grammar.language())).parse(text.encode()).root_node.has_error

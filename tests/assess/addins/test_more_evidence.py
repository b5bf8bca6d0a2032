"""Outlook's log, manifests of web add-ins, forms and ribbons, servers of Excel, and lists that other tools export."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uptake.assess.addins.binaries import Binary
from uptake.assess.addins.derive import AddIn, addins_of
from uptake.assess.addins.events import Event, experience, read_log
from uptake.assess.addins.listings import read_listing
from uptake.assess.addins.manifests import read_manifest
from uptake.assess.addins.programs import USES, shipped_programs
from uptake.assess.addins.readiness import SCHEMA, Collected, Endpoint, judge, read_all, read_evidence, read_programs
from uptake.assess.addins.registry import Registry, read_export
from uptake.core.errors import UptakeError

OUTLOOK = r"hkcu\software\microsoft\office\outlook\addins"
LOADED = """Outlook loaded the following add-in(s):

Name: House Archive
Description: keeps mail: all of it
ProgID: Archive.Connect
GUID: {{00000000-0000-0000-0000-000000000001}}
Load Behavior: 3
HKLM: 1
Location: C:\\Archive\\archive.dll
Boot Time (Milliseconds): {archive}

Name: Quick
ProgID: Quick.Connect
Boot Time (Milliseconds): 15
"""
DISABLED = "Outlook disabled the following add-ins\nProgID: archive.connect\nThreshold Time (milliseconds): 500\n"
MANIFEST = """<?xml version="1.0" encoding="UTF-8"?>
<OfficeApp xmlns="http://schemas.microsoft.com/office/appforoffice/1.1" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 xsi:type="TaskPaneApp"><Id>11111111-2222-3333-4444-555555555555</Id><Version>1.2</Version><ProviderName>House</ProviderName>
 <DisplayName DefaultValue="Ledger Online"/><Hosts><Host Name="Workbook"/><Host Name="Document"/></Hosts>
 <VersionOverrides xmlns="http://schemas.microsoft.com/office/taskpaneappversionoverrides"><EquivalentAddins>
 <EquivalentAddin><ProgId>Ledger.Connect</ProgId><Type>COM</Type></EquivalentAddin>
 <EquivalentAddin><FileName>rates.xll</FileName><Type>XLL</Type></EquivalentAddin></EquivalentAddins></VersionOverrides></OfficeApp>
"""


def rules(endpoint: Endpoint) -> dict[str, set[str]]:
    return {judged.addin.id: {finding.rule for finding in judged.findings} for judged in endpoint.addins}


def outlook(*progids: str) -> Registry:
    registry = Registry()
    for progid in progids:
        registry.set(rf"{OUTLOOK}\{progid}", "LoadBehavior", 3)
    return registry


# Outlook's log


def test_the_log_says_who_starts_slowly_by_the_median_and_who_was_disabled() -> None:
    events = [Event(45, LOADED.format(archive=ms)) for ms in (300, 2400, 1100)]
    found = experience(events, ["Archive.Connect", "Quick.Connect", "Gone.Connect"])
    assert found["archive.connect"].starts == (300, 2400, 1100)
    assert (found["archive.connect"].start_ms, found["archive.connect"].is_slow) == (1100, True)
    assert (found["quick.connect"].start_ms, found["quick.connect"].is_slow) == (15, False)
    assert "gone.connect" not in found
    assert experience([Event(59, DISABLED)], ["Archive.Connect"])["archive.connect"].times_disabled == 1


def test_a_time_belongs_to_the_addin_above_it_only() -> None:
    text = (
        "ProgID: Archive.Connect\nProgID: Unknown.One\nBoot Time (Milliseconds): 9000\nBoot Time (Milliseconds): 8000\n"
    )
    assert experience([Event(45, text)], ["Archive.Connect"]) == {}


def test_trouble_is_a_finding_of_outlooks_addins_and_not_of_others() -> None:
    registry = outlook("Archive.Connect", "Quick.Connect")
    registry.set(r"hkcu\software\microsoft\office\excel\addins\Archive.Connect", "LoadBehavior", 3)
    collected = Collected("pc", registry=registry, events=[Event(45, LOADED.format(archive=2400)), Event(59, DISABLED)])
    found = {(each.addin.app, each.addin.id): each for each in collected.endpoint().addins}
    slow = found["outlook", "Archive.Connect"]
    assert (slow.addin.trouble, slow.addin.start_ms) == ("disabled", 2400)
    assert next(each.message for each in slow.findings if each.rule == "A09").endswith("median start 2400 ms.")
    for key in (("outlook", "Quick.Connect"), ("excel", "Archive.Connect")):
        assert "A09" not in {each.rule for each in found[key].findings}


def test_a_log_saved_as_xml_is_read_with_both_forms_of_its_text() -> None:
    log = (
        '<Events><Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event"><System><Provider Name="Outlook"/>'
        "<EventID Qualifiers='0'>59</EventID></System><EventData><Data>x</Data><Data>ProgID: Archive.Connect</Data></EventData>"
        "<RenderingInfo/></Event><Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>"
        "<Provider Name='Other'/><EventID>59</EventID></System></Event></Events>"
    )
    assert read_log(log.encode()) == [Event(59, "x\nProgID: Archive.Connect")]
    device = Collected("pc", registry=outlook("Archive.Connect"))
    device.add(read_evidence(log.encode(), "events"))
    assert "A09" in rules(device.endpoint())["Archive.Connect"]
    with pytest.raises(UptakeError):
        read_evidence(log[:-20].encode(), "events")


def test_what_office_lists_as_crashing_is_a_finding_from_a_hive_and_from_the_collector() -> None:
    key = r"hkcu\software\microsoft\office\16.0\outlook\resiliency\crashingaddinlist"
    registry = outlook("Archive.Connect")
    registry.set(key, "a", "archive.connect".encode("utf-16-le"))
    assert "A09" in rules(Collected("pc", registry=registry).endpoint())["Archive.Connect"]
    content = evidence(keys=[
        {"path": rf"{OUTLOOK}\Archive.Connect", "values": {"LoadBehavior": 3}},
        {"path": key, "values": {"a": "hex:" + "archive.connect".encode("utf-16-le").hex()}},
    ])  # fmt: skip
    assert "A09" in rules(read_evidence(content, "x").endpoint())["Archive.Connect"]


# Web add-ins


def evidence(**changes: Any) -> bytes:
    return json.dumps({"schema": SCHEMA, "device": "pc", "keys": [], "files": [], **changes}).encode()


def test_a_manifest_stands_for_com_addins_and_xll_files() -> None:
    manifest = read_manifest(MANIFEST)
    assert manifest is not None
    assert (manifest.name, manifest.apps) == ("Ledger Online", ("excel", "word"))
    assert manifest.replaces == ("ledger.connect", "rates.xll")
    registry = Registry()
    registry.set(r"hkcu\software\microsoft\office\excel\addins\Ledger.Connect", "LoadBehavior", 3)
    registry.set(r"hkcu\software\microsoft\office\excel\addins\Other.Connect", "LoadBehavior", 3)
    registry.set(r"hkcu\software\microsoft\office\16.0\excel\options", "OPEN", r'/R "C:\x\Rates.xll"')
    found = rules(Collected("pc", registry=registry, manifests=[manifest]).endpoint())
    assert "A13" in found["Ledger.Connect"]
    assert "A13" in found["Rates.xll"]
    assert "A13" not in found["Other.Connect"]
    assert found[manifest.id] == set()


def test_a_unified_manifest_says_what_it_prefers_and_what_it_hides() -> None:
    manifest = read_manifest(json.dumps({
        "manifestVersion": "1.19", "id": "i", "name": {"short": "Mail Online"}, "extensions": [{
            "requirements": {"scopes": ["mail"]},
            "alternates": [
                {"prefer": {"comAddin": {"progId": "Archive.Connect"}}},
                {"hide": {"windowsExtensions": {"comAddin": {"progIds": ["Old.Connect", 7]}}}}, "x",
            ]}],
    }))  # fmt: skip
    assert manifest is not None
    assert (manifest.apps, manifest.replaces) == (("outlook",), ("archive.connect", "old.connect"))


@pytest.mark.parametrize(
    "text", ["", "hello", "<x/>", "<OfficeApp", "{}", '{"manifestVersion": 1}', "[1]", "{" * 5000, "<?xml?>",
             '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>']
)  # fmt: skip
def test_what_is_no_manifest_is_none(text: str) -> None:
    assert read_manifest(text) is None


def test_an_entity_of_a_manifest_is_not_followed() -> None:
    text = '<!DOCTYPE OfficeApp [<!ENTITY b SYSTEM "file:///etc/hostname">]><OfficeApp><Id>&b;</Id></OfficeApp>'
    manifest = read_manifest(text)
    assert manifest is None or manifest.id == ""


def test_the_collectors_manifests_and_events_are_read_and_what_is_none_is_named() -> None:
    content = evidence(
        keys=[{"path": rf"{OUTLOOK}\Archive.Connect", "values": {"LoadBehavior": 3}}],
        manifests=[{"path": "a.xml", "text": MANIFEST}, {"path": "b.xml", "text": "<no/>"}, {"path": "c.xml"}],
        events=[{"id": 59, "text": DISABLED}, {"id": 7, "text": DISABLED}, {"id": 45}, 3],
    )
    endpoint = read_evidence(content, "x").endpoint()
    assert "A09" in rules(endpoint)["Archive.Connect"]
    assert endpoint.problems == ("no manifest of a web add-in: b.xml", "no manifest of a web add-in: c.xml")
    assert {each.addin.app for each in endpoint.addins if each.addin.kind == "web"} == {"excel", "word"}


# What the registry and files say beside add-ins


def test_a_server_in_a_program_of_its_own_works_across_bitness() -> None:
    registry = Registry()
    registry.set(r"hkcu\software\microsoft\office\16.0\excel\options", "OPEN", '/A "Quotes.Server"')
    registry.set(r"hklm\software\classes\Quotes.Server\clsid", "", "{1}")
    registry.set(r"hklm\software\wow6432node\classes\clsid\{1}\localserver32", "", r"C:\q\quotes.exe")
    endpoint = Collected("pc", registry=registry).endpoint()
    assert endpoint.addins[0].addin.bitness == "any"
    assert rules(endpoint) == {"Quotes.Server": {"A16"}}
    registry.set(r"hklm\software\wow6432node\classes\clsid\{1}\inprocserver32", "", r"C:\q\quotes.dll")
    assert rules(Collected("pc", registry=registry).endpoint()) == {"Quotes.Server": {"A01", "A16"}}


def test_libraries_of_access_are_judged_by_whether_they_hold_source() -> None:
    registry = Registry()
    base = r"hklm\software\microsoft\office\16.0\access\menu add-ins"
    registry.set(rf"{base}\Done", "Library", r"C:\a\done.accde")
    registry.set(rf"{base}\Open", "Library", r"C:\a\open.accda")
    registry.set(rf"{base}\Plain", "Library", r"C:\a\plain.accdb")
    found = {each.addin.id: each for each in Collected("pc", registry=registry).endpoint().addins}
    worst = {name: max(f.severity.id for f in each.findings if f.rule == "A19") for name, each in found.items()}
    assert worst == {"done.accde": "significant", "open.accda": "minimal", "plain.accdb": "minimal"}


def test_form_regions_and_files_of_ribbons_are_named() -> None:
    export = (
        "Windows Registry Editor Version 5.00\n\n"
        "[HKEY_CURRENT_USER\\Software\\Microsoft\\Office\\Outlook\\FormRegions\\IPM.Note]\n"
        '"House"="=Archive.Connect"\n'
    )
    known = {
        r"C:\u\AppData\Local\Microsoft\Office\Excel.officeUI": Binary("unknown"),
        r"C:\x\Excel16.xlb": Binary("unknown"),
    }
    found = {each.id: each for each in addins_of(read_export(export.encode()), known)}
    assert found["house (IPM.Note)"].path == "Archive.Connect"
    assert found["excel.officeui"].app == found["excel16.xlb"].app == "excel"
    endpoint = Collected("pc", registry=read_export(export.encode()), files=known).endpoint()
    assert set(map(frozenset, rules(endpoint).values())) == {frozenset({"A20"})}


def test_an_addin_of_the_virtual_registry_alone_is_told() -> None:
    registry = Registry()
    virtual = r"hklm\software\microsoft\office\clicktorun\registry\machine\software\microsoft\office\word\addins"
    registry.set(rf"{virtual}\Inside.Connect", "LoadBehavior", 3)
    registry.set(rf"{virtual}\Both.Connect", "LoadBehavior", 3)
    registry.set(r"hkcu\software\microsoft\office\word\addins\Both.Connect", "LoadBehavior", 3)
    found = rules(Collected("pc", registry=registry).endpoint())
    assert ("A11" in found["Inside.Connect"], "A11" in found["Both.Connect"]) == (True, False)


def test_a_policy_that_restricts_addins_says_nothing_of_forms_and_ribbons() -> None:
    registry = outlook("Archive.Connect")
    registry.set(r"hkcu\software\policies\microsoft\office\16.0\outlook\resiliency", "RestrictToList", 1)
    registry.set(r"hkcu\software\microsoft\office\outlook\formregions\IPM.Note", "House", "x")
    assert {each.kind: each.policy for each in addins_of(registry)} == {"com": "blocked", "form-region": ""}


def test_the_pattern_with_which_the_collector_conceals_takes_names_out_of_paths() -> None:
    text = files("uptake.assess.addins").joinpath("collector.ps1").read_text(encoding="utf-8")
    found = re.search(r"if \(\$Conceal\) \{ \$json = \$json -replace '(.+?)', '\$1concealed' \}", text)
    assert found
    paths = ["C:\\Users\\alice b\\AppData\\x.xll", "file:///C:/users/alice/x.vsto", "C:\\Program Files\\Users.dll"]
    concealed = re.sub(found[1], r"\1concealed", json.dumps(paths), flags=re.IGNORECASE)
    assert json.loads(concealed) == [
        "C:\\Users\\concealed\\AppData\\x.xll", "file:///C:/users/concealed/x.vsto", "C:\\Program Files\\Users.dll"
    ]  # fmt: skip


# Lists that other tools export

HEADER = "DeviceName,Architecture,CLSID,CompanyName,Description,FileName,FileTimeStamp,FileVersion,FriendlyName,ID,OfficeApplication,ProductName,ProductVersion,Type\n"  # fmt: skip


def test_an_inventory_gives_devices_with_their_addins() -> None:
    text = HEADER + (
        "PC1,x86,{1},House,,ledger.dll,,2.1,Ledger,Ledger.Connect,Excel,,,COM\n"
        "pc1,x64,{1},House,,ledger.dll,,2.1,Ledger,Ledger.Connect,Excel,,,COM\n"
        "PC2,x86,{1},House,,ledger.dll,,2.1,Ledger,Ledger.Connect,Microsoft Excel,,,COM\n"
        "PC2,x86,,,,archive.vsto,,,Archive,Archive,Outlook,,,VSTO\n"
    )
    for content in (text.encode(), text.replace(",", ";").encode("utf-16")):
        one, two = [each.endpoint() for each in read_all(content, "inventory")]
        assert (one.device, [each.addin.bitness for each in one.addins], one.problems) == ("PC1", ["both"], ())
        assert rules(one) == {"Ledger.Connect": set()}
        assert rules(two) == {"Ledger.Connect": {"A01"}, "Archive": {"A03", "A14"}}
        assert (two.addins[0].addin.publisher, two.addins[0].addin.version) == ("House", "2.1")


def test_a_view_of_configuration_manager_has_noughts_and_no_clean_values() -> None:
    text = (
        "Netbios_Name0,FriendlyName0,ID0,OfficeApplication0,Type0,Architecture0,LoadBehavior0\n"
        "PC1,Ledger,Ledger.Connect,Excel,1,IA64,2\nPC1,Two\nPC1,,,Excel,COM,x86,3\n"
    )
    [found] = [each.endpoint() for each in read_all(text.encode(), "cm")]
    assert rules(found) == {"Ledger.Connect": {"A08", "A15"}}
    assert found.problems == (
        "line 2: type '1' is not known and was read as com", "line 2: architecture 'IA64' is not known",
        "line 3 was not counted: another number of fields", "line 4 was not counted: no name of an add-in",
    )  # fmt: skip


def test_a_list_without_devices_says_that_it_stands_as_one() -> None:
    [listing] = read_listing(b"FriendlyName,OfficeApplication,Type\nLedger,Excel,COM\n", "tenant")
    assert (listing.device, len(listing.addins)) == ("tenant", 1)
    assert listing.problems == ["the export names no device, so that all of it stands as one"]


@pytest.mark.parametrize(("header", "hint"), [
    ("AddinVersion,FriendlyName,AdoptionStatus,AddinReadiness", "OFFICE_ADDIN"), ("MachineName,name,publisher,OverallHealth", "collector"),
    ("a,b,c", "English columns"), ("ID,ID,Type,FriendlyName,OfficeApplication", "once"),
])  # fmt: skip
def test_an_export_that_is_not_documented_is_refused_with_what_to_do(header: str, hint: str) -> None:
    with pytest.raises(UptakeError) as refused:
        read_all(f"{header}\n1,2,3,4\n".encode(), "x")
    assert hint in str(refused.value.hint)


def test_the_registry_knows_better_than_a_list_of_the_same_device() -> None:
    device = Collected("PC1", registry=outlook("Archive.Connect"))
    for found in read_all((HEADER + "PC1,x64,,,,,,,Archive,archive.connect,Outlook,,,COM\n").encode(), "x"):
        device.add(found)
    [addin] = device.addins()
    assert (addin.id, addin.bitness) == ("Archive.Connect", "unknown")


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300), st.binary(max_size=200))
def test_no_text_crashes_a_reader(text: str, content: bytes) -> None:
    read_manifest("<OfficeApp>" + text)
    read_manifest('{"manifestVersion": 1, "extensions": [' + text)
    experience([Event(45, text), Event(59, text)], ["a", text])
    for made in (HEADER.encode() + content, HEADER.encode() + text.encode("utf-8", "replace"), b"<Event " + content):
        try:
            for each in read_all(made, "x"):
                assert all(isinstance(addin, AddIn) for addin in each.addins())
        except UptakeError:
            continue


# Programs outside of Office

MAPI_APPS = r"hklm\software\microsoft\windows messaging subsystem\msmapiapps"
INSTALLED = r"hklm\software\wow6432node\microsoft\windows\currentversion\uninstall"


def test_a_program_that_calls_mapi_is_found_by_its_name_and_its_file_says_its_bitness() -> None:
    registry = Registry()
    for name in ("Post.exe", "other.exe", "OUTLOOK.EXE", ""):
        registry.set(MAPI_APPS, name, "Microsoft Outlook")
    registry.set(
        r"hklm\software\wow6432node\microsoft\windows\currentversion\app paths\post.exe", "", r'"C:\p\post.exe"'
    )
    device = Collected("pc", registry=registry, files={r"c:\P\post.exe": Binary("32-only", company="House")})
    found = {each.addin.id: each for each in device.endpoint().addins}
    assert set(found) == {"post.exe", "other.exe"}
    [post], [other] = found["post.exe"].findings, found["other.exe"].findings
    assert (post.rule, post.severity.id, post.certainty) == ("A18", "limited", "possible")
    assert (other.rule, other.severity.id, other.certainty) == ("A18", "minimal", "unknown")
    assert "not known before it was tried" in other.message
    assert found["post.exe"].addin.publisher == "House"


def test_no_program_is_ever_called_fine() -> None:
    for uses in ("mapi", "automation"):
        for bitness in ("32-only", "64-only", "any", "arm64", "unknown"):
            [judged] = judge((AddIn("x.exe", "program", "outlook", bitness=bitness, uses=uses),))
            assert [(each.rule, each.certainty in ("possible", "unknown")) for each in judged.findings] == [
                ("A18", True)
            ]


def test_an_installed_program_counts_when_the_table_names_it_and_its_publisher() -> None:
    registry = Registry()
    for key, title, publisher in (
        ("a", "SAP GUI for Windows 8.00", "SAP SE"), ("b", "SAP GUI for Windowsill", "SAP SE"), ("c", "Sage 50 Payroll", "Someone"),
    ):  # fmt: skip
        registry.set(rf"{INSTALLED}\{key}", "DisplayName", title)
        registry.set(rf"{INSTALLED}\{key}", "Publisher", publisher)
        registry.set(rf"{INSTALLED}\{key}", "DisplayVersion", "8.0")
        registry.set(rf"{INSTALLED}\{key}", "DisplayIcon", r"C:\s\sap.exe,0")
    device = Collected("pc", registry=registry, files={r"C:\s\sap.exe": Binary("32-only")})
    [judged] = device.endpoint().addins
    addin = judged.addin
    assert (addin.name, addin.version, addin.bitness, addin.uses) == (
        "SAP GUI for Windows 8.00",
        "8.0",
        "32-only",
        "automation",
    )
    assert [(each.severity.id, each.certainty) for each in judged.findings] == [("minimal", "possible")]
    assert "help.sap.com" in judged.findings[0].message
    assert device.endpoint((), ()).addins == ()


def test_rows_of_an_organisation_stand_beside_the_shipped_ones_and_strange_ones_are_refused() -> None:
    rows = read_programs("program,publisher,uses,source,date\nSage 50,,ok,asked the maker,2026-05-01\n")
    registry = Registry()
    registry.set(rf"{INSTALLED}\c", "DisplayName", "Sage 50 Payroll")
    registry.set(rf"{INSTALLED}\c", "Publisher", "Sage")
    device = Collected("pc", registry=registry)
    assert len(device.endpoint().addins) == 1
    assert device.endpoint((), (*rows, *shipped_programs())).addins == ()
    for text in ("a,b\n1,2\n", "program,uses,source,date\nX,sometimes,s,d\n", "program,uses,source,date\n,mapi,s,d\n"):
        with pytest.raises(UptakeError):
            read_programs(text)


def test_every_shipped_program_has_a_source_and_a_date() -> None:
    for row in shipped_programs():
        assert row["uses"] in USES
        assert row["program"]
        assert row["source"]
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", row["date"])


def test_the_collector_takes_only_four_values_of_an_installed_program_and_none_on_request() -> None:
    text = files("uptake.assess.addins").joinpath("collector.ps1").read_text(encoding="utf-8")
    assert "@('DisplayName', 'Publisher', 'DisplayVersion', 'DisplayIcon')" in text
    assert "if (-not $NoPrograms)" in text

"""Files for delivery: PowerShell is PowerShell whatever names are put into it, secrets stay out, refusals are sentences."""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Iterator
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from uptake.core.errors import UptakeError
from uptake.deploy.artefacts.configmgr import configmgr
from uptake.deploy.artefacts.intune import intune_win32, office_csp, office_suite_app
from uptake.deploy.artefacts.model import Artefact, Delivery, Ring, uninstall_configuration, wanted
from uptake.deploy.artefacts.policy import policy, policy_settings, rollback
from uptake.deploy.artefacts.powershell import quoted
from uptake.deploy.odt.linting import lint
from uptake.deploy.odt.situation import Situation

tree_sitter = pytest.importorskip("tree_sitter", reason="the syntax gate needs tree-sitter beside tree-sitter-pwsh")
tree_sitter_pwsh = pytest.importorskip("tree_sitter_pwsh")
PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_pwsh.language()))
XML = b"""<Configuration><Add OfficeClientEdition="64" Channel="MonthlyEnterprise"><Product ID="O365ProPlusRetail"><Language ID="en-us"/>
<ExcludeApp ID="OutlookForWindows"/></Product><Product ID="VisioProRetail"><Language ID="en-us"/></Product></Add>
<Updates Enabled="TRUE" Channel="MonthlyEnterprise"/><Display Level="None" AcceptEULA="TRUE"/></Configuration>"""
HOSTILE = [
    "it's", "O\u2019Brien \u201aSales\u2018", "$(Remove-Item C:\\ -Recurse)", "a`nb", 'b" ; calc ; "', "'; calc; '", "\u2019; calc; \u2019",
    "日本語の部署", "@'\nx", "--%", "#>", "{0}", "%COMPUTERNAME%", "$env:PATH", "a & b | c",
]  # fmt: skip
RINGS = (
    Ring("Pilot", ("pc1", "pc'2"), date(2026, 12, 7), date(2026, 12, 14)),
    Ring("Wave 1", tuple(f"pc{n}" for n in range(9))),
)


def delivery(**changes: object) -> Delivery:
    base: dict[str, object] = {
        "name": "Microsoft 365 Apps", "configuration": XML, "content_path": r"\\fs01\apps\m365", "site_code": "P01",
        "least_version": "16.0.20131.20206", "rings": RINGS, "distribution_group": "All",
    }  # fmt: skip
    return Delivery(**{**base, **changes})  # type: ignore[arg-type]


def everything(made: Delivery) -> Iterator[Artefact]:
    for group in (
        configmgr(made),
        intune_win32(made),
        office_suite_app(made),
        policy(made, 7),
        rollback(made, "16.0.20026.20266", "Current"),
    ):
        yield from group
    yield office_csp(made, "abc-1")


def errors(content: bytes) -> list[str]:
    tree = PARSER.parse(content.removeprefix(b"\xef\xbb\xbf"))
    found, ahead = [], [tree.root_node]
    while ahead:
        node = ahead.pop()
        if node.type == "ERROR" or node.is_missing:
            found.append(f"{node.start_point}: {node.text!r}"[:200])
        ahead.extend(node.children)
    return found


def test_the_gate_sees_what_is_no_powershell() -> None:
    assert errors(b"$a = 'it's'") != []
    assert errors(b"if ($x -eq 1) { 'a'") != []
    assert errors(b"if ($x -eq 1) { 'a' }") == []


def test_every_script_passes_the_syntax_gate() -> None:
    scripts = [each for each in everything(delivery()) if each.path.endswith(".ps1")]
    assert len(scripts) >= 8
    for each in scripts:
        assert errors(each.content) == [], each.path
        assert each.content.startswith(b"\xef\xbb\xbf#")
        assert b"\r\n" in each.content


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_a_text_in_every_script(name: str) -> None:
    made = delivery(name=name, content_path="\\\\fs01\\" + name, rings=(Ring(name, (name,)),), distribution_group=name)
    if any(char < " " for char in name):
        with pytest.raises(UptakeError):
            list(everything(made))
        return
    for each in everything(made):
        if each.path.endswith(".ps1"):
            assert errors(each.content) == [], each.path
            assert commands(each.content) <= commands_of_harmless(), each.path


def commands(content: bytes) -> set[str]:
    """Names of the commands that a script calls."""
    ahead, found = [PARSER.parse(content.removeprefix(b"\xef\xbb\xbf")).root_node], set()
    while ahead:
        node = ahead.pop()
        if node.type == "command_name":
            found.add((node.text or b"").decode().lower())
        ahead.extend(node.children)
    return found


def commands_of_harmless() -> set[str]:
    return set().union(*(commands(each.content) for each in everything(delivery()) if each.path.endswith(".ps1")))


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=60))
def test_any_text_in_a_literal_reads_back_as_itself(text: str) -> None:
    literal = quoted(text)
    assert errors(f"$x = {literal}".encode()) == []
    inner, place, back = literal[1:-1], 0, ""
    while place < len(inner):
        back += inner[place]
        place += 2 if inner[place] in "'\u2018\u2019\u201a\u201b" else 1
    assert back == text


def test_detection_asks_for_version_channel_products_and_bitness() -> None:
    found = wanted(delivery())
    assert found.version == "16.0.20131.20206"
    assert found.platform == "x64"
    assert found.products == ("O365ProPlusRetail", "VisioProRetail")
    [detect] = [each for each in configmgr(delivery()) if each.path == "detect.ps1"]
    for part in (found.version, found.channel_id, "'O365ProPlusRetail'", "Registry64", "-notcontains"):
        assert part in detect.content.decode("utf-8-sig")


def test_the_bodies_are_what_graph_expects_and_decode_to_the_configuration() -> None:
    by_path = {each.path: each.content for each in everything(delivery())}
    suite = json.loads(by_path["officeSuiteApp.json"])
    assert suite["@odata.type"] == "#microsoft.graph.officeSuiteApp"
    assert etree.fromstring(base64.b64decode(suite["officeConfigurationXml"])).tag == "Configuration"
    app = json.loads(by_path["win32LobApp.json"])
    assert {code["returnCode"]: code["type"] for code in app["returnCodes"]}[17006] == "retry"
    assert "OutlookForWindows" in by_path["officeSuiteApp-gaps.txt"].decode()
    assert [each["group"] for each in json.loads(by_path["assignments.json"])] == [
        "Microsoft 365 Apps - Pilot",
        "Microsoft 365 Apps - Wave 1",
    ]
    assert etree.fromstring(by_path["office-csp.xml"]).findtext(".//Data", "").startswith("<Configuration>")


def test_uninstall_and_rollback_files_are_clean() -> None:
    for each in (
        *rollback(delivery(), "16.0.20131.20206", "MonthlyEnterprise"),
        Artefact("u", uninstall_configuration(delivery().view().configuration), ""),
    ):
        found = lint(each.content, Situation(today=date(2026, 11, 22))).findings
        assert [finding for finding in found if finding.severity == "error"] == [], each.path
    assert b'<Remove>\n    <Product ID="O365ProPlusRetail"/>' in uninstall_configuration(
        delivery().view().configuration
    )


def test_policies_keep_the_channel_and_hold_no_formula() -> None:
    names = {each.name: each.value for each in policy_settings(delivery(), 7)}
    assert names == {"updatebranch": "MonthlyEnterprise", "updatedeadline": "7"}
    odd = XML.replace(b'Enabled="TRUE"', b'Enabled="TRUE" UpdatePath="=cmd()"')
    rows = list(csv.reader(io.StringIO(policy(delivery(configuration=odd))[1].content.decode())))
    assert not any(cell.startswith("=") for row in rows for cell in row)


def test_no_secret_is_in_any_file() -> None:
    secret = "QWERT-ASDFG-ZXCVB-POIUY-LKJHG"
    content = XML.replace(b'ID="O365ProPlusRetail"', f'ID="O365ProPlusRetail" PIDKEY="{secret}"'.encode())
    for each in everything(delivery(configuration=content)):
        assert secret.encode() not in each.content
        assert base64.b64encode(secret.encode())[:20] not in each.content


@pytest.mark.parametrize(
    "changes",
    [{"site_code": "P'01"}, {"content_path": "C:\\x"}, {"configuration": b"<a"}, {"least_version": "2607"}, {"name": "a\nb"}, {"configuration": b"<Configuration/>"}],
)  # fmt: skip
def test_what_cannot_be_delivered_is_a_sentence(changes: dict[str, object]) -> None:
    with pytest.raises(UptakeError):
        configmgr(delivery(**changes))


def test_the_built_in_type_refuses_what_intune_refuses() -> None:
    with pytest.raises(UptakeError, match="0x80004005"):
        office_suite_app(delivery(configuration=XML.replace(b"O365ProPlusRetail", b"ProPlus2024Volume")))

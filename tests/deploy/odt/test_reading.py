"""Configurations of strangers and of enemies: read with lines, comments and order, written back without loss, secrets masked."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from strangers import SHARED, files, needed
from uptake.core.errors import UptakeError
from uptake.deploy.odt.fixes import Repair, fix
from uptake.deploy.odt.linting import lint
from uptake.deploy.odt.reading import LIMIT, Configuration, Unreadable, read
from uptake.deploy.odt.situation import Situation, read_situation
from uptake.deploy.odt.view import View
from uptake.deploy.odt.writing import canonical

FILES = files("odt-corpus/licensed", "*.xml")
NOW = Situation(today=date(2026, 11, 22))
MAK = "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE"
TOKEN = "eyJhbGciOiJub25lIn0.eyJ0aWQiOiJ4In0.c2lnbmF0dXJl"
SAMPLE = f"""<?xml version="1.0" encoding="utf-8"?>
<!-- the finance package -->
<Configuration xmlns:x="urn:house">
  <Add Channel="Monthly" OfficeClientEdition="64" x:ticket="4711">
    <!-- PIDKEY="{MAK}" was here -->
    <Product ID="ProPlus2024Volume" PIDKEY="{MAK}">
      <Language ID="en-US"/>
    </Product>
  </Add>
  <House Note="kept">text<Inner/></House>
  <Property Name="TenantAssociationKey" Value="plain-secret-value"/>
  <Property Name="Other" Value="{TOKEN}"/>
  <Logging Level="Standard"/>
</Configuration>
<?house end?>
"""


def configuration(content: bytes) -> Configuration:
    found = read(content)
    assert isinstance(found, Configuration), found
    return found


@pytest.mark.corpus
@pytest.mark.parametrize("path", FILES, ids=lambda path: "/".join(path.parts[-3:]))
def test_a_file_of_a_stranger_is_read_checked_and_written_back(path: Path) -> None:
    content = needed(path).read_bytes()
    manifest = {each["file"]: each for each in json.loads((SHARED / "odt-corpus/manifest.json").read_text())}
    is_well_formed = manifest[str(path.relative_to(SHARED / "odt-corpus"))]["wellformed"] == "yes"
    found = read(content)
    assert isinstance(found, Configuration) == is_well_formed
    result = lint(content, NOW)
    assert all(finding.line >= 0 and finding.message and "‹" not in finding.message for finding in result.findings)
    if isinstance(found, Configuration):
        once = canonical(found, hides_secrets=False)
        again = configuration(once)
        assert canonical(again, hides_secrets=False) == once
        assert lint(once, NOW).rules == result.rules
    else:
        assert result.rules == {"ODT001"}


def test_lines_comments_order_and_foreign_parts_are_kept() -> None:
    found = configuration(SAMPLE.encode())
    assert next(remark.text for remark in found.remarks) == " the finance package "
    assert View(found).products[0].line == 6
    text = canonical(found, hides_secrets=False).decode()
    for part in ('<House Note="kept">text', 'x:ticket="4711"', "<?house end?>", "the finance package"):
        assert part in text
    assert text.index("<Add") < text.index("<House") < text.index("<Logging")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "iso-8859-1", "shift_jis"])
def test_any_encoding_that_the_file_names_is_read(encoding: str) -> None:
    label = {"utf-8-sig": "utf-8"}.get(encoding, encoding)
    text = f'<?xml version="1.0" encoding="{label}"?><Configuration><Info Description="caf"/></Configuration>'
    assert configuration(text.encode(encoding)).root.name == "Configuration"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00" * 100,
        b"not xml",
        b"<Configuration>",
        b'<?xml version="1.0" encoding="utf-16"?><Configuration/>',
        b'<?xml version="1.0" encoding="klingon"?><Configuration/>',
        b'<!DOCTYPE a [<!ENTITY a "b">]><Configuration>&a;</Configuration>',
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><Configuration/>',
        b"<a>" * 5000,
        b"<Configuration>" + b"<a>" * 100 + b"</a>" * 100 + b"</Configuration>",
        b"<Configuration>" + b" " * LIMIT + b"</Configuration>",
    ],
    ids=range(11),
)
def test_what_is_no_configuration_is_one_finding(content: bytes) -> None:
    assert isinstance(read(content), Unreadable)
    result = lint(content, NOW)
    assert result.rules == {"ODT001"}
    assert isinstance(fix(content, NOW), Unreadable)


def test_a_billion_laughs_costs_nothing() -> None:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    bomb = f'<!DOCTYPE a [<!ENTITY l0 "ha">{entities}]><Configuration><Info Description="&l11;"/></Configuration>'
    assert isinstance(read(bomb.encode()), Unreadable)


def test_no_secret_leaves_the_house() -> None:
    result = lint(SAMPLE.encode(), NOW)
    repaired = fix(SAMPLE.encode(), NOW)
    assert isinstance(repaired, Repair)
    shown = repr(result) + repaired.content.decode() + repr(repaired.left)
    for secret in (MAK, TOKEN, "plain-secret-value"):
        assert secret not in shown
    assert sum(finding.rule == "ODT010" for finding in result.findings) >= 4


def test_a_published_key_is_no_secret() -> None:
    text = '<Configuration><Add><Product ID="ProPlus2024Volume" PIDKEY="XJ2XN-FW8RK-P4HMP-DKDBV-GCVGB"/></Add></Configuration>'
    assert "ODT010" not in lint(text.encode(), NOW).rules
    assert b"XJ2XN-FW8RK-P4HMP-DKDBV-GCVGB" in canonical(configuration(text.encode()))


def test_safe_repairs_change_what_they_name_and_nothing_else() -> None:
    repaired = fix(SAMPLE.encode(), NOW)
    assert isinstance(repaired, Repair)
    assert set(repaired.applied) == {"ODT006", "ODT021", "ODT080"}
    assert not {"ODT006", "ODT021", "ODT080"} & repaired.left.rules
    text = repaired.content.decode()
    assert 'Channel="Current"' in text
    assert 'ID="en-us"' in text
    assert "Logging" not in text
    assert '<House Note="kept">' in text


def test_a_finding_holds_no_control_character_of_the_file() -> None:
    text = '<Configuration><Add Channel="a\u202e&#10;\u200bz"/></Configuration>'
    found = [each for each in lint(text.encode(), NOW).findings if each.rule == "ODT020"]
    assert found
    assert not set("\u202e\u200b\n") & set(found[0].message)


def test_what_nobody_told_is_listed_as_undecided_and_decided_when_told() -> None:
    content = (
        b'<Configuration><Add><Product ID="O365ProPlusRetail"><Language ID="en-us"/></Product></Add></Configuration>'
    )
    assert "plan" in {each.needs for each in lint(content, NOW).undecided}
    told = read_situation("plan: business\n", "s.yaml", NOW.today)
    result = lint(content, told)
    assert "plan" not in {each.needs for each in result.undecided}
    assert "ODT051" in result.rules


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("today: soon", "s.yaml:1: today: expected a date such as 2026-01-31"),
        ("plan: business\nroles: [cm, owner]", "s.yaml:2: roles: 'owner' is none of first"),
        ("nope: 1", "s.yaml:1: nope: unknown field"),
        ("versions: []", "versions: the table of versions is not a part of the situation"),
        ("- a", "expected a mapping"),
    ],
)
def test_a_wrong_situation_is_refused_with_line_and_field(text: str, said: str) -> None:
    with pytest.raises(UptakeError) as refused:
        read_situation(text, "s.yaml", NOW.today)
    assert said in str(refused.value)


def test_a_situation_holds_its_roles_and_its_day() -> None:
    told = read_situation("today: 2026-01-02\nroles: [cm, first]", "s.yaml", NOW.today)
    assert (told.today.isoformat(), told.roles) == ("2026-01-02", {"cm", "first"})


@pytest.mark.parametrize(
    "part",
    [
        '<Product ID="O365ProPlusRetail"><ExcludeApp ID="OneDrive"/></Product>',
        '<Product ID="VisioProRetail"><Language ID="en-us"/></Product>',
    ],
)
def test_a_file_at_the_limit_is_looked_at_and_one_beyond_is_refused(part: str) -> None:
    whole = "<Configuration><Add>{}</Add></Configuration>"
    assert "ODT005" in lint(whole.format(part * 4900).encode(), NOW).rules
    assert lint(whole.format(part * 5100).encode(), NOW).rules == {"ODT001"}

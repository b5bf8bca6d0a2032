"""Documents by strangers: what independent readers agree on, we read the same; and nothing is found where nothing is.

The corpus lies outside the repository: the folder that holds `corpus/` is named by UPTAKE_CORPUS, or is `../shared`
beside the checkout. Without it the tests are skipped, except under UPTAKE_REQUIRE_ALL=1.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import olefile
import pytest

from strangers import SHARED, needed
from uptake.assess.documents import Document, DocumentDefect, Status, open_document
from uptake.assess.documents.compound import CompoundFile
from uptake.assess.documents.package import Package
from uptake.assess.extraction.controls import controls
from uptake.assess.extraction.decompression import decompress, decompress_slowly
from uptake.assess.extraction.dir_stream import read_dir
from uptake.assess.extraction.links import links
from uptake.assess.extraction.macro_sheets import macro_sheets
from uptake.assess.extraction.model import VbaProject
from uptake.assess.extraction.project import read_project

pytestmark = pytest.mark.corpus

ROOT = SHARED / "corpus"
ACCESS = {"accda", "accdb"}
KINDS = {"Document": "document", "Module": "standard", "Class": "class", "BaseClass": "form"}
LOOK_ALIKES = {".dot", ".pot"}


@pytest.fixture(autouse=True)
def _corpus() -> None:
    needed(ROOT / "oracle.jsonl")


@cache
def manifest() -> list[dict[str, str]]:
    with (ROOT / "MANIFEST.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


@cache
def oracle() -> list[dict[str, Any]]:
    lines = (ROOT / "oracle.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return [row for row in rows if row["ext"] not in ACCESS]


def content(row: dict[str, Any]) -> bytes:
    return (ROOT / "docs" / row["ext"] / row["file"]).read_bytes()


def projects_of(document: Document) -> list[VbaProject]:
    return [read_project(storage) for inner in document.walk() for storage in inner.projects]


def test_modules_have_the_text_that_independent_readers_agree_on() -> None:
    agreed, missing = 0, []
    for row in oracle():
        if row["confidence"] not in ("high", "partial"):
            continue
        projects = projects_of(open_document(content(row)))
        found = Counter((module.name, module.sha256) for project in projects for module in project.modules)
        for project in row["projects"]:
            for module in project["modules"]:
                wanted = (module["name"], module["sha256"])
                agreed += wanted in found
                if wanted not in found:
                    missing.append((row["file"], module["name"]))
    assert agreed > 1000
    assert not missing, f"{len(missing)} of {agreed + len(missing)} modules differ: {missing[:10]}"


def test_projects_say_what_independent_readers_agree_on() -> None:
    differences = []
    for row in oracle():
        projects = projects_of(open_document(content(row)))
        assert len(projects) == len(row["projects"]), row["file"]
        for ours, theirs in zip(projects, row["projects"], strict=True):
            for field in ("name", "codepage", "syskind", "lcid", "constants"):
                if getattr(ours, field) != theirs[field]:
                    differences.append((row["file"], field))
            protection = theirs["protection"]
            said = (ours.protection.user, ours.protection.host, ours.protection.vbe, ours.protection.visible)
            if said != tuple(
                protection[key] for key in ("user_protected", "host_protected", "vbe_protected", "visible")
            ):
                differences.append((row["file"], "protection"))
            kinds = [KINDS.get(module["type"], "") for module in theirs["modules"]]
            if any(kind and module.kind != kind for module, kind in zip(ours.modules, kinds, strict=True)):
                differences.append((row["file"], "kinds"))
            differences += [(row["file"], name) for name in _wrong_references(ours, theirs)]
    assert not differences


def _wrong_references(ours: VbaProject, theirs: dict[str, Any]) -> list[str]:
    """References that differ; a control without an original record is known to us by its extended libid."""
    wrong = []
    for mine, other in zip(ours.references, theirs["references"], strict=True):
        if other["libid"] is None:
            is_same = (mine.name, mine.libid) == (other["name"], other["libid_extended"])
        else:
            is_same = (mine.name, mine.kind, mine.libid) == (other["name"], other["kind"], other["libid"])
        if not is_same:
            wrong.append(mine.name)
    return wrong


def test_every_document_with_vba_is_found_and_access_is_named() -> None:
    for row in manifest():
        if row["set"] == "vba":
            document = open_document((ROOT / row["file"]).read_bytes())
            expected = Status.NOT_READABLE_YET if row["ext"] in ACCESS else Status.HAS_VBA
            assert document.status is expected, row["file"]


def test_no_project_of_strangers_is_taken_for_stomped() -> None:
    flagged = [
        row["file"] for row in oracle() if any(project.stomped for project in projects_of(open_document(content(row))))
    ]
    assert not flagged


def test_documents_without_vba_never_have_vba() -> None:
    """The one exception is no container: a text file called VbaProject.OTM that is VBA source indeed."""
    wrong = []
    for row in manifest():
        if row["set"] == "novba":
            document = open_document((ROOT / row["file"]).read_bytes(), name=row["origin_path"])
            if document.status is Status.HAS_VBA and document.format != "vba":
                wrong.append(row["file"])
            assert not any(inner.projects for inner in document.walk()), row["file"]
    assert not wrong


def test_look_alikes_are_not_office_files() -> None:
    seen = 0
    for row in manifest():
        name = row["origin_path"]
        data = (ROOT / row["file"]).read_bytes()
        if Path(name).suffix in LOOK_ALIKES and row["container"] == "other" and data.isascii():
            seen += 1
            assert open_document(data, name=name).status is Status.NOT_OFFICE, name
    assert seen >= 10


def test_every_file_of_strangers_has_a_status_and_its_facts_never_raise() -> None:
    for row in manifest():
        document = open_document((ROOT / row["file"]).read_bytes(), name=row["origin_path"])
        for inner in document.walk():
            assert inner.status in Status
            if inner.status not in (Status.HAS_VBA, Status.NO_VBA):
                assert inner.reason or inner.format, row["file"]
            for extract in (macro_sheets, controls, links):
                extract(inner)


def test_macro_sheets_are_where_independent_readers_see_them() -> None:
    for row in oracle():
        seen = any(macro_sheets(inner) for inner in open_document(content(row)).walk())
        assert seen == bool(row["xlm"]), row["file"]


def test_packages_have_the_members_that_zipfile_sees() -> None:
    seen = 0
    for row in manifest():
        data = (ROOT / row["file"]).read_bytes()
        if not data.startswith(b"PK\x03\x04"):
            continue
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as oracle_file:
                expected = {info.filename.replace("\\", "/"): info for info in oracle_file.infolist()}
                readable = {name: _by_zipfile(oracle_file, info) for name, info in expected.items()}
        except (zipfile.BadZipFile, NotImplementedError):
            continue
        package = Package(data)
        assert set(package.names()) == set(expected), row["file"]
        for name, body in readable.items():
            if body is not None:
                assert package.read(name) == body, (row["file"], name)
        seen += 1
    assert seen > 900


def _by_zipfile(file: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes | None:
    try:
        return file.read(info)
    except Exception:  # noqa: BLE001 whatever the oracle cannot read says nothing about us
        return None


def test_compound_files_have_the_streams_that_olefile_sees() -> None:
    seen = 0
    for row in manifest():
        data = (ROOT / row["file"]).read_bytes()
        expected = _by_olefile(data)
        if expected is None:
            continue
        try:
            file = CompoundFile(data)
        except DocumentDefect as problem:
            raise AssertionError(row["file"]) from problem
        if file.is_incomplete:
            continue
        assert {name.casefold() for name in file.names()} == {name.casefold() for name in expected}, row["file"]
        for name, body in expected.items():
            found = file.find(name) or name
            if body is not None and len(body) == file.size(found):
                assert file.read(found) == body, (row["file"], name)
        seen += 1
    assert seen > 500


def _by_olefile(data: bytes) -> dict[str, bytes | None] | None:
    if not data.startswith(olefile.MAGIC):
        return None
    try:
        with olefile.OleFileIO(io.BytesIO(data)) as file:
            return {"/".join(path): _stream_by_olefile(file, path) for path in file.listdir()}
    except Exception:  # noqa: BLE001 whatever the oracle cannot read says nothing about us
        return None


def _stream_by_olefile(file: olefile.OleFileIO, path: list[str]) -> bytes | None:
    try:
        body: bytes = file.openstream(path).read()
    except Exception:  # noqa: BLE001 whatever the oracle cannot read says nothing about us
        return None
    return body


def test_fast_and_slow_decompression_agree_on_every_module_of_strangers() -> None:
    for row in oracle():
        for inner in open_document(content(row)).walk():
            for storage in inner.projects:
                for module in read_dir(decompress(storage.read("VBA/dir"), 1 << 26)).modules:
                    packed = storage.read(f"VBA/{module.stream}")[max(0, module.offset) :]
                    if packed.startswith(b"\x01"):
                        assert decompress(packed, 1 << 26) == decompress_slowly(packed, 1 << 26)

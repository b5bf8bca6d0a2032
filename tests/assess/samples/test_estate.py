"""The sample company and the crowd: believable, complete, and the same on every run."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

import pytest
from oletools.olevba import VBA_Parser

from uptake.assess.samples import build_estate, generate
from uptake.assess.samples.library import CODE, code


def digests(paths: list[Path]) -> list[str]:
    return [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return build_estate(tmp_path_factory.mktemp("estate"))


def test_estate_is_a_small_company_in_two_languages(estate: list[Path]) -> None:
    folders = {path.parent.name for path in estate}
    assert 60 <= len(estate) <= 100
    assert {"Finance", "HR", "Sales", "経理部", "人事", "Templates", "Quarantine"} <= folders
    assert len({path.suffix for path in estate}) >= 20


def test_estate_is_the_same_for_the_same_seed(estate: list[Path], tmp_path: Path) -> None:
    assert digests(build_estate(tmp_path / "again")) == digests(estate)
    assert digests(build_estate(tmp_path / "other", seed=2)) != digests(estate)


def test_estate_has_duplicates_and_hostile_names(estate: list[Path]) -> None:
    assert max(Counter(digests(estate)).values()) >= 2
    names = [path.name for path in estate if path.parent.name == "Quarantine"]
    assert any(name.startswith(("=", "_")) for name in names)


def test_code_of_the_estate_reads_back_in_japanese(estate: list[Path]) -> None:
    path = next(path for path in estate if path.name == "仕訳転送.xls")
    sources = [entry[3] for entry in VBA_Parser(str(path)).extract_all_macros()]
    assert any("会計システム　仕訳入力" in source for source in sources)


def test_code_files_are_plain_and_fit_their_code_page() -> None:
    for path in CODE.iterdir():
        text = code(path.name)
        assert "Attribute VB_" not in text
        assert text.encode("cp932" if any(c > "\u2fff" for c in text) else "cp1252")


def test_crowd_has_the_asked_count_shares_and_duplicates(tmp_path: Path) -> None:
    written = generate(tmp_path, 1500, macro_share=0.1, duplicate_share=0.5)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 1500
    assert sum(path.stat().st_size for path in files) == written
    unique = len(set(digests(files)))
    assert 0.4 * 1500 < unique < 0.75 * 1500
    with_macros = sum(path.suffix == ".xlsm" for path in files)
    assert 0.05 * 1500 < with_macros < 0.12 * 1500


def test_crowd_documents_stay_readable_after_marking(tmp_path: Path) -> None:
    generate(tmp_path, 60, macro_share=1.0, duplicate_share=0.0)
    for path in sorted(tmp_path.rglob("*.xls*"))[:20]:
        assert list(VBA_Parser(str(path)).extract_all_macros())

"""The Japanese catalogue: complete, made from the English of today, and written in the words of the glossary."""

from __future__ import annotations

import ast
import csv
import errno
import io
import os
import re
import sys
from functools import lru_cache
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
import yaml

from uptake import catalogue
from uptake.assess.documents.model import Status
from uptake.reporting.words import WORDS
from uptake.rules.catalogue import load_rules
from uptake.rules.model import Rule
from uptake.rules.translation import PROSE, message_in, phrases, prose_digest, reason_in, reasons, translations

RULES = {rule.id: rule for rule in load_rules()}
PHRASE_COLUMNS = {
    "object_members": ("effect", "instead"),
    "libraries": ("library", "status", "instead"),
    "controls": ("library", "status", "instead"),
    "progids": ("library", "status", "instead"),
    "dlls": ("note",),
    "exports_missing_on_x64": ("note",),
}
"""Columns whose words can come into a message."""
NEVER_SHOWN = {"rule": "ok", "status": "system"}
"""Rows of which nothing is reported."""

READERS = ("assess/documents/*.py", "assess/extraction/*.py", "assess/scan.py", "assess/analysis.py", "adapters/scanning.py",
           "adapters/sources/*.py", "adapters/engines/*.py")  # fmt: skip
"""Files whose sentences become the reason or a defect of a file."""
SENTENCE = re.compile(r"[A-Za-z}\]:'] [a-zA-Z{(]")
NOT_FOR_READERS = frozenset((
    "no VBA", "has VBA", "driver required", "limit reached", "source missing", "not an Office file",  # statuses
    "PowerPoint Document", "Current User", "PersistentStorage Directory", "<!doctype html",  # what the readers look for
    "end if", "end type", "end enum", "BEGIN {", "BEGIN VB.FORM", "signed without v3", "very hidden", "{} {} {}",
    "no OLE 1 object", "entities are not allowed", "nested too deep",  # caught where another sentence is made of it
))  # fmt: skip
OPERATING_SYSTEM = (
    "EACCES", "EPERM", "ENOENT", "EIO", "ELOOP", "ESTALE", "EAGAIN", "EBUSY", "ETXTBSY", "EDEADLK", "ENOMEM",
    "ENAMETOOLONG", "EISDIR", "ENOTDIR", "ENXIO", "ENODEV", "EHOSTDOWN", "EHOSTUNREACH", "ENETUNREACH", "ETIMEDOUT",
    "ECONNREFUSED", "ECONNRESET", "ENOTCONN", "EMFILE", "EREMOTEIO", "EINTR",
)  # fmt: skip
"""Errors that reading a file of a disk or of a share can end with."""

JAPANESE = re.compile(r"[ぁ-ゖァ-ヺ一-鿿]")
TOUCHING = re.compile(r"[ぁ-ゖァ-ヺー一-鿿][A-Za-z0-9{]|[A-Za-z0-9}][ぁ-ゖァ-ヺ一-鿿]")
HALF_WIDTH_KATAKANA = re.compile(r"[\uff61-\uff9f]")
FULL_WIDTH_LATIN = re.compile(r"[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]")

every_rule = pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.id)


@lru_cache(maxsize=1)
def files() -> dict[tuple[str, str], dict[str, Any]]:
    """(group, file name) → content of every Japanese rule file."""
    root = catalogue.folder("ja", "rules")
    groups = [group for group in root.iterdir() if group.is_dir()]
    return {
        (group.name, path.name): yaml.safe_load(path.read_text(encoding="utf-8"))
        for group in groups
        for path in group.iterdir()
    }


@lru_cache(maxsize=1)
def english_files() -> set[tuple[str, str]]:
    groups = [group for group in catalogue.folder("rules").iterdir() if group.is_dir()]
    return {(group.name, path.name) for group in groups for path in group.iterdir()}


def file_of(rule: Rule) -> dict[str, Any]:
    found = [data for (group, name), data in files().items() if group == rule.group and name.startswith(f"{rule.id}-")]
    assert len(found) == 1, f"{rule.id} has {len(found)} Japanese files"
    return found[0]


def texts(data: dict[str, Any]) -> dict[str, str]:
    """Field → prose, the messages of variants among them."""
    return {name: str(data[name]) for name in PROSE} | {f"messages.{k}": v for k, v in data.get("messages", {}).items()}


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def table_phrases() -> dict[str, str]:
    """English phrase → where it stands. A name of one word, such as `SmartArt`, is no phrase and stays as it is."""
    found: dict[str, str] = {}
    for table, columns in PHRASE_COLUMNS.items():
        for row in catalogue.read_table(table):
            if any(row.get(column) == value for column, value in NEVER_SHOWN.items()):
                continue
            found |= {row[column]: f"{table}.{column}" for column in columns if " " in row[column]}
    return found


@lru_cache(maxsize=1)
def glossary() -> tuple[dict[str, str], ...]:
    lines = [line for line in catalogue.read_text("glossary.csv").splitlines() if line and not line.startswith("#")]
    return tuple(csv.DictReader(io.StringIO("\n".join(lines))))


def forbidden_forms(text: str) -> list[str]:
    """Forms that the glossary forbids; one that is a part of its own term (ポインタ in ポインター) counts only outside it."""
    found = []
    for row in glossary():
        for form in filter(None, row["forbidden"].split("|")):
            allowed = text.count(row["ja"]) if form in row["ja"] else 0
            if text.count(form) > allowed:
                found.append(f"{form} → {row['ja']}")
    return found


def prose_only(text: str) -> str:
    """Without code, and without what is itself replaced by Japanese."""
    return re.sub(r"`[^`]*`|\{effect\}", " ", text)


class Sentences(ast.NodeVisitor):
    """Texts of a source file that read like sentences, variable parts as `{}`, or `{!r}` where they are quoted."""

    def __init__(self) -> None:
        self.found: set[str] = set()

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):  # a docstring
            self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        if not ast.unparse(node.func).startswith(("re.", "struct.", "Struct", "UptakeError")):
            self.generic_visit(node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        self.found.add("".join(_piece(part) for part in node.values))

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str):
            self.found.add(node.value)


def _piece(part: ast.expr) -> str:
    if isinstance(part, ast.Constant):
        return str(part.value)
    return "{!r}" if isinstance(part, ast.FormattedValue) and part.conversion == ord("r") else "{}"


@lru_cache(maxsize=1)
def sentences_of_readers() -> frozenset[str]:
    """Every sentence that a reader can put into a reason or a defect."""
    root = Path(str(catalogue.folder())).parent
    visitor = Sentences()
    for pattern in READERS:
        for path in root.glob(pattern):
            visitor.visit(ast.parse(path.read_text(encoding="utf-8")))
    return frozenset(text for text in visitor.found if SENTENCE.search(text)) - NOT_FOR_READERS


def spoken(sentence: str) -> str:
    """A sentence with something in its variable parts; what follows its last colon is a known sentence."""
    if sentence.endswith(": {}"):
        sentence = sentence[:-2] + "the file is empty"
    return sentence.replace("{!r}", "'a: b'").replace("{}", "7")


@every_rule
def test_every_rule_has_a_japanese_text_made_from_the_english_of_today(rule: Rule) -> None:
    assert file_of(rule)["of"] == prose_digest(rule), "the English has changed: read the Japanese again and renew `of`"
    assert not translations("ja")[rule.id].is_stale


@every_rule
def test_a_japanese_text_has_the_fields_and_messages_of_its_rule(rule: Rule) -> None:
    data = file_of(rule)
    expected = {"id", "of", *PROSE} | ({"messages"} if rule.messages else set())
    assert set(data) == expected
    assert set(data.get("messages", {})) == set(rule.messages)


@every_rule
def test_the_placeholders_of_a_message_are_those_of_the_english(rule: Rule) -> None:
    data = file_of(rule)
    assert placeholders(data["message"]) == placeholders(rule.message)
    for variant, message in rule.messages.items():
        assert placeholders(data["messages"][variant]) == placeholders(message), variant


@every_rule
def test_code_in_a_japanese_message_is_the_code_of_the_english(rule: Rule) -> None:
    data = file_of(rule)
    for name in ("message", "why"):
        assert set(re.findall(r"`[^`]*`", data[name])) == set(re.findall(r"`[^`]*`", getattr(rule, name))), name


@every_rule
def test_the_prose_of_a_rule_is_japanese(rule: Rule) -> None:
    for name, text in texts(file_of(rule)).items():
        if name == "title" and text == rule.title:
            assert re.fullmatch(r"[A-Za-z0-9.]+", text), "only a name may stay as it is"
        else:
            assert JAPANESE.search(text), name


@every_rule
def test_sentences_end_with_a_full_stop_and_titles_do_not(rule: Rule) -> None:
    data = file_of(rule)
    assert not data["title"].endswith("。")
    for name in ("why", "fix", "noise"):
        assert data[name].endswith("。"), name


@every_rule
def test_no_form_that_the_glossary_forbids_is_in_a_rule(rule: Rule) -> None:
    found = {name: forbidden_forms(text) for name, text in texts(file_of(rule)).items()}
    assert {name: forms for name, forms in found.items() if forms} == {}


@every_rule
def test_latin_words_and_numbers_in_a_rule_stand_apart_from_japanese(rule: Rule) -> None:
    for name, text in texts(file_of(rule)).items():
        assert TOUCHING.findall(prose_only(text)) == [], name
        assert re.findall(r"[ぁ-ゖァ-ヺー一-鿿]`\S|\S`[ぁ-ゖァ-ヺ一-鿿]", text) == [], name


def test_id_and_name_of_a_japanese_file_agree() -> None:
    assert [name for (_, name), data in files().items() if not name.startswith(f"{data['id']}-")] == []


def test_no_japanese_file_is_without_its_rule() -> None:
    assert set(files()) <= english_files()


def test_no_text_holds_half_width_katakana_or_full_width_letters() -> None:
    every = [text for data in files().values() for text in texts(data).values()] + list(phrases("ja").values())
    assert [text for text in every if HALF_WIDTH_KATAKANA.search(text) or FULL_WIDTH_LATIN.search(text)] == []


def test_every_phrase_of_the_tables_is_translated() -> None:
    missing = {phrase: where for phrase, where in table_phrases().items() if not phrases("ja").get(phrase)}
    assert missing == {}


def test_no_translated_phrase_is_without_its_table() -> None:
    assert set(phrases("ja")) <= set(table_phrases())


def test_a_phrase_cannot_be_taken_for_a_name_out_of_somebodys_code() -> None:
    assert [phrase for phrase in phrases("ja") if " " not in phrase] == []


def test_a_phrase_fits_into_a_sentence() -> None:
    assert [text for text in phrases("ja").values() if text.endswith(("。", "、", " "))] == []


def test_no_form_that_the_glossary_forbids_is_in_a_phrase() -> None:
    found = {phrase: forbidden_forms(text) for phrase, text in phrases("ja").items()}
    assert {phrase: forms for phrase, forms in found.items() if forms} == {}


def test_no_form_that_the_glossary_forbids_is_in_the_words_of_the_reports() -> None:
    found = {key: forbidden_forms(word["ja"]) for key, word in WORDS.items()}
    assert {key: forms for key, forms in found.items() if forms} == {}


def test_the_glossary_does_not_contradict_itself() -> None:
    terms = [row["en"] for row in glossary()]
    assert len(terms) == len(set(terms))
    assert {row["ja"]: forbidden_forms(row["ja"]) for row in glossary() if forbidden_forms(row["ja"])} == {}


def test_a_forbidden_form_is_seen_beside_its_own_term() -> None:
    assert forbidden_forms("ポインターとポインタ") == ["ポインタ → ポインター"]
    assert forbidden_forms("ライブラリとライブラリー") == ["ライブラリー → ライブラリ"]
    assert forbidden_forms("ポインターとライブラリ") == []


def test_every_reason_that_a_reader_gives_has_a_japanese_form() -> None:
    assert len(sentences_of_readers()) > 100
    assert [text for text in sorted(sentences_of_readers()) if reason_in("ja", spoken(text)) == spoken(text)] == []


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have words of their own")
def test_every_japanese_reason_has_its_english_in_a_reader() -> None:
    written = {text.replace("{!r}", "{}") for text in sentences_of_readers()} | {"{} of {} parameters"}
    of_the_system = {os.strerror(getattr(errno, name)).lower() for name in OPERATING_SYSTEM}
    statuses = {str(status) for status in Status}
    japanese = {re.sub(r"\{\w+\}", "{}", english) for english in reasons("ja")}
    assert japanese - written - of_the_system - statuses == set()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have words of their own")
@pytest.mark.parametrize("name", OPERATING_SYSTEM)
def test_what_the_operating_system_says_of_a_file_is_translated(name: str) -> None:
    assert JAPANESE.search(reason_in("ja", os.strerror(getattr(errno, name)).lower()))


def test_a_status_in_a_message_is_the_word_of_the_reports() -> None:
    statuses = set(reasons("ja")) & set(WORDS)
    assert {"locked", "cloud-based", "inaccessible"} <= statuses
    assert {status: reasons("ja")[status] for status in statuses} == {
        status: WORDS[status]["ja"] for status in statuses
    }


def test_reasons_keep_their_variable_parts() -> None:
    assert [english for english, other in reasons("ja").items() if placeholders(english) != placeholders(other)] == []


def test_a_sentence_within_a_sentence_stands_at_its_end() -> None:
    assert [text for text in reasons("ja") if "{reason}" in text and not text.endswith(": {reason}")] == []


def test_reasons_are_written_like_the_rules() -> None:
    assert [other for _, other in reasons("ja").items() if other.endswith(("。", "、", " "))] == []
    assert {english: forbidden_forms(other) for english, other in reasons("ja").items() if forbidden_forms(other)} == {}
    assert [other for _, other in reasons("ja").items() if TOUCHING.search(other)] == []


@pytest.mark.parametrize(
    ("english", "japanese"),
    [
        ("the file is empty", "ファイルが空です"),
        ("the file is larger than 1000 bytes", "ファイルが 1000 バイトを超えています"),
        ("module 'Modul: 1': compressed content is damaged", "モジュール 'Modul: 1'：圧縮された内容が破損しています"),
        ("embedded object 'x': part 'y' is damaged", "埋め込みオブジェクト 'x'：パーツ 'y' が破損しています"),
        ("a.zip!b: c.doc: the file is empty", "a.zip!b：c.doc：ファイルが空です"),
        ("the document is damaged (ValueError: a: b)", "文書が破損しています（ValueError: a: b）"),
        ("two streams are called 'the file is empty': the first was read",
         "ストリーム 'the file is empty' が 2 つあるため、最初のものを読み取りました"),
    ],
)  # fmt: skip
def test_a_reason_is_translated_and_the_names_in_it_stay(english: str, japanese: str) -> None:
    assert reason_in("ja", english) == japanese
    assert reason_in("en", english) == english


@pytest.mark.parametrize(
    "text",
    ["", "…", "nobody has written this", "module X: nobody has written this", "{place}: {reason}", "a: " * 20_000],
)
def test_a_reason_that_is_not_known_stays_as_it_is(text: str) -> None:
    assert reason_in("ja", text) == text


def test_the_reason_in_a_message_is_translated_and_code_that_says_the_same_is_not() -> None:
    arguments = {"key": "inaccessible", "text": "permission denied"}
    assert "アクセス不可" in message_in("ja", {"rule": "P11", "message": "", "arguments": arguments})
    assert "permission denied" not in message_in("ja", {"rule": "P11", "message": "", "arguments": arguments})
    assert "permission denied" in message_in("ja", {"rule": "S04", "message": "", "arguments": arguments})

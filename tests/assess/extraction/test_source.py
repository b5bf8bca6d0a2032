"""The tokenizer and what is asked of it: positions, lines, statements; held against slow references."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from uptake.assess.extraction.source import SourceText, one_line, unquote

PIECES = st.sampled_from([
    "\n", " ", "\t", " _\n", "'", '"', '""', ":", ":=", "Rem ", "rem", "#If Win64 Then", "#End If", "Declare", "As Long",
    "x", "hWnd&", "[a b]", "12.5", "&H1F", "Ünïcode", "関数", "(", ")", ",", ".", "_", "Attribute VB_Name = \"M\"", "=", "\x0b",
])  # fmt: skip
TEXTS = st.lists(PIECES, max_size=40).map("".join)


def slow_code(text: str) -> list[tuple[int, str]]:
    """(physical line, word) of every identifier outside comments and strings, one character at a time."""
    found, line, at, state, fresh = [], 1, 0, "code", True
    while at < len(text):
        char = text[at]
        if char == "\n":
            continued = re.search(r"[ \t]_[ \t]*$" if state == "code" else r"[ \t]_$", text[:at].rpartition("\n")[2])
            if state == "string" or not continued:
                state, fresh = "code", True
            line += 1
        elif state == "string":
            if char == '"':
                state = "code"
        elif state == "code":
            if char == '"':
                state, fresh = "string", False
            elif char == "'":
                state = "comment"
            elif char == "[":
                end = re.match(r"\[[^\]\n]*\]?", text[at:])
                at += len(end.group()) - 1 if end else 0
                fresh = False
            elif char == ":":
                fresh = text[at : at + 2] != ":="
            elif re.match(r"[^\W\d]", char):
                word = re.match(r"\w+", text[at:]).group()  # type: ignore[union-attr]
                follows = text[at + len(word) : at + len(word) + 1]
                if word == "_" and not text[at + 1 :].partition("\n")[0].strip(" \t"):
                    at += 1  # a continuation is no word: what follows is still at the start of the statement
                    continue
                if fresh and word.lower() == "rem" and follows in ("", " ", "\t", "\n"):
                    state = "comment"
                else:
                    found.append((line, word.lower()))
                at += len(word) - 1
                fresh = False
            elif char.isdigit():
                at += len(re.match(r"\d[\w.]*", text[at:]).group()) - 1  # type: ignore[union-attr]
            elif char not in " \t":
                fresh = False
        at += 1
    return found


@given(TEXTS)
def test_the_tokens_put_together_are_the_text(text: str) -> None:
    assert "".join(SourceText(text).tokens) == "\n" + text


@given(TEXTS)
def test_every_token_knows_its_line(text: str) -> None:
    source = SourceText(text)
    for index, token in enumerate(source.tokens):
        if token[0] != "\n":
            assert source.line(index) == text.count("\n", 0, source.offset(index)) + 1


@given(TEXTS, st.sampled_from(["declare", "x", "long", "as", "ünïcode", "関数", "attribute"]))
def test_positions_find_what_a_look_at_every_token_finds(text: str, word: str) -> None:
    source = SourceText(text)
    slow = [i for i, token in enumerate(source.tokens) if token.lower() == word]
    assert source.positions(frozenset((word,))) == slow


@given(TEXTS)
def test_the_gate_never_misses_a_word(text: str) -> None:
    source = SourceText(text)
    for token in source.tokens:
        if token.isascii() and token.isidentifier():
            assert token.lower() in source.word_set


@given(TEXTS, st.sampled_from(["a", "win64", "rem", '""', "vb_name"]))
def test_literals_that_hold_a_piece_are_found(text: str, piece: str) -> None:
    source = SourceText(text)
    slow = [i for i, token in enumerate(source.tokens) if token[0] == '"' and piece in token.lower()]
    assert source.holding([piece]) == slow


@given(
    st.lists(
        st.sampled_from(["x", " ", "\n", "'", '"', " _\n", ": Rem ", "y = 1", "Rem z", "#If a", "call"]), max_size=30
    ).map("".join)
)
def test_code_is_told_from_comments_and_strings_as_the_slow_reader_does(text: str) -> None:
    source = SourceText(text)
    fast = [
        (source.line(i), token.lower())
        for i, token in enumerate(source.tokens)
        if token[0].isalpha() or (token[0] == "_" and token != "_")
    ]
    assert fast == [word for word in slow_code(text) if word[1] != "_"]


def test_hidden_attribute_lines_are_not_counted_by_the_editor() -> None:
    source = SourceText(
        'Attribute VB_Name = "M"\nOption Explicit\nSub A()\nAttribute A.VB_Description = "x"\nEnd Sub\n'
    )
    assert [source.editor_line(line) for line in (2, 3, 5)] == [1, 2, 3]


def test_the_head_of_an_exported_class_is_hidden_in_the_editor() -> None:
    text = 'VERSION 1.0 CLASS\nBEGIN\n  MultiUse = -1\nEND\nAttribute VB_Name = "C"\nOption Explicit\n'
    assert SourceText(text).editor_line(6) == 1


def test_a_statement_ends_at_a_colon_and_not_at_a_named_argument() -> None:
    source = SourceText("a x:=1: b\n")
    first = source.positions(frozenset(("a",)))[0]
    assert source.statement_text(first) == "a x:=1"


def test_a_continued_comment_swallows_the_next_line() -> None:
    assert SourceText("' note _\nDeclare\n").positions(frozenset(("declare",))) == []


def test_a_continued_statement_is_one_line_in_reports() -> None:
    assert one_line('Declare Sub A _\n    Lib "b"') == 'Declare Sub A Lib "b"'


def test_doubled_quotation_marks_are_one() -> None:
    assert unquote('"a""b"') == 'a"b'


def test_a_range_of_lines_is_a_range_of_tokens() -> None:
    source = SourceText("a\n  b = 1\nc\nd\n")
    first, last = source.tokens_of_lines(2, 3)
    assert source.slice(first, last) == "b = 1\nc"

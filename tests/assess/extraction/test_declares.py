"""Declare statements, types and constants as they are written in the wild."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uptake.assess.extraction.code import CodeProject
from uptake.assess.extraction.declares import declares, plain_constants, type_blocks, whole_number
from uptake.assess.extraction.source import SourceText


def one(text: str):  # type: ignore[no-untyped-def]
    found = declares(SourceText(text))
    assert len(found) == 1
    return found[0]


def test_every_part_of_a_declare_is_read() -> None:
    declare = one(
        'Private Declare PtrSafe Function Foo Lib "user32.dll" Alias "FooA" (ByVal a As Long, b&, Optional c As String = "x,y", d() As Byte, ParamArray e()) As LongPtr'
    )
    assert (declare.name, declare.library, declare.alias, declare.entry) == ("Foo", "user32.dll", "FooA", "FooA")
    assert declare.has_ptrsafe
    assert not declare.is_public
    assert [(p.name, p.type, p.by_value, p.is_array) for p in declare.parameters] == [
        ("a", "long", True, False), ("b", "long", False, False), ("c", "string", False, False),
        ("d", "byte", False, True), ("e", "", False, True),
    ]  # fmt: skip
    assert declare.result.type == "longptr"


def test_a_declare_over_many_lines_knows_its_lines() -> None:
    declare = one('\nDeclare Sub A Lib "b" ( _\n  ByVal x As Long, _\n  y As Any)\n')
    assert (declare.line, declare.end_line, len(declare.parameters)) == (2, 4, 2)


def test_untyped_names_take_the_type_of_the_deftype_statement() -> None:
    assert one('DefLng A-Z\nDeclare Sub A Lib "b" (ByVal x)').parameters[0].type == "long"


def test_a_declare_in_a_string_or_comment_is_none() -> None:
    assert (
        declares(SourceText('x = "Declare Sub A Lib ""b"""\n\' Declare Sub A Lib "b"\nRem Declare Sub A Lib "b"')) == []
    )


@pytest.mark.parametrize(
    "text",
    [
        "Declare",
        "Declare Function",
        "Declare Sub A",
        "Declare Sub A Lib",
        'Declare Sub A Lib "x" (ByVal',
        "Declare Declare Sub",
    ],
)
def test_unfinished_declares_do_not_end_a_scan(text: str) -> None:
    for declare in declares(SourceText(text)):
        assert declare.is_broken or declare.library


@given(
    st.lists(
        st.sampled_from(
            [
                "Declare ",
                "PtrSafe ",
                "Function ",
                "Sub ",
                "A ",
                'Lib "x" ',
                'Alias "y" ',
                "(",
                ")",
                "ByVal ",
                "x",
                "As Long",
                ",",
                "&",
                " _\n",
                "\n",
                "()",
                "= 1",
            ]
        ),
        max_size=25,
    ).map("".join)
)
def test_any_order_of_words_is_read_without_an_error(text: str) -> None:
    module = CodeProject().add(text)
    for declare in module.declares:
        assert declare.line <= declare.end_line
    assert module.types is not None
    assert module.procedures is not None


def test_members_of_a_type_are_read_with_arrays_and_fixed_strings() -> None:
    block = type_blocks(
        SourceText("Private Type T\n  a As Long ' note\n  b(1 To 3) As Byte\n  c As String * 260\n  d&\nEnd Type")
    )[0]
    assert [(m.name, m.type, m.is_array, m.size) for m in block.members] == [
        ("a", "long", False, ""), ("b", "byte", True, "1to3"), ("c", "string", False, "260"), ("d", "long", False, ""),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "value"),
    [("- 4", -4), ("( - 4 )", -4), ("&hfffffffc", -4), ("&hfffc", -4), ("&h10", 16), ("x", None), ("1 + 1", None)],
)
def test_whole_numbers_are_read_as_vba_reads_them(text: str, value: int | None) -> None:
    assert whole_number(text.split()) == value


def test_constants_with_and_without_a_type_are_known() -> None:
    found = dict(plain_constants(SourceText("Const A = 1, B As Long = &H10\nPrivate Const C& = -4")))
    assert found == {"a": 1, "b": 16, "c": -4}


def test_a_local_variable_hides_the_one_of_the_module() -> None:
    module = CodeProject().add(
        "Dim h As LongPtr\nSub A()\nDim h As Long\nh = 1\nEnd Sub\nSub B(ByVal h As String)\nh = 1\nEnd Sub\nSub C()\nh = 1\nEnd Sub"
    )
    assert [module.type_of("h", line) for line in (4, 7, 10)] == ["long", "string", "longptr"]

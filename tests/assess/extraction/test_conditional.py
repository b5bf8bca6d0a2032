"""Conditional compilation: integer semantics, nesting, project constants, and damage that must not end a scan."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uptake.assess.extraction.conditional import (
    CannotEvaluate,
    directives,
    evaluate,
    inactive_branches,
    project_constants,
)
from uptake.assess.extraction.source import SourceText
from uptake.core.severity import Target


def active(text: str, target: Target = Target.M365_64, constants: str = "") -> list[int]:
    """Lines that are compiled, directives included."""
    source = SourceText(text)
    last = text.count("\n") + 1
    branches = inactive_branches(directives(source), target, project_constants(constants), last)
    return [line for line in range(1, last + 1) if branches.is_active(line)]


def tokens(expression: str) -> list[str]:
    source = SourceText("x " + expression)  # a number at the start of a line would be its label
    return [token for _, token in source.words(2, len(source.tokens))]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1 = 1", -1), ("Not 1", -2), ("Not 0", -1), ("VBA7 = True", 0), ("VBA7 = 1", -1), ("Unknown", 0), ("1 + 2 * 3", 7),
        ("2 ^ 3", 8), ("7 \\ 2", 3), ("7 Mod 4", 3), ("1 And 3", 1), ("1 Or 2", 3), ("1 Xor 3", 2), ("Not Win64 And VBA7", 0),
        ("(1 < 2) And (2 >= 2)", -1), ('"a" = "a"', -1), ("-2 < 1", -1), ("&H10", 16), ("True", -1), ("Abs(-3)", 3), ("1 <> 1", 0),
    ],
)  # fmt: skip
def test_expressions_have_the_values_of_vba(expression: str, value: int) -> None:
    environment = {"vba7": 1, "win64": 1, "mac": 0}
    assert evaluate(tokens(expression), environment) == value


@pytest.mark.parametrize("expression", ["", "1 +", "(1", ") 1", "1 \\ 0", "9 ^ 99999", "Foo(", "* 2", '"a" + 1'])
def test_what_is_no_expression_is_refused_and_not_guessed(expression: str) -> None:
    with pytest.raises(CannotEvaluate):
        evaluate(tokens(expression), {})


def test_each_target_compiles_its_own_branch() -> None:
    text = "#If Win64 Then\na\n#ElseIf VBA7 Then\nb\n#Else\nc\n#End If"
    assert 2 in active(text)
    assert active(text, Target.M365_32) == [1, 3, 4, 5, 7]
    assert 6 in active(text, Target.LEGACY)


def test_nested_branches_inside_a_dead_one_are_dead() -> None:
    assert active("#If Mac Then\n#If Win64 Then\na\n#Else\nb\n#End If\n#End If\nc") == [1, 7, 8]


def test_constants_of_the_module_count_from_their_line_on() -> None:
    assert active("#If Fast Then\na\n#End If\n#Const Fast = 1\n#If Fast Then\nb\n#End If") == [1, 3, 4, 5, 6, 7]


def test_constants_of_the_project_count_in_every_module() -> None:
    assert 2 in active("#If Fast Then\na\n#End If", constants="Slow = 0 : Fast = 1")
    assert 2 not in active("#If Slow Then\na\n#End If", constants="Slow = 0 : Fast = 1")


def test_a_predefined_constant_cannot_be_redefined() -> None:
    assert 3 in active("#Const Win64 = 0\n#If Win64 Then\na\n#End If")


def test_a_condition_over_two_lines_is_one() -> None:
    assert 3 in active("#If Win64 _\n And VBA7 Then\na\n#End If")


def test_a_condition_that_nobody_understands_is_taken_as_compiled() -> None:
    assert 2 in active("#If Foo( Then\na\n#End If")


def test_directives_in_strings_and_comments_are_none() -> None:
    assert directives(SourceText('x = "#If Win64 Then"\n\' #If Mac Then\nPrint #If\n')) == []


def test_an_if_without_an_end_reaches_to_the_end() -> None:
    assert active("#If Mac Then\na\nb") == [1]


@given(
    st.lists(
        st.sampled_from(
            [
                "#If Win64 Then\n",
                "#If Mac Then\n",
                "#Else\n",
                "#ElseIf VBA7 Then\n",
                "#End If\n",
                "a\n",
                "#Const x = 1\n",
            ]
        )
    )
)
def test_unbalanced_directives_never_raise(lines: list[str]) -> None:
    active("".join(lines))


@given(st.text(alphabet='()+-*/\\<>=&^ 12aV"', max_size=40))
def test_no_expression_ends_in_anything_but_a_value_or_a_refusal(expression: str) -> None:
    try:
        evaluate(tokens(expression), {})
    except CannotEvaluate:
        return

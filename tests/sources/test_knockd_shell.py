import shlex
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portward.sources.knockd_shell import Redirection, read_shell


def steps(text: str) -> list[tuple[str, tuple[str, ...]]]:
    """Joints and words of a line without trouble."""
    line = read_shell(text)
    assert not line.trouble
    return [(each.joint, each.words) for each in line.steps]


def test_steps_and_their_joints() -> None:
    """A comment ends the line; a last ; or & ends a step."""
    assert steps("a b; c && d || e | f & # g") == [
        ("", ("a", "b")),
        (";", ("c",)),
        ("&&", ("d",)),
        ("||", ("e",)),
        ("|", ("f",)),
    ]


def test_quotes() -> None:
    """Quotes of both kinds, backslashes, and quotes within a word."""
    text = r"""a'b c'"d e"\ f "\"\\\x" '' {x} a#b"""
    assert steps(text) == [("", ("ab cd e f", '"\\\\x', "", "{x}", "a#b"))]


def test_a_step_knows_its_place() -> None:
    """From its first character to behind its last."""
    text = " a 'b';  cc >/dev/null"
    assert [text[each.start : each.end] for each in read_shell(text).steps] == ["a 'b'", "cc >/dev/null"]


@pytest.mark.parametrize(
    ("text", "risk"),
    [
        ("a $X", "it has a variable"),
        ('a "${X}"', "it has a variable"),
        ("a `b`", "it has a command in it, whose output is used"),
        ('a "$(b c)"', "it has a command in it, whose output is used"),
        ("a *.txt", "it has a file name pattern"),
        ("a ~/x", "it names a home directory"),
        ("X=1 a", "it sets a variable"),
        ("a > b", "it has a redirection"),
        ("a < b", "it has a redirection"),
        ("a | b", "it is part of a pipe"),
    ],
)
def test_what_words_alone_do_not_say(text: str, risk: str) -> None:
    """It is named."""
    assert read_shell(text).steps[0].risks == (risk,)


def test_an_alternative_is_a_risk_of_the_second() -> None:
    """The first of two runs anyway."""
    assert [each.risks for each in read_shell("a || b").steps] == [
        (),
        ("it runs only if the one before it fails",),
    ]


@pytest.mark.parametrize(
    "text", ["a '$X'", r"a \$X", r'a "\$X"', "a '*'", "a >/dev/null 2>&1", "a b~c", "a $", "a 2"]
)
def test_what_is_no_risk(text: str) -> None:
    """Quoted or thrown away."""
    assert read_shell(text).steps[0].risks == ()


def test_redirections() -> None:
    """Their operators and targets."""
    (step,) = read_shell("a 2>>'x y' </z").steps
    assert step.redirections == (Redirection(">>", "x y"), Redirection("<", "/z"))
    assert step.words == ("a",)


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        ("if a; then b; fi", "if begins more than a simple command"),
        ("(a; b)", "it has parentheses"),
        ("a 'b", "a quote has no end"),
        ("a `b", "a backquote has no end"),
        ("a &&", "nothing follows the &&"),
        ("; a", "nothing stands before ;"),
        ("a >", "nothing follows the >"),
        ("a << b", "it reads a here-document"),
        ("a ;; b", "it is a case of the shell's"),
        ("a \\", "it ends too early"),
    ],
)
def test_trouble(text: str, trouble: str) -> None:
    """What is more than simple commands is not read at all."""
    line = read_shell(text)
    assert line.trouble == trouble
    assert line.steps == ()


@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), min_size=1))
def test_quoted_words_come_back(words: list[str]) -> None:
    """Whatever the words, quoted for the shell they come back, and without a risk."""
    (step,) = read_shell(shlex.join(["program", *words])).steps
    assert step.words == ("program", *words)
    assert step.risks == ()


PIECES = st.lists(
    st.sampled_from(
        ["a", "b c", "'x y'", '"p q"', "\\ ", "\\\\", '"\\""', "{", "}", "=", "#", " ", "-", "''", "!"]
    )
)


@settings(max_examples=60, deadline=None)
@given(PIECES)
def test_the_shell_itself_reads_the_same_words(pieces: list[str]) -> None:
    """/bin/sh is the judge of words that have no risk."""
    text = "printf '<%s>' " + "".join(pieces)
    line = read_shell(text)
    assert not line.trouble
    said = subprocess.run(["/bin/sh", "-c", text], check=True, capture_output=True, text=True).stdout
    assert said == "".join(f"<{word}>" for word in line.steps[0].words[2:]) or (
        said,
        line.steps[0].words[2:],
    ) == ("<>", ())


@given(st.text(st.sampled_from("ab '\"\\$`;&|<>()#*~{}=!2%\n\t")))
def test_any_text_gives_a_line(text: str) -> None:
    """Nothing is raised, and the places are in the text."""
    for step in read_shell(text).steps:
        assert 0 <= step.start <= step.end <= len(text)

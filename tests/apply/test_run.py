"""Other programs: found by a fixed path, never through a shell, and their refusals without what they quote."""

from datetime import timedelta

import pytest

from portward.apply.run import Places, clean_environment, find_program, refusal, run
from portward.errors import HostError, Span


QUOTED = """/dev/stdin:12:3-10: Error: No such file or directory
\t\tudp dport 7000 @th,64,96 0x6f70656e20736573616d65 jump nowhere
\t\t^^^^^^^^
"""


def test_a_missing_program_is_told_with_its_package() -> None:
    with pytest.raises(HostError, match="the program no-such-program is missing; install"):
        find_program("no-such-program")


def test_the_callers_path_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert run(["cat"], stdin="text").out == "text"
    assert "/nowhere" not in clean_environment()["PATH"]


def test_arguments_reach_the_program_as_they_are() -> None:
    assert run(["echo", "$HOME; true", "*"]).out == "$HOME; true *\n"


def test_a_program_that_takes_too_long_is_stopped() -> None:
    with pytest.raises(HostError, match=r"took longer than 0\.1s"):
        run(["sleep", "60"], limit=timedelta(seconds=0.1))


def test_a_refusal_names_the_policys_place() -> None:
    """Line 12 of what nft read is line 9 of the compiled text, three lines being above it."""
    places = Places({9: Span("policy.toml", 4, 7)}, 3)
    assert refusal(QUOTED, places) == (
        "policy.toml:4:7: nft refused line 9 of the compiled text: No such file or directory"
    )


def test_a_refusal_never_quotes_the_text() -> None:
    """The secret word of a knock stands in it."""
    assert "6f70656e" not in refusal(QUOTED, Places())


def test_a_refusal_without_a_line_keeps_its_first_line() -> None:
    assert refusal("netlink: Error: cache initialization failed: Invalid argument\n", Places()) == (
        "nft refused: netlink: Error: cache initialization failed: Invalid argument"
    )
    assert refusal("", Places()) == "nft refused: nft gave no reason"

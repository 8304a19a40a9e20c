"""What a command sees of the world."""

import io
from pathlib import Path

import pytest

from portward.cli.environment import Environment


def environment(
    variables: dict[str, str] | None = None, *, terminal: bool = False, quiet: bool = False
) -> Environment:
    """An environment whose streams are, or are not, terminals."""

    class Stream(io.StringIO):
        def isatty(self) -> bool:
            return terminal

    return Environment(Stream(), Stream(), Stream(), variables or {}, quiet=quiet)


def test_talk_goes_to_stderr_unless_quiet() -> None:
    loud, hushed = environment(), environment(quiet=True)
    loud.talk("hello")
    hushed.talk("hello")
    assert isinstance(loud.stderr, io.StringIO)
    assert isinstance(hushed.stderr, io.StringIO)
    assert (loud.stderr.getvalue(), hushed.stderr.getvalue()) == ("hello\n", "")


@pytest.mark.parametrize(
    ("terminal", "variables", "expected"),
    [
        (True, {}, True),
        (False, {}, False),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"TERM": "dumb"}, False),
        (False, {"FORCE_COLOR": "1"}, True),
        (True, {"NO_COLOR": ""}, True),
    ],
)
def test_colours(terminal: bool, variables: dict[str, str], expected: bool) -> None:  # noqa: FBT001 - a table
    made = environment(variables, terminal=terminal)
    assert made.colour(made.stderr) is expected


def test_questions_need_a_terminal() -> None:
    assert environment(terminal=True).interactive()
    assert not environment().interactive()


def test_the_clients_directory() -> None:
    """A relative XDG_CONFIG_HOME counts for nothing, as the specification says."""
    assert environment({"XDG_CONFIG_HOME": "/c"}).client_directory() == Path("/c/portward")
    assert environment({"XDG_CONFIG_HOME": "c", "HOME": "/h"}).client_directory() == Path(
        "/h/.config/portward"
    )


def test_the_state_directory() -> None:
    assert environment().state_directory() == Path("/var/lib/portward")
    assert environment({"STATE_DIRECTORY": "/s/a:/s/b"}).state_directory() == Path("/s/a")

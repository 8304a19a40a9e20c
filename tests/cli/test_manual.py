"""The man page: made from the commands' description, and clean roff."""

import subprocess

import pytest

from lab.namespaces import missing
from portward.cli.commands import COMMANDS
from portward.cli.exit import ExitStatus
from portward.cli.manual import escape, manual


def test_every_command_argument_and_exit_code_is_in_it() -> None:
    text = manual()
    for command in COMMANDS:
        assert f".SS portward {escape(command.name)}\n" in text
        for argument in command.arguments:
            assert escape(argument.help % {}) in text
    for status in ExitStatus:
        assert f".B {status.value}\n{escape(status.meaning)}\n" in text


def test_a_line_that_begins_like_a_request_is_text() -> None:
    assert escape(".B\\-'") == r"\&.B\(rs\-'"
    assert escape("'x") == r"\&'x"


@pytest.mark.skipif(bool(missing("groff")), reason="needs groff")
def test_groff_has_nothing_to_say_about_it() -> None:
    ended = subprocess.run(
        ["groff", "-man", "-ww", "-z", "-Tutf8", "-K", "utf8"],
        input=manual(),
        check=True,
        capture_output=True,
        text=True,
    )
    assert ended.stderr == ""

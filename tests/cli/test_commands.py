"""The one description of the commands is sound."""

import importlib

from portward.cli.commands import COMMANDS, GROUPS


def test_names_are_unique_and_groups_are_known() -> None:
    names = [command.name for command in COMMANDS]
    assert len(set(names)) == len(names)
    assert {command.group for command in COMMANDS} <= set(GROUPS)


def test_summaries_read_alike() -> None:
    """Lower case, no full stop: they stand in lists."""
    for command in COMMANDS:
        assert command.summary[0].islower()
        assert not command.summary.endswith(".")


def test_every_handler_exists() -> None:
    for command in COMMANDS:
        module, _, function = command.handler.partition(":")
        assert callable(getattr(importlib.import_module(module), function))


def test_only_commands_that_say_so_take_another_command() -> None:
    assert [command.name for command in COMMANDS if command.takes_command] == ["knock"]


def test_examples_begin_with_the_command() -> None:
    """Those of ssh-proxy stand in a file, not at a prompt."""
    for command in COMMANDS:
        for line, _ in command.examples:
            assert f"portward {command.name}" in line

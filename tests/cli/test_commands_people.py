from portward.cli.commands import COMMANDS as ALL
from portward.cli.commands_people import COMMANDS


def test_the_commands_about_people_are_among_all_commands() -> None:
    assert all(each in ALL for each in COMMANDS)


def test_no_option_takes_a_secret() -> None:
    """What stands on a command line, every user of the machine can read; public keys are no secret."""
    options = {name for command in COMMANDS for each in command.arguments for name in each.names}
    assert {each for each in options if "key" in each or "secret" in each} == {"--public-key"}

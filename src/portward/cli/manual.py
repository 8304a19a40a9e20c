"""The man page, made from the one description of the commands: `python -m portward.cli.manual > portward.1`.

Text only: roff's man macros (man(7)).
"""

import argparse
import sys
from collections.abc import Iterator

from portward import __version__
from portward.cli.commands import COMMANDS, GROUPS, Argument, Command
from portward.cli.exit import ExitStatus
from portward.cli.main import command_parser


FILES = (
    ("/etc/portward/policy.toml", "the policy of this gate"),
    ("$XDG_CONFIG_HOME/portward/client.toml", "this user's profiles, readable by nobody else"),
)


def manual() -> str:
    """Write the whole page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield f'.TH PORTWARD 1 "" "portward {__version__}" "User Commands"'
    yield ".SH NAME"
    yield r"portward \- hides services from everybody who has not knocked"
    yield ".SH SYNOPSIS"
    yield r".B portward"
    yield r".I COMMAND"
    yield "[options]"
    for group in GROUPS:
        yield f".SH {escape(group.upper())}"
        for command in COMMANDS:
            if command.group == group:
                yield from _command(command)
    yield ".SH EXIT STATUS"
    for status in ExitStatus:
        yield from (".TP", f".B {status.value}", escape(status.meaning))
    yield ".SH FILES"
    for path, meaning in FILES:
        yield from (".TP", f".I {escape(path)}", escape(meaning))


def _command(command: Command) -> Iterator[str]:
    yield f".SS portward {escape(command.name)}"
    yield escape(command.summary[0].upper() + command.summary[1:] + ".")
    yield ".PP"
    usage = command_parser(command).format_usage().removeprefix("usage: ").split()
    yield escape(" ".join(usage))
    for each in command.arguments:
        yield from (".TP", f".B {escape(_spelling(each))}", escape(each.help % {}))
    for line, remark in command.examples:
        yield from (
            ".PP",
            escape(remark[0].upper() + remark[1:] + ":"),
            ".RS",
            ".nf",
            escape(line),
            ".fi",
            ".RE",
        )


def _spelling(argument: Argument) -> str:
    """Write an argument as the user types it."""
    metavar = argument.settings.get("metavar", "")
    if not argument.names[0].startswith("-"):
        return str(metavar or argument.names[0])
    return ", ".join(argument.names) + (f" {metavar}" if metavar else "")


def escape(text: str) -> str:
    """Write a line that roff takes as plain text: no backslash, bare hyphen or leading control character."""
    plain = text.replace("\\", r"\(rs").replace("-", r"\-")
    return rf"\&{plain}" if plain.startswith((".", "'")) else plain


if __name__ == "__main__":
    argparse.ArgumentParser(description="Print the man page of portward.").parse_args()
    sys.stdout.write(manual())

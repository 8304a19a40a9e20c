"""Parse, dispatch, render; exceptions become exit codes here and nowhere else.

The client pays for every import at every login, so a command's code is imported only when that command runs.
"""

import argparse
import importlib
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from portward import __version__
from portward.cli.commands import COMMANDS, GROUPS, Command
from portward.cli.environment import Environment
from portward.cli.exit import ExitStatus
from portward.cli.outcome import Outcome


Handler = Callable[[argparse.Namespace, Environment], Outcome]


def main(arguments: Sequence[str] | None = None, environment: Environment | None = None) -> int:
    """Run one command line; the exit code comes back, nothing is raised but SystemExit from `--help`."""
    environment = environment or Environment()
    words = list(sys.argv[1:] if arguments is None else arguments)
    words, command_to_run = split_command(words)
    options = build_parser().parse_args(words)
    options.then = command_to_run
    command: Command = options.command_
    environment.quiet = bool(getattr(options, "quiet", False))
    outcome = run(command, options, environment)

    from portward.cli.render import render  # noqa: PLC0415 - not needed for --help

    render(command, outcome, environment, as_json=options.json)
    return int(outcome.status)


def split_command(words: list[str]) -> tuple[list[str], list[str]]:
    """Cut off what follows `--`: a command that `knock` runs when the door is open."""
    if "--" in words:
        at = words.index("--")
        return words[:at], words[at + 1 :]
    return words, []


def run(command: Command, options: argparse.Namespace, environment: Environment) -> Outcome:
    """Run a command's handler and turn our own exceptions into an `Outcome`."""
    from portward.errors import (  # noqa: PLC0415 - not needed for --help
        HostError,
        PeerError,
        PolicyError,
        TargetError,
        UsageError,
    )
    from portward.cli.outcome import failure  # noqa: PLC0415 - the same

    try:
        return find_handler(command)(options, environment)
    except PolicyError as error:
        return Outcome(status=ExitStatus.FINDINGS, diagnostics=error.diagnostics, sources=getattr(error, "sources", {}))
    except UsageError as error:
        return failure(ExitStatus.USAGE, str(error))
    except PeerError as error:
        return failure(ExitStatus.FINDINGS, str(error))
    except TargetError as error:
        return failure(ExitStatus.REFUSED, str(error))
    except HostError as error:
        return failure(ExitStatus.HOST, str(error))
    except KeyboardInterrupt:
        return Outcome(status=ExitStatus.INTERRUPTED)
    except BrokenPipeError:
        sys.stderr.close()
        return Outcome(status=ExitStatus.OK)


def find_handler(command: Command) -> Handler:
    """Import what runs the command."""
    module, _, function = command.handler.partition(":")
    handler: Handler = getattr(importlib.import_module(module), function)
    return handler


class Parser(argparse.ArgumentParser):
    """argparse with our exit code for a wrong command line."""

    def error(self, message: str) -> NoReturn:
        """Print the usage and the mistake, and leave with `ExitStatus.USAGE`."""
        self.print_usage(sys.stderr)
        self.exit(int(ExitStatus.USAGE), f"{self.prog}: {message}\n")


def build_parser(program: str = "portward") -> argparse.ArgumentParser:
    """Make the parser of all commands from their description."""
    common = Parser(add_help=False)
    common.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    parser = Parser(
        prog=program,
        description="Hide services from everybody who has not knocked.",
        epilog=overview(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"portward {__version__}")
    verbs = parser.add_subparsers(metavar="COMMAND", required=True, help=argparse.SUPPRESS)
    parents: dict[str, argparse._SubParsersAction[Parser]] = {}
    for command in COMMANDS:
        *above, name = command.name.split()
        place = verbs
        if above:
            if above[0] not in parents:
                family = verbs.add_parser(above[0], help=f"{above[0]} from another system")
                parents[above[0]] = family.add_subparsers(metavar="WHAT", required=True)
            place = parents[above[0]]
        add_command(place, name, command, common)
    return parser


def add_command(
    place: "argparse._SubParsersAction[Parser]", name: str, command: Command, common: argparse.ArgumentParser
) -> None:
    """Add one command's parser."""
    examples = "\n".join(f"  {line}\n      {remark}" for line, remark in command.examples)
    parser = place.add_parser(
        name,
        help=command.summary,
        description=command.summary[0].upper() + command.summary[1:] + ".",
        epilog=f"examples:\n{examples}" if examples else None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[common],
    )
    parser.set_defaults(command_=command)
    for each in command.arguments:
        parser.add_argument(*each.names, help=each.help, **each.settings)


def overview() -> str:
    """List the commands under their headings."""
    width = max(len(command.name) for command in COMMANDS)
    lines = []
    for group in GROUPS:
        lines.append(f"{group}:")
        lines += [f"  {each.name:<{width}}  {each.summary}" for each in COMMANDS if each.group == group]
        lines.append("")
    lines.append("portward COMMAND --help tells more about one of them.")
    return "\n".join(lines)

"""Parse, dispatch, render; exceptions become exit codes here and nowhere else.

The client pays for every import at every login, so only the parser of the verb that was asked for is built,
and a command's code is imported only when that command runs.
"""

import argparse
import gc
import importlib
import sys
from collections.abc import Callable, Sequence

from portward import __version__
from portward.cli.commands import COMMANDS, GROUPS, Command
from portward.cli.environment import Environment
from portward.cli.exit import ExitStatus


TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from portward.cli.outcome import Outcome
    from portward.errors import PortwardError

Handler = Callable[[argparse.Namespace, Environment], "Outcome"]


def main(arguments: Sequence[str] | None = None, environment: Environment | None = None) -> int:
    """Run one command line; the exit code comes back, nothing is raised but SystemExit from `--help`."""
    environment = environment or Environment()
    words = list(sys.argv[1:] if arguments is None else arguments)
    command, rest = find_command(words)
    if command is None:
        return without_command(words)
    rest, then = split_command(rest) if command.takes_command else (rest, [])
    options = command_parser(command).parse_intermixed_args(rest)
    options.then = then
    environment.quiet = bool(getattr(options, "quiet", False))
    outcome = run(command, options, environment)

    from portward.cli.render import render  # noqa: PLC0415 - not needed for --help

    try:
        render(command, outcome, environment, as_json=options.json)
    except BrokenPipeError:
        forget_stdout()
    return int(outcome.status)


def find_command(words: Sequence[str]) -> tuple[Command | None, list[str]]:
    """Find the verb that a command line begins with, and what follows it."""
    by_name = {tuple(each.name.split()): each for each in COMMANDS}
    for length in (2, 1):
        if command := by_name.get(tuple(words[:length])):
            return command, list(words[length:])
    return None, list(words)


def split_command(words: list[str]) -> tuple[list[str], list[str]]:
    """Cut off what follows the first `--`: a command that `knock` runs when the door is open."""
    if "--" in words:
        at = words.index("--")
        return words[:at], words[at + 1 :]
    return words, []


def run(command: Command, options: argparse.Namespace, environment: Environment) -> "Outcome":
    """Run a command's handler and turn our own exceptions into an `Outcome`."""
    from portward.cli.outcome import Outcome  # noqa: PLC0415 - not needed for --help
    from portward.errors import PortwardError  # noqa: PLC0415 - the same

    gc.disable()  # a short run keeps nearly all it makes; collecting would cost half of a large policy's time
    try:
        return find_handler(command)(options, environment)
    except PortwardError as error:
        return outcome_of(error)
    except KeyboardInterrupt:
        return Outcome(status=ExitStatus.INTERRUPTED)
    except BrokenPipeError:
        forget_stdout()
        return Outcome(status=ExitStatus.OK)
    finally:
        gc.enable()


def outcome_of(error: "PortwardError") -> "Outcome":
    """Choose the exit code by whose fault it is."""
    from portward.cli.outcome import Outcome, failure  # noqa: PLC0415 - not needed for --help
    from portward.errors import HostError, PolicyError, TargetError, UsageError  # noqa: PLC0415 - the same

    match error:
        case PolicyError():
            return Outcome(status=ExitStatus.FINDINGS, diagnostics=error.diagnostics, sources=error.sources)
        case UsageError():
            return failure(ExitStatus.USAGE, str(error))
        case TargetError():
            return failure(ExitStatus.REFUSED, str(error))
        case HostError():
            return failure(ExitStatus.HOST, str(error))
        case _:  # a PeerError: the other end did not do its part
            return failure(ExitStatus.FINDINGS, str(error))


def forget_stdout() -> None:
    """Let nobody write to the closed pipe again, nor the interpreter's last flush (Python docs, SIGPIPE)."""
    import os  # noqa: PLC0415 - rarely needed

    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def find_handler(command: Command) -> Handler:
    """Import what runs the command."""
    module, _, function = command.handler.partition(":")
    handler: Handler = getattr(importlib.import_module(module), function)
    return handler


class Parser(argparse.ArgumentParser):
    """argparse with our exit code for a wrong command line."""

    def error(self, message: str) -> "NoReturn":
        """Print the usage and the mistake, and leave with `ExitStatus.USAGE`."""
        self.print_usage(sys.stderr)
        self.exit(int(ExitStatus.USAGE), f"{self.prog}: {message}\n")


def command_parser(command: Command, program: str = "portward") -> argparse.ArgumentParser:
    """Make the parser of one command from its description."""
    examples = "\n".join(f"  {line}\n      {remark}" for line, remark in command.examples)
    parser = Parser(
        prog=f"{program} {command.name}",
        description=command.summary[0].upper() + command.summary[1:] + ".",
        epilog=f"examples:\n{examples}" if examples else None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    for each in command.arguments:
        parser.add_argument(*each.names, help=each.help, **each.settings)
    if command.takes_command:
        parser.usage = parser.format_usage().removeprefix("usage: ").rstrip() + " [-- COMMAND …]"
    return parser


def without_command(words: Sequence[str]) -> int:
    """Answer a command line that names no verb of ours: `--help`, `--version`, `import`, or a mistake."""
    parser = Parser(
        prog="portward",
        usage="portward COMMAND …",
        description="Hide services from everybody who has not knocked.",
        epilog=overview(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"portward {__version__}")
    parser.add_argument("command", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    asked = parser.parse_args(words).command
    if asked:
        parser.error(guess(asked[0]))
    parser.print_help(sys.stderr)
    return int(ExitStatus.USAGE)


def guess(word: str) -> str:
    """Say that there is no such command, and which one may be meant."""
    below = [each.name for each in COMMANDS if each.name.startswith(f"{word} ")]
    if below:
        return f"{word} what? there is: {', '.join(below)}"

    import difflib  # noqa: PLC0415 - for mistakes only

    close = difflib.get_close_matches(word, [each.name for each in COMMANDS], n=1)
    meant = f"; did you mean {close[0]}?" if close else "; portward --help lists the commands"
    return f"there is no command {word!r}{meant}"


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

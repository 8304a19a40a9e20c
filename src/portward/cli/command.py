"""What a command is: the form that parser, `--help`, man page and completions are made from. Only text and types."""

from typing import Any, NamedTuple


class Argument(NamedTuple):
    """One word or option of a command, as argparse takes it; in `help`, `%` is written `%%`."""

    names: tuple[str, ...]
    help: str
    settings: dict[str, Any]


class Command(NamedTuple):
    """One verb.

    Attributes:
        name: what the user types; two words for a verb below another (`import routeros`).
        summary: one line, for lists.
        handler: `module:function`.
        arguments: in the order of the help.
        examples: command lines with a remark each.
        group: the heading it is listed under.
        takes_command: whether `-- COMMAND` may follow; its words are `options.then`.
    """

    name: str
    summary: str
    handler: str
    arguments: tuple[Argument, ...] = ()
    examples: tuple[tuple[str, str], ...] = ()
    group: str = ""
    takes_command: bool = False


def argument(*names: str, help: str, **settings: Any) -> Argument:  # noqa: A002 - argparse's own word
    """Spell an `Argument` as `add_argument` is spelled."""
    return Argument(names, help, settings)


POLICY_PATH = "/etc/portward/policy.toml"

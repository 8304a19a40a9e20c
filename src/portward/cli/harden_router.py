"""`portward harden --routeros FILE`: the lines that switch a router's own services off, or back on, to import there."""

import argparse
from pathlib import Path

from portward.cli.environment import Environment
from portward.cli.outcome import Outcome
from portward.errors import HostError, UsageError
from portward.exposure.mend_routeros import PRINTED, mend_services
from portward.sources.routeros_script import read_source
from portward.sources.rsc_menu import SERVICES


LARGEST = 64 << 20
"""Bytes of a router's text that are read; an export has some 100,000."""

ADMINISTRATION = frozenset({"ssh", "winbox", "www-ssl", "api-ssl"})
"""The ways into a router that encrypt."""


def harden_router(options: argparse.Namespace, environment: Environment) -> Outcome:
    """Read the router's text and write what to import.

    Raises:
        UsageError: there is no such service, or no way into the router would be left.
        HostError: the file cannot be read or written.
    """
    wanted = tuple(options.target) or PRINTED
    refuse_wrong(wanted)
    data = read(options.routeros, environment)
    source = read_source(data, "stdin" if options.routeros == "-" else options.routeros)
    mend = mend_services(source.script.services, wanted)
    lines = mend.undo if options.undo else mend.lines
    text = "\n".join(lines)
    result = {"lines": list(mend.lines), "undo": list(mend.undo), "off_already": list(mend.off)}
    if not options.output:
        return Outcome(text=text, result=result)
    try:
        Path(options.output).write_text(text + "\n", encoding="ascii")
    except OSError as error:
        raise HostError(f"cannot write {options.output}: {error.strerror}") from None
    environment.talk(
        f"written: {options.output}; on the router: /import file-name={Path(options.output).name}"
    )
    return Outcome(result=result, changed=True)


def refuse_wrong(wanted: tuple[str, ...]) -> None:
    """Refuse names that are no services, and a router that nobody could administer any more."""
    for name in wanted:
        if name not in SERVICES:
            raise UsageError(f"a router has no service {name!r}; there is: {', '.join(SERVICES)}")
    if set(wanted) >= ADMINISTRATION:
        raise UsageError("that would leave no way into the router: keep ssh or winbox")


def read(file: str, environment: Environment) -> bytes:
    """Read the text; `-` is stdin.

    Raises:
        HostError: it cannot be read, or is far too large.
    """
    try:
        if file == "-":
            raw = getattr(environment.stdin, "buffer", None)
            data: bytes = raw.read(LARGEST + 1) if raw else environment.stdin.read(LARGEST + 1).encode()
        else:
            with Path(file).open("rb") as stream:
                data = stream.read(LARGEST + 1)
    except OSError as error:
        raise HostError(f"cannot read {file}: {error.strerror}") from None
    if len(data) > LARGEST:
        raise HostError(f"{file} is larger than {LARGEST >> 20} MiB, which no router's text is")
    return data

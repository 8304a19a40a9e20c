"""The only place that starts other programs.

Every command is an argument list; programs are looked up in a fixed path; text goes in by stdin, never
through a shell; the locale is C, so that messages can be read; every program has a time limit. What a program
means by its answer is the business of others, but for `nft`, whose refusals become our errors here. Secret
words stand in the text that nft reads, so nft's quotation of a line never becomes part of an error.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from datetime import timedelta

import attrs

from portward.errors import HostError, Span, TargetError


PATH = "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin"
"""Where programs are looked for, whatever PATH the caller has."""

LIMIT = timedelta(minutes=2)
"""How long a program may take. Loading 10,000 sequences takes some 10 s."""

PACKAGES = {
    "nft": "nftables",
    "unshare": "util-linux",
    "nsenter": "util-linux",
    "cat": "coreutils",
    "systemctl": "systemd",
    "systemd-run": "systemd",
}
"""The Debian package that holds a program, for the error text."""

_NFT_ERROR = re.compile(r"^[^:\n]*:(\d+):\d+(?:-\d+)?: Error: (.*)$", re.MULTILINE)


@attrs.frozen
class Finished:
    """How a program ended: its exit code, and what it wrote."""

    code: int
    out: str
    err: str


def find_program(name: str) -> str:
    """The full path of a program.

    Raises:
        HostError: it is not installed.
    """
    if (found := shutil.which(name, path=PATH)) is None:
        raise HostError(f"the program {name} is missing; install the package {PACKAGES.get(name, name)}")
    return found


def clean_environment() -> dict[str, str]:
    """The environment that programs get: the fixed path and the C locale."""
    return {"PATH": PATH, "LC_ALL": "C", "LANG": "C", "HOME": os.environ.get("HOME", "/")}


def run(arguments: Sequence[str], *, stdin: str = "", limit: timedelta = LIMIT) -> Finished:
    """Run a program to its end.

    Raises:
        HostError: it is missing, or took longer than `limit`.
    """
    command = [find_program(arguments[0]), *arguments[1:]]
    try:
        done = subprocess.run(
            command,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            env=clean_environment(),
            timeout=limit.total_seconds(),
        )
    except subprocess.TimeoutExpired:
        raise HostError(
            f"{arguments[0]} took longer than {limit.total_seconds():g}s and was stopped"
        ) from None
    except PermissionError:
        raise HostError(f"{arguments[0]} may not be run by this user") from None
    return Finished(done.returncode, done.stdout, done.stderr)


def nft(
    *arguments: str,
    stdin: str = "",
    within: Sequence[str] = (),
    limit: timedelta = LIMIT,
    places: "Places | None" = None,
) -> str:
    """Run nft and give what it printed.

    Args:
        arguments: nft's own.
        stdin: the text for `-f -`.
        within: a command to run it with, such as `nsenter` and its options.
        limit: of time.
        places: what the lines of `stdin` come from.

    Raises:
        HostError: nft is missing or may not touch the firewall.
        TargetError: nft or the kernel refused; nothing was changed.
    """
    done = run([*within, find_program("nft") if within else "nft", *arguments], stdin=stdin, limit=limit)
    if done.code == 0:
        return done.out
    if "peration not permitted" in done.err:
        raise HostError("nft may not touch the firewall: run as root, or with the capability CAP_NET_ADMIN")
    raise TargetError(refusal(done.err, places or Places()))


@attrs.frozen
class Places:
    """What the lines of a text for nft come from.

    Attributes:
        lines: the policy's place of a line of the compiled text, counted from 1.
        offset: how many lines stand above the compiled text.
    """

    lines: Mapping[int, Span] = attrs.field(factory=dict)
    offset: int = 0


def refusal(message: str, places: Places) -> str:
    """Turn nft's error output into one sentence: the policy's place where it is known, and nft's own reason.

    The lines that nft quotes are left out, since a secret word may stand in them.
    """
    found = _NFT_ERROR.search(message)
    if not found:
        first = next((line for line in message.splitlines() if line.strip()), "nft gave no reason")
        return f"nft refused: {first}"
    line = int(found[1]) - places.offset
    span = places.lines.get(line)
    where = f"{span}: " if span else ""
    return f"{where}nft refused line {line} of the compiled text: {found[2]}"

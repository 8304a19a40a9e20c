"""A throw-away network namespace, where a text is loaded for nft to spell it as it would list it.

The namespace lives as long as one process that holds it, and goes with it, however we end: the process waits
for the end of its standard input, which is a pipe from us.
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from portward.apply.listing import Listing
from portward.apply.live import read_table
from portward.apply.run import Places, clean_environment, find_program, nft
from portward.errors import HostError


WAYS = (("--net",), ("--map-root-user", "--net"))
"""How to get a network namespace: as root, or in a user namespace of our own."""


@contextmanager
def scratch_namespace() -> Iterator[tuple[str, ...]]:
    """Make an empty network namespace; gives the command that takes a program there.

    Raises:
        HostError: this machine does not let us make one.
    """
    program, cat = find_program("unshare"), find_program("cat")
    for way in WAYS:
        holder = subprocess.Popen(
            [program, *way, cat],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,  # what could not be written must not be tried again when the pipe is closed
            env=clean_environment(),
        )
        with holder:
            if not echoes(holder):
                continue
            user = ("--user", "--preserve-credentials") if "--map-root-user" in way else ()
            try:
                yield (find_program("nsenter"), f"--target={holder.pid}", *user, "--net", "--")
            finally:
                holder.kill()
            return
    raise HostError(
        "cannot make a network namespace to try the rules in (unshare --net): run as root; in a container, allow"
        " it the capability SYS_ADMIN"
    )


def echoes(holder: "subprocess.Popen[bytes]") -> bool:
    """Whether the holder gives a line back, which it does once it is in its namespace."""
    if holder.stdin is None or holder.stdout is None:
        return False
    try:
        holder.stdin.write(b"there\n")
    except BrokenPipeError:
        return False
    return bool(holder.stdout.readline())


def canonical(text: str, places: Places | None = None) -> Listing:
    """Load a text into an empty namespace and read back what the kernel made of it.

    Raises:
        HostError: no namespace can be made here.
        TargetError: nft or the kernel refused the text.
    """
    with scratch_namespace() as within:
        nft("-f", "-", stdin=text, within=within, places=places)
        listing = read_table(within)
    if listing is None:
        msg = "the text makes no table of ours"
        raise ValueError(msg)
    return listing

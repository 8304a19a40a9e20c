"""What `import` reads: a file, or stdin, as bytes and never without end."""

from pathlib import Path

from portward.cli.environment import Environment
from portward.errors import HostError


LARGEST_FILE = 16 << 20
"""Bytes; far more than any configuration that people write."""


def read_input(file: str, environment: Environment, none_of: str) -> bytes:
    """Read a file, or stdin for `-`.

    Args:
        file: its name.
        environment: for stdin.
        none_of: what a file that is far too large cannot be, such as `no knockd.conf`.

    Raises:
        HostError: it cannot be read, or is far too large.
    """
    try:
        if file == "-":
            raw = getattr(environment.stdin, "buffer", None)
            content = raw.read(LARGEST_FILE + 1) if raw else environment.stdin.read().encode()
        else:
            with Path(file).open("rb") as stream:
                content = stream.read(LARGEST_FILE + 1)
    except OSError as error:
        raise HostError(f"cannot read {file}: {error.strerror}") from error
    if len(content) > LARGEST_FILE:
        raise HostError(f"{file} is larger than {LARGEST_FILE >> 20} MiB and so {none_of}")
    return bytes(content)

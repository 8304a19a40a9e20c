"""Where `--output` goes: a file that its owner alone may read, since whoever reads knocks can knock."""

from pathlib import Path

from portward.errors import HostError, UsageError
from portward.knock.private import write_private


def write_output(path: str, text: str | bytes, *, replace: bool) -> None:
    """Write the file, whole or not at all.

    Raises:
        UsageError: it is there already, and `replace` is false.
        HostError: it cannot be written.
    """
    try:
        write_private(Path(path), text, replace=replace)
    except FileExistsError:
        raise UsageError(f"{path} is there already; --force replaces it") from None
    except OSError as error:
        raise HostError(f"cannot write {path}: {error.strerror}") from error

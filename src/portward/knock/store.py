"""`client.toml` on disk: readable by its owner alone.

The only module of the client that touches that file. It knows nothing of networks.
"""

from pathlib import Path
from typing import Final

from portward.errors import HostError
from portward.knock.private import check_directory, read_private, write_private
from portward.knock.profile import Profile
from portward.knock.profile_text import read_profiles, with_profile


FILE_NAME: Final = "client.toml"


def load_profiles(directory: Path) -> tuple[Profile, ...]:
    """Read the user's profiles; none when there is no file.

    Raises:
        HostError: the file is not the user's alone.
        PolicyError: it has mistakes.
    """
    path = directory / FILE_NAME
    text = read_private(path)
    return read_profiles(text, str(path)) if text else ()


def add_profile(directory: Path, profile: Profile, *, replace: bool) -> Path:
    """Put a profile into the user's file, which is made when it is not there (0600, its directory 0700).

    Raises:
        HostError: the file or its directory is not the user's alone, or cannot be written.
        PolicyError: the file has mistakes.
        UsageError: there is a profile of that name, and `replace` is false.
    """
    path = directory / FILE_NAME
    text = with_profile(read_private(path), profile, replace=replace, file=str(path))
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        check_directory(directory)
        write_private(path, text, replace=True)
    except OSError as error:
        raise HostError(f"cannot write {path}: {error.strerror}") from error
    return path

"""This user's own X25519 key for sealed knocks, made by `portward keygen`: a file beside the profiles.

Its private half never leaves this machine: the gate is given the public one, and an invitation that names it is joined
with the private one here.
"""

from pathlib import Path
from typing import Final

import attrs

from portward.errors import HostError, UsageError
from portward.knock.private import check_directory, read_private, write_private
from portward.knock.profile import Profile
from portward.spa.crypto import new_private, public_of
from portward.spa.spelling import read_key, write_base64


FILE_NAME: Final = "own.key"


def own_public(directory: Path) -> bytes | None:
    """The public half of this user's key; None if there is no key.

    Raises:
        HostError: the file is not the user's alone, or holds no key.
    """
    private = _read(directory)
    return public_of(private) if private else None


def make_own(directory: Path, *, replace: bool) -> bytes:
    """Make a key, and give its public half; the file is 0600, its directory 0700.

    Raises:
        UsageError: there is one, and `replace` is false.
        HostError: it cannot be written.
    """
    path, private = directory / FILE_NAME, new_private()
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        check_directory(directory)
        write_private(path, write_base64(private) + "\n", replace=replace)
    except FileExistsError:
        raise UsageError(f"there is a key in {path} already; --force replaces it") from None
    except OSError as error:
        raise HostError(f"cannot write {path}: {error.strerror}") from error
    return public_of(private)


def joined(profile: Profile, directory: Path) -> Profile:
    """Put this user's private key into a profile that was made for its public half.

    Raises:
        UsageError: it was made for another key, or there is none.
        HostError: the file is not the user's alone, or holds no key.
    """
    sealed = profile.sealed
    if sealed is None or sealed.private:
        return profile
    private = _read(directory)
    if not private:
        raise UsageError(
            f"{profile.name} is for a key of your own, and there is none; portward keygen makes one"
        )
    if public_of(private) != sealed.public:
        raise UsageError(
            f"{profile.name} is for another key than yours; hand over what portward keygen prints, and ask again"
        )
    return attrs.evolve(profile, sealed=attrs.evolve(sealed, private=private, public=b""))


def _read(directory: Path) -> bytes:
    path = directory / FILE_NAME
    text = read_private(path)
    if not text:
        return b""
    try:
        return read_key(text.strip())
    except ValueError:
        raise HostError(f"{path} holds no key; portward keygen --force makes a new one") from None

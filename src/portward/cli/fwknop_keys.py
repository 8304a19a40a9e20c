"""The keys of imported stanzas: a file for each person, readable by its owner alone, beside the policy."""

import base64
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from portward.cli.output import write_output
from portward.errors import HostError, UsageError
from portward.sources.fwknop_policy import LiftedStanza
from portward.sources.policy_text import quote
from portward.spa.crypto import AesMode
from portward.spa.keyring import FwknopKey, HmacDigest, Keyring, Term


DIRECTORY = "keys"
"""Beside the policy."""


def make_keyring(stanzas: Iterable[LiftedStanza], since: datetime) -> Keyring:
    """Make the keys of people, which count from a moment on."""
    return Keyring(
        fwknop=tuple(
            FwknopKey(
                person=each.name,
                key=each.secrets.key,
                hmac_key=each.secrets.hmac_key,
                hmac_digest=HmacDigest(each.secrets.hmac_digest),
                mode=AesMode(each.secrets.mode),
                legacy=each.secrets.legacy,
                username=each.access.username,
                term=Term(since),
            )
            for each in stanzas
        )
    )


def write_keys(keyring: Keyring) -> str:
    """Write the text of fwknop's keys; the bytes of keys are base64 in it."""
    return "schema = 1\n" + "".join(map(_write_key, keyring.fwknop))


def _write_key(key: FwknopKey) -> str:
    lines = [
        "",
        "[[fwknop]]",
        f"person = {quote(key.person)}",
        f"key = {quote(base64.b64encode(key.key).decode())}",
        f"hmac_key = {quote(base64.b64encode(key.hmac_key).decode())}",
        f"hmac_digest = {quote(key.hmac_digest)}",
        f"mode = {quote(key.mode)}",
        f"legacy = {'true' if key.legacy else 'false'}",
        f"username = {quote(key.username)}",
        f"since = {quote(key.term.since.astimezone(UTC).strftime('%Y-%m-%dT%H:%M:%SZ'))}",
    ]
    return "\n".join(lines) + "\n"


def refuse_known(directory: Path, people: Iterable[str]) -> None:
    """Refuse, before anything is written, people whose keys are there.

    Raises:
        UsageError: a file of that name is there.
    """
    known = [name for name in people if (directory / f"{name}.toml").exists()]
    if known:
        raise UsageError(f"there are keys of {', '.join(known)} in {directory}; --force replaces them")


def write_key_files(directory: Path, keyring: Keyring, *, replace: bool) -> None:
    """Write a file for each person; the directory is made, closed to others, if it is not there.

    Raises:
        UsageError: a file is there already, and `replace` is false.
        HostError: it cannot be written.
    """
    try:
        directory.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise HostError(f"cannot make {directory}: {error.strerror}") from error
    for key in keyring.fwknop:
        write_output(
            str(directory / f"{key.person}.toml"), write_keys(Keyring(fwknop=(key,))), replace=replace
        )

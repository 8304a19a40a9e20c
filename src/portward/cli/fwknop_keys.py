"""The keys of imported stanzas, put beside the other keys of the gate's people."""

from collections.abc import Iterable
from datetime import datetime

import attrs

from portward.apply.keystore import KeyStore
from portward.errors import UsageError
from portward.sources.fwknop_policy import LiftedStanza
from portward.spa.crypto import AesMode
from portward.spa.keyring import FwknopKey, HmacDigest, Keyring, Term


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


def refuse_known(store: KeyStore, people: Iterable[str]) -> None:
    """Refuse, before anything is written, people who have keys.

    Raises:
        UsageError: somebody has.
        HostError: the keys cannot be read.
        PolicyError: they have mistakes.
    """
    known = [name for name in people if store.person(name) != Keyring()]
    if known:
        raise UsageError(
            f"there are keys of {', '.join(known)} in {store.directory}; --force replaces fwknop's"
        )


def save_keys(store: KeyStore, keyring: Keyring) -> None:
    """Write each person's keys; a person's other keys stay.

    Raises:
        HostError: they cannot be written.
        PolicyError: those that are there have mistakes.
    """
    with store.locked():
        for key in keyring.fwknop:
            store.save(key.person, attrs.evolve(store.person(key.person), fwknop=(key,)))

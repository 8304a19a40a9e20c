from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.sources.fwknop_files import STANZA, policy

from portward.apply.keystore import KeyStore
from portward.cli.fwknop_keys import make_keyring, refuse_known, save_keys
from portward.errors import UsageError
from portward.spa.crypto import AesMode
from portward.spa.keyring import HmacDigest, Keyring, SealedKey, Term


NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


def keyring(text: str) -> Keyring:
    """The keys of an access.conf."""
    return make_keyring(policy(text, weaker=True).stanzas, NOW)


def test_the_keys_of_a_stanza() -> None:
    """With how they are used, whose they are, and from when on."""
    (key,) = keyring(
        STANZA + "HMAC_DIGEST_TYPE sha3_512\nENCRYPTION_MODE ofb\nREQUIRE_USERNAME Bob B\n"
    ).fwknop
    assert (key.person, key.username) == ("bob-b", "Bob B")
    assert (key.key, key.hmac_key) == (b"correct horse 1", b"hmac key 2")
    assert (key.hmac_digest, key.mode, key.legacy) == (HmacDigest.SHA3_512, AesMode.OFB, False)
    assert (key.term.since, key.term.until) == (NOW, None)


def test_a_file_for_each_person(tmp_path: Path) -> None:
    """What is written is read back the same."""
    store = KeyStore(tmp_path / "keys")
    keys = keyring(STANZA + STANZA + "REQUIRE_USERNAME bob\n")
    save_keys(store, keys)
    assert store.people() == ("bob", "fwknop-1")
    assert set(store.load().fwknop) == set(keys.fwknop)


def test_people_who_have_keys(tmp_path: Path) -> None:
    """They are refused, or lose only fwknop's."""
    store = KeyStore(tmp_path / "keys")
    refuse_known(store, ["alice"])
    sealed = SealedKey("fwknop-1", bytes(range(32)), b"", Term(NOW))
    with store.locked():
        store.save("fwknop-1", Keyring(sealed=(sealed,)))
    with pytest.raises(UsageError, match="there are keys of fwknop-1"):
        refuse_known(store, ["alice", "fwknop-1"])
    save_keys(store, keyring(STANZA))
    save_keys(store, keyring(STANZA))
    assert store.person("fwknop-1") == Keyring(sealed=(sealed,), fwknop=keyring(STANZA).fwknop)

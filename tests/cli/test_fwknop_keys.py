import base64
import stat
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.sources.fwknop_files import STANZA, policy

from portward.cli.fwknop_keys import make_keyring, refuse_known, write_key_files, write_keys
from portward.errors import HostError, UsageError
from portward.spa.crypto import AesMode
from portward.spa.keyring import HmacDigest, Keyring


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


def test_the_text() -> None:
    """TOML, secrets as base64."""
    (table,) = tomllib.loads(write_keys(keyring(STANZA)))["fwknop"]
    assert base64.b64decode(table.pop("key")) == b"correct horse 1"
    assert base64.b64decode(table.pop("hmac_key")) == b"hmac key 2"
    assert table == {
        "person": "fwknop-1",
        "hmac_digest": "sha256",
        "mode": "cbc",
        "legacy": False,
        "username": "",
        "since": "2026-11-27T12:00:00Z",
    }


def test_a_file_for_each_person(tmp_path: Path) -> None:
    """The owner's alone, in a directory that is the owner's alone; never written over unasked."""
    keys = keyring(STANZA + STANZA + "REQUIRE_USERNAME bob\n")
    write_key_files(tmp_path / "keys", keys, replace=False)
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    files = sorted((tmp_path / "keys").iterdir())
    assert [each.name for each in files] == ["bob.toml", "fwknop-1.toml"]
    assert {stat.S_IMODE(each.stat().st_mode) for each in files} == {0o600}
    with pytest.raises(UsageError, match="there are keys of bob"):
        refuse_known(tmp_path / "keys", ["alice", "bob"])
    with pytest.raises(UsageError, match="already"):
        write_key_files(tmp_path / "keys", keys, replace=False)
    write_key_files(tmp_path / "keys", keys, replace=True)


def test_a_directory_that_cannot_be_made(tmp_path: Path) -> None:
    """It is told."""
    with pytest.raises(HostError, match="cannot make"):
        write_key_files(tmp_path / "no" / "keys", keyring(STANZA), replace=False)

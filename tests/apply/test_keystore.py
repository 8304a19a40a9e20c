"""The directory of keys: closed to others, whole or not at all, and of one owner."""

import os
import stat
import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from portward.apply.keystore import KeyStore
from portward.errors import HostError, PolicyError, UsageError
from portward.spa.keyring import Keyring, Term, TokenKey


TERM = Term(datetime(2026, 11, 27, 12, tzinfo=UTC))
ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to give a file away")


def keys_of(name: str) -> Keyring:
    return Keyring(tokens=(TokenKey(name, b"\1" * 32, 0, TERM),))


def mode(path: Path) -> int:
    """The permission bits."""
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def store(tmp_path: Path) -> KeyStore:
    """A store beside a policy, with the keys of alice and bob and the gate's own."""
    made = KeyStore.beside(tmp_path / "policy.toml")
    for name in ("bob", "alice"):
        made.save(name, keys_of(name))
    made.make_server()
    return made


def test_keys_stand_beside_the_policy_for_their_owner_alone(store: KeyStore, tmp_path: Path) -> None:
    assert store.directory == tmp_path / "keys"
    assert mode(store.directory) == 0o700
    assert {each.name: mode(each) for each in store.directory.iterdir()} == {
        "alice.toml": 0o600,
        "bob.toml": 0o600,
        "server.toml": 0o600,
    }


def test_all_keys_are_read_in_the_order_of_the_names(store: KeyStore) -> None:
    assert store.people() == ("alice", "bob")
    assert store.load().tokens == (*keys_of("alice").tokens, *keys_of("bob").tokens)
    assert store.person("carol") == Keyring()


def test_without_a_directory_there_are_no_keys_and_none_is_made(tmp_path: Path) -> None:
    store = KeyStore(tmp_path / "keys")
    assert (store.load(), store.people(), store.server()) == (Keyring(), (), None)
    assert not store.directory.exists()


def test_the_gates_own_key_is_made_once(store: KeyStore) -> None:
    assert store.make_server() == store.server() == store.make_server()


def test_a_persons_keys_are_removed(store: KeyStore) -> None:
    assert store.remove("alice")
    assert not store.remove("alice")
    assert store.people() == ("bob",)


@pytest.mark.parametrize("name", ["server", "../x", "Alice", ""])
def test_a_name_that_can_have_no_file_is_refused(store: KeyStore, name: str) -> None:
    with pytest.raises(UsageError, match="choose another name"):
        store.save(name, Keyring())


@pytest.mark.parametrize("bits", [0o640, 0o604, 0o620])
def test_a_file_that_others_may_touch_is_refused_with_the_cure(store: KeyStore, bits: int) -> None:
    store.file("alice").chmod(bits)
    with pytest.raises(HostError, match=f"run: chmod 600 {store.file('alice')}"):
        store.load()
    (store.directory / "server.toml").chmod(bits)
    with pytest.raises(HostError, match="run: chmod 600"):
        store.server()


@pytest.mark.parametrize("bits", [0o710, 0o701, 0o755, 0o770])
def test_a_directory_that_others_may_look_into_is_refused_with_the_cure(store: KeyStore, bits: int) -> None:
    store.directory.chmod(bits)
    for act in (store.load, store.server, store.prepare):
        with pytest.raises(HostError, match=f"run: chmod 700 {store.directory}"):
            act()


def test_a_link_in_the_place_of_the_directory_is_refused(store: KeyStore, tmp_path: Path) -> None:
    store.directory.rename(tmp_path / "elsewhere")
    store.directory.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(HostError, match="no plain directory"):
        store.load()


def test_the_mistakes_of_all_files_are_told(store: KeyStore) -> None:
    for name in ("alice", "bob"):
        store.file(name).write_text("schema = 1\nx = 1\n")
    with pytest.raises(PolicyError) as caught:
        store.load()
    assert [each.span.file for each in caught.value.diagnostics if each.span] == [
        str(store.file("alice")),
        str(store.file("bob")),
    ]


def test_keys_in_the_file_of_somebody_else_are_refused(store: KeyStore) -> None:
    store.file("bob").write_text(store.file("alice").read_text())
    with pytest.raises(PolicyError, match="a key of alice stands in the file of bob"):
        store.load()


@ROOT_ONLY
def test_what_root_writes_belongs_to_the_directorys_owner(store: KeyStore) -> None:
    os.chown(store.directory, 65534, 65534)
    store.save("carol", keys_of("carol"))
    assert (store.file("carol").stat().st_uid, mode(store.file("carol"))) == (65534, 0o600)
    assert store.people() == ("alice", "bob", "carol")
    assert store.person("carol") == keys_of("carol")


@ROOT_ONLY
def test_a_file_of_a_third_party_is_refused(store: KeyStore) -> None:
    os.chown(store.file("alice"), 65533, 65533)
    with pytest.raises(HostError, match="belongs to user 65533"):
        store.person("alice")


@ROOT_ONLY
def test_the_directorys_owner_reads_what_root_wrote_for_it() -> None:
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        store = KeyStore.beside(f"{place}/policy.toml")
        store.prepare()
        os.chown(store.directory, 65534, 65534)
        store.save("alice", keys_of("alice"))
        os.seteuid(65534)
        try:
            assert store.load() == keys_of("alice")
        finally:
            os.seteuid(0)


def test_who_holds_the_lock_keeps_others_out(store: KeyStore) -> None:
    def lock_is_free() -> bool:
        tried = subprocess.run(["flock", "--nonblock", store.directory, "true"], check=False, timeout=10)
        return tried.returncode == 0

    with store.locked():
        assert not lock_is_free()
    assert lock_is_free()

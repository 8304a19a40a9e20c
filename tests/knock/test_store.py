"""client.toml on disk: closed to others, whole or not at all."""

import os
import stat
from pathlib import Path

import pytest

from portward.errors import HostError, UsageError
from portward.knock.profile import Profile
from portward.knock.store import add_profile, load_profiles
from portward.policy.notation import read_knock


GATE = Profile("gate", "gate.example.org", (read_knock("udp/7=open sesame"),))


def mode(path: Path) -> int:
    """The permission bits."""
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A directory of portward's that holds one profile."""
    made = tmp_path / "config" / "portward"
    add_profile(made, GATE, replace=False)
    return made


def test_without_a_file_there_are_no_profiles(tmp_path: Path) -> None:
    assert load_profiles(tmp_path / "nowhere") == ()


def test_the_file_is_made_for_its_owner_alone(directory: Path) -> None:
    """0600 in a directory of 0700, whatever the umask."""
    assert mode(directory) == 0o700
    assert mode(directory / "client.toml") == 0o600
    assert load_profiles(directory) == (GATE,)
    assert os.listdir(directory) == ["client.toml"]  # noqa: PTH208 - hidden drafts count


@pytest.mark.parametrize("bits", [0o640, 0o604, 0o620, 0o660, 0o644])
def test_a_file_that_others_may_touch_is_refused_with_the_cure(directory: Path, bits: int) -> None:
    path = directory / "client.toml"
    path.chmod(bits)
    with pytest.raises(HostError, match=f"run: chmod 600 {path}"):
        load_profiles(directory)
    with pytest.raises(HostError, match="chmod 600"):
        add_profile(directory, GATE, replace=True)


def test_a_directory_that_others_may_write_to_is_refused(directory: Path) -> None:
    directory.chmod(0o770)
    with pytest.raises(HostError, match="run: chmod 700"):
        load_profiles(directory)


def test_a_symbolic_link_is_refused(directory: Path) -> None:
    path = directory / "client.toml"
    path.rename(directory / "elsewhere")
    path.symlink_to(directory / "elsewhere")
    with pytest.raises(HostError, match="symbolic link"):
        load_profiles(directory)


def test_a_pipe_does_not_hang(directory: Path) -> None:
    path = directory / "client.toml"
    path.unlink()
    os.mkfifo(path, 0o600)
    with pytest.raises(HostError, match="no regular file"):
        load_profiles(directory)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to give a file away")
def test_a_file_of_somebody_else_is_refused(directory: Path) -> None:
    os.chown(directory / "client.toml", 65534, 65534)
    with pytest.raises(HostError, match="belongs to user 65534"):
        load_profiles(directory)


def test_no_profile_is_replaced_unasked(directory: Path) -> None:
    with pytest.raises(UsageError, match="--force"):
        add_profile(directory, GATE, replace=False)
    assert add_profile(directory, GATE, replace=True) == directory / "client.toml"


def test_bytes_that_are_no_text_are_refused(directory: Path) -> None:
    (directory / "client.toml").write_bytes(b"\xff")
    with pytest.raises(HostError, match="no UTF-8"):
        load_profiles(directory)

import os
import stat
from pathlib import Path

import pytest

from portward.apply.policy_files import PolicyFiles, read_files
from portward.errors import HostError, PolicyError, UsageError


MAIN = 'schema = 1\n[services.ssh]\nports = ["tcp/22"]\n[sealed]\nport = 62203\n'
BOB = '[people.bob]\nopens = "ssh"\n'


@pytest.fixture
def files(tmp_path: Path) -> PolicyFiles:
    """A policy with one part."""
    (tmp_path / "policy.toml").write_text(MAIN)
    (tmp_path / "policy.toml").chmod(0o640)
    (tmp_path / "policy.d").mkdir()
    (tmp_path / "policy.d/b.toml").write_text(BOB)
    return read_files(str(tmp_path / "policy.toml"))


def mode(path: Path) -> int:
    """The permission bits."""
    return stat.S_IMODE(path.stat().st_mode)


def test_new_people_stand_in_a_part_of_their_own(files: PolicyFiles, tmp_path: Path) -> None:
    assert files.people_part == tmp_path / "policy.d/people.toml"
    assert files.text(files.people_part) == ""
    assert list(files.texts.values()) == [MAIN, BOB]
    (tmp_path / "gate.conf").write_text(MAIN)
    assert read_files(str(tmp_path / "gate.conf")).people_part == tmp_path / "gate.conf"


def test_a_change_is_judged_with_all_the_rest_before_it_is_written(files: PolicyFiles) -> None:
    policy = files.judged(files.people_part, '[people.alice]\nopens = "ssh"\n')
    assert [each.name for each in policy.people] == ["bob", "alice"]
    with pytest.raises(PolicyError, match="PW110"):
        files.judged(files.people_part, BOB)
    with pytest.raises(PolicyError, match="PW331"):
        files.judged(files.main, MAIN + "[passes]\nport = 62203\n")
    assert not files.people_part.exists()


def test_a_new_part_has_the_main_files_mode_and_an_old_one_keeps_its_own(
    files: PolicyFiles, tmp_path: Path
) -> None:
    files.write(files.people_part, BOB)
    assert (files.people_part.read_text(), mode(files.people_part)) == (BOB, 0o640)
    part = tmp_path / "policy.d/b.toml"
    part.chmod(0o600)
    files.write(part, "")
    assert (part.read_text(), mode(part)) == ("", 0o600)


def test_the_directory_of_parts_is_made(tmp_path: Path) -> None:
    (tmp_path / "gate.toml").write_text(MAIN)
    files = read_files(str(tmp_path / "gate.toml"))
    files.write(files.people_part, BOB)
    assert (tmp_path / "gate.d/people.toml").read_text() == BOB


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to give a file away")
def test_a_new_part_belongs_to_the_main_files_owner(files: PolicyFiles) -> None:
    os.chown(files.main, 65534, 65534)
    files.write(files.people_part, BOB)
    assert files.people_part.stat().st_uid == 65534


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to give a directory away")
def test_a_new_directory_of_parts_is_open_to_whom_the_policys_own_is(tmp_path: Path) -> None:
    """So that the daemon's group can read it: /etc/portward is root:portward 0750."""
    os.chown(tmp_path, 0, 65534)
    tmp_path.chmod(0o750)
    (tmp_path / "gate.toml").write_text(MAIN)
    files = read_files(str(tmp_path / "gate.toml"))
    files.write(files.people_part, BOB)
    made = tmp_path / "gate.d"
    assert (made.stat().st_gid, mode(made)) == (65534, 0o750)


def test_line_ends_are_kept(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_bytes(b"schema = 1\r\n")
    assert read_files(str(tmp_path / "policy.toml")).texts[tmp_path / "policy.toml"] == "schema = 1\r\n"


def test_stdin_and_what_cannot_be_read_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="stdin"):
        read_files("-")
    with pytest.raises(HostError, match="cannot read"):
        read_files(str(tmp_path / "nothing"))

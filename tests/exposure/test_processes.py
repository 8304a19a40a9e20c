import os
import socket
from pathlib import Path

from portward.exposure.processes import find_holders, options_of, own_space, read_program, user_name


def test_this_process_holds_its_own_sockets() -> None:
    with socket.socket() as sock:
        inode = os.fstat(sock.fileno()).st_ino
        (program,) = find_holders(Path("/proc")).programs[inode]
    assert program.pid == os.getpid()
    assert program.path


def test_a_process_is_told_by_name_user_and_unit(tmp_path: Path) -> None:
    folder = tmp_path / "42"
    folder.mkdir()
    (folder / "comm").write_text("sshd\n")
    (folder / "cgroup").write_text("0::/system.slice/ssh.service\n")
    program = read_program(folder)
    assert (program.pid, program.name, program.unit, program.path) == (42, "sshd", "ssh.service", "")


def test_only_the_named_options_are_taken_from_a_command_line(tmp_path: Path) -> None:
    (tmp_path / "42").mkdir()
    (tmp_path / "42/cmdline").write_text("server\0--password\0s3cret\0-f\0/etc/x\0-c/etc/y\0")
    assert options_of(tmp_path, 42, "-f", "-c") == ["-f", "/etc/x", "-c", "/etc/y"]
    assert options_of(tmp_path, 43, "-f") == []


def test_a_user_without_a_name_is_a_number() -> None:
    assert user_name(0) == "root"
    assert user_name(3_999_999_999) == "3999999999"


def test_this_thread_has_a_network_namespace() -> None:
    assert own_space(Path("/proc")).startswith("net:[")
    assert own_space(Path("/nonexistent")) == ""

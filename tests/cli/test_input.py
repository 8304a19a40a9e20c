"""What is imported: a file or stdin, never without end."""

import io
from pathlib import Path

import pytest

from portward.cli import input as reading
from portward.cli.environment import Environment
from portward.cli.input import read_input
from portward.errors import HostError


def environment(text: str = "") -> Environment:
    """An environment with something on stdin."""
    return Environment(io.TextIOWrapper(io.BytesIO(text.encode())), io.StringIO(), io.StringIO(), {})


def test_a_file_and_stdin(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\xffa")
    assert read_input(str(tmp_path / "x"), environment(), "nothing") == b"\xffa"
    assert read_input("-", environment("b"), "nothing") == b"b"


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(HostError, match=r"cannot read .*: No such file"):
        read_input(str(tmp_path / "x"), environment(), "nothing")


def test_what_is_far_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is read no farther than that shows."""
    monkeypatch.setattr(reading, "LARGEST_FILE", 1 << 20)
    (tmp_path / "x").write_bytes(bytes((1 << 20) + 1))
    with pytest.raises(HostError, match=r"larger than 1 MiB and so no knockd\.conf"):
        read_input(str(tmp_path / "x"), environment(), "no knockd.conf")

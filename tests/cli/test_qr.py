import builtins
import io
import stat
from pathlib import Path
from typing import Any, TextIO

import pytest

from portward.cli.environment import Environment
from portward.cli.qr import read_target, show
from portward.errors import HostError, UsageError


def said(stream: TextIO) -> str:
    """What was written to a stream of the test's."""
    assert isinstance(stream, io.StringIO)
    return stream.getvalue()


@pytest.fixture
def environment() -> Environment:
    """A run without a terminal."""
    return Environment(io.StringIO(), io.StringIO(), io.StringIO(), {})


def test_a_code_is_drawn_in_the_terminal(environment: Environment) -> None:
    """On stderr: stdout is for data."""
    show("hello", "terminal", environment, replace=False)
    assert "█" in said(environment.stderr)
    assert said(environment.stdout) == ""


@pytest.mark.parametrize(("name", "begins"), [("a.svg", b"<?xml"), ("a.PNG", b"\x89PNG")])
def test_a_code_is_drawn_to_a_file_for_its_owner_alone(
    environment: Environment, tmp_path: Path, name: str, begins: bytes
) -> None:
    file = tmp_path / name
    show("hello", str(file), environment, replace=False)
    assert file.read_bytes().startswith(begins)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with pytest.raises(UsageError, match="--force"):
        show("hello", str(file), environment, replace=False)


def test_other_targets_are_refused() -> None:
    assert read_target("terminal") == "terminal"
    with pytest.raises(UsageError, match=r"ends in \.svg or \.png"):
        read_target("a.jpg")


def test_what_is_too_long_for_a_code_is_told(environment: Environment) -> None:
    with pytest.raises(UsageError, match="too long for a QR code"):
        show("x" * 3000, "terminal", environment, replace=False)


def test_without_the_library_one_sentence_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *more: Any) -> Any:
        if name == "segno":
            raise ImportError(name)
        return real(name, *more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(HostError, match=r"pip install 'portward\[qr\]'"):
        read_target("terminal")

"""The policy file on the disk: which files there are, what is in them, who else may read them.

The only module of the policy's reader that touches files. It raises, where the pure reader beside it reports.

`policy.toml` is read together with `policy.d/*.toml` beside it, in the order of their names, hidden files left out;
`gate.toml` with `gate.d/*.toml`, and so on. A policy on stdin has no parts.
"""

import re
import stat
import sys
from pathlib import Path
from typing import TextIO

import attrs

from portward.errors import Diagnostic, HostError, PolicyError, Severity, Span
from portward.policy.policy import Policy
from portward.sources.policy_reader import Reading, read_policy, read_what_can_be_read


__all__ = ["STDIN", "LoadedPolicy", "load_policy", "load_what_can_be_read", "read_policy", "without_words"]

STDIN = "-"
"""Given instead of a path, it means stdin."""

LARGEST_FILE = 64 << 20
"""Bytes. A policy of 10,000 sequences has 2 million; this keeps a mistaken path from filling the memory."""

_WORD = re.compile(r"""(")(\w+/[^"'=\s]*=)((?:\\.|[^"\\\n])*)|(')(\w+/[^"'=\s]*=)([^'\n]*)""")


@attrs.frozen
class LoadedPolicy:
    """A policy and what there is to say about it.

    Attributes:
        policy: the policy.
        diagnostics: advice and notes about the files; mistakes only from `load_what_can_be_read`.
        sources: the texts by file name, secret words blotted out, to show the line of a diagnostic.
    """

    policy: Policy
    diagnostics: tuple[Diagnostic, ...]
    sources: dict[str, str]


def load_policy(path: str | Path, stdin: TextIO | None = None) -> LoadedPolicy:
    """Read the policy of a file and its parts, or of stdin for `-`.

    Raises:
        PolicyError: there are mistakes in the text, all of them told; its `sources` are set.
        HostError: a file cannot be read.
    """
    loaded = load_what_can_be_read(path, stdin)
    mistakes = [each for each in loaded.diagnostics if each.severity is Severity.ERROR]
    if mistakes:
        raise PolicyError(mistakes, loaded.sources)
    return loaded


def load_what_can_be_read(path: str | Path, stdin: TextIO | None = None) -> LoadedPolicy:
    """Read a policy as `load_policy` does, but keep what is whole of a text with mistakes, and tell the mistakes.

    Raises:
        PolicyError: a file is no text at all.
        HostError: a file cannot be read.
    """
    if str(path) == STDIN:
        files = [("<stdin>", _decode(_read_stdin(stdin or sys.stdin), "<stdin>"))]
        advice: list[Diagnostic] = []
    else:
        paths = [Path(path), *parts_of(Path(path))]
        files = [(str(each), _decode(_read(each), str(each))) for each in paths]
        advice = [said for each in paths for said in _permissions(each)]
    (name, text), *parts = files
    reading: Reading = read_what_can_be_read(text, name, parts)
    if not reading.policy.sequences:
        advice = []
    sources = {name: without_words(text) for name, text in files}
    return LoadedPolicy(reading.policy, (*reading.diagnostics, *advice), sources)


def parts_of(path: Path) -> list[Path]:
    """Find the parts that belong to a main file, in the order in which they are read."""
    if path.suffix != ".toml" or not (directory := path.with_suffix(".d")).is_dir():
        return []
    try:
        return sorted(each for each in directory.iterdir() if each.suffix == ".toml" and each.name[0] != ".")
    except OSError as error:
        raise HostError(f"cannot read the directory {directory}: {error.strerror}") from error


def without_words(text: str) -> str:
    """Blot out the secret words of knocks, each character by itself, so that columns stay."""
    return _WORD.sub(_blotted, text)


def _blotted(found: re.Match[str]) -> str:
    quote, knock, word = found.group(1, 2, 3) if found[1] else found.group(4, 5, 6)
    return f"{quote}{knock}{'*' * len(word)}"


def _read(path: Path) -> bytes:
    """Read a file.

    Raises:
        HostError: it cannot be read, is no regular file or pipe, or is far too large.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise HostError(f"cannot read the policy {path}: {error.strerror}") from error
    return _bounded(content, str(path))


def _read_stdin(stdin: TextIO) -> bytes:
    raw = getattr(stdin, "buffer", None)
    content = raw.read(LARGEST_FILE + 1) if raw else stdin.read().encode("utf-8", "surrogateescape")
    return _bounded(content, "<stdin>")


def _bounded(content: bytes, file: str) -> bytes:
    if len(content) > LARGEST_FILE:
        raise HostError(f"{file} is larger than {LARGEST_FILE >> 20} MiB and so no policy")
    return content


def _decode(content: bytes, file: str) -> str:
    """Decode UTF-8, without the byte order mark that some editors write.

    Raises:
        PolicyError: it is something else.
    """
    content = content.removeprefix(b"\xef\xbb\xbf")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        before = content[: error.start].decode()
        span = Span(file, before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)
        sentence = f"the file is not UTF-8: byte 0x{content[error.start]:02x} begins no character"
        hint = "save it as UTF-8, without compression or encryption"
        raise PolicyError([Diagnostic("PW111", Severity.ERROR, sentence, span, hint)]) from None


def _permissions(path: Path) -> list[Diagnostic]:
    """Judge who else may write or read a file that holds the knocks."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return []
    found: list[Diagnostic] = []
    if not stat.S_ISREG(mode):
        return found
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        sentence = f"{path}: others than its owner may write to this file, and so let themselves in"
        found.append(Diagnostic("PW421", Severity.ADVICE, sentence, None, f"chmod go-w {path}"))
    if mode & stat.S_IROTH:
        sentence = f"{path}: everybody on this machine may read the knocks"
        found.append(Diagnostic("PW422", Severity.ADVICE, sentence, None, f"chmod o= {path}"))
    elif mode & stat.S_IRGRP:
        sentence = f"{path}: the group of this file may read the knocks"
        found.append(
            Diagnostic("PW422", Severity.NOTE, sentence, None, f"chmod go= {path}, unless that is meant")
        )
    return found

"""The keys of a gate on the disk: the directory `keys/` beside the policy, a file for each person and one of the gate.

The directory is 0700 and its files 0600; they belong to the directory's owner, so that a daemon without privileges can
read what root writes. Who may read a file is checked before it is read, and it is written whole or not at all.
"""

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import attrs

from portward.errors import Diagnostic, HostError, PolicyError, Severity, Span, UsageError
from portward.knock.private import locked, read_private, write_private
from portward.sources.policy_keys import NAME
from portward.spa.crypto import new_private, public_of
from portward.spa.keyring import Keyring, ServerKey
from portward.spa.keyring_text import read_keyring, read_server_key, write_keyring, write_server_key


DIRECTORY = "keys"
SERVER = "server.toml"
PERSON_CALLED_SERVER = "server"
"""A name that no person with keys can have, since the gate's own key has that file."""


@attrs.frozen
class KeyStore:
    """The directory of keys.

    Attributes:
        directory: where it is; it may not be there yet.
    """

    directory: Path

    @staticmethod
    def beside(policy: str | Path) -> "KeyStore":
        """The store that belongs to a policy file."""
        return KeyStore(Path(policy).parent / DIRECTORY)

    def load(self) -> Keyring:
        """Read all people's keys.

        Raises:
            HostError: the directory or a file is open to others, somebody else's, or cannot be read.
            PolicyError: with the mistakes of all files.
        """
        found: list[Keyring] = []
        mistakes: list[Diagnostic] = []
        for name in self.people():
            try:
                found.append(self.person(name))
            except PolicyError as error:
                mistakes += error.diagnostics
        if mistakes:
            raise PolicyError(mistakes)
        return together(found)

    def people(self) -> tuple[str, ...]:
        """Whose files there are, in the order of the names.

        Raises:
            HostError: the directory is open to others, or cannot be read.
        """
        if not self._checked():
            return ()
        names = sorted(each.stem for each in self.directory.iterdir() if each.suffix == ".toml")
        return tuple(each for each in names if NAME.fullmatch(each) and each != PERSON_CALLED_SERVER)

    def person(self, name: str) -> Keyring:
        """Read one person's keys; none if there is no file.

        Raises:
            HostError: the file is open to others, somebody else's, or cannot be read.
            PolicyError: it has mistakes, or holds keys of somebody else.
        """
        path = self.file(name)
        if not self._checked() or not (text := read_private(path, self._owners())):
            return Keyring()
        keyring = read_keyring(text, str(path))
        for whose in keyring.people - {name}:
            sentence = f"a key of {whose} stands in the file of {name}"
            raise PolicyError([Diagnostic("", Severity.ERROR, sentence, Span(str(path), 1, 1))])
        return keyring

    def file(self, name: str) -> Path:
        """Where a person's keys are.

        Raises:
            UsageError: nobody with keys can be called that.
        """
        if not NAME.fullmatch(name) or name == PERSON_CALLED_SERVER:
            raise UsageError(f"nobody with keys can be called {name!r}; choose another name")
        return self.directory / f"{name}.toml"

    def server(self) -> ServerKey | None:
        """Read the gate's own key; None if there is none yet.

        Raises:
            HostError: the file is open to others, somebody else's, or cannot be read.
            PolicyError: it has mistakes.
        """
        path = self.directory / SERVER
        if not self._checked() or not (text := read_private(path, self._owners())):
            return None
        return read_server_key(text, str(path))

    def make_server(self) -> ServerKey:
        """Read the gate's own key, or make one.

        Raises:
            HostError: it cannot be written, or as `server`.
            PolicyError: as `server`.
        """
        if key := self.server():
            return key
        private = new_private()
        made = ServerKey(private, public_of(private))
        self._write(self.directory / SERVER, write_server_key(made))
        return made

    def save(self, name: str, keyring: Keyring) -> None:
        """Write one person's keys.

        Raises:
            HostError: they cannot be written.
        """
        self._write(self.file(name), write_keyring(keyring))

    def remove(self, name: str) -> bool:
        """Remove one person's keys; whether there were some.

        Raises:
            HostError: they cannot be removed.
        """
        path = self.file(name)
        try:
            path.unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise HostError(f"cannot remove {path}: {error.strerror}") from error
        return True

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other portward commands from changing keys meanwhile; the directory is made if it is missing.

        Raises:
            HostError: the directory is open to others, or cannot be made.
        """
        self.prepare()
        with locked(self.directory):
            yield

    def prepare(self) -> None:
        """Make the directory if it is missing, 0700.

        Raises:
            HostError: it cannot be made, or is open to others.
        """
        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise HostError(f"cannot make {self.directory}: {error.strerror}") from error
        self._checked()

    def _checked(self) -> bool:
        """Whether the directory is there; refuses one that others can look into."""
        try:
            kind = self.directory.lstat()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise HostError(f"cannot look at {self.directory}: {error.strerror}") from error
        if not stat.S_ISDIR(kind.st_mode):
            raise HostError(f"{self.directory} is no plain directory")
        if os.geteuid() not in {0, kind.st_uid} and kind.st_uid != 0:
            raise HostError(f"{self.directory} belongs to user {kind.st_uid}, not to you ({os.geteuid()})")
        if kind.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise HostError(f"{self.directory} is open to others; run: chmod 700 {self.directory}")
        return True

    def _owners(self) -> tuple[int, ...]:
        """Whose files may be read besides ours: root's, and those of the directory's owner, whom root has chosen."""
        return (0, self.directory.stat().st_uid)

    def _write(self, path: Path, text: str) -> None:
        """Write a file for the directory's owner."""
        self.prepare()
        kind = self.directory.stat()
        given = (kind.st_uid, kind.st_gid) if os.geteuid() == 0 and kind.st_uid != 0 else None
        try:
            write_private(path, text, replace=True, owner=given)
        except OSError as error:
            raise HostError(f"cannot write {path}: {error.strerror}") from error


def together(keyrings: list[Keyring]) -> Keyring:
    """All keys of several keyrings in one."""
    return Keyring(
        tuple(key for each in keyrings for key in each.sealed),
        tuple(key for each in keyrings for key in each.tokens),
        tuple(key for each in keyrings for key in each.fwknop),
    )

"""The files of a policy on the disk, to change one of them: the change is judged before anything is written.

Files keep their owner and mode; a new part gets the main file's.
"""

import os
import stat
from pathlib import Path

import attrs

from portward.check.rules import mistakes
from portward.errors import HostError, PolicyError, UsageError
from portward.knock.private import write_private
from portward.policy.policy import Policy
from portward.sources.policy_file import STDIN, parts_of
from portward.sources.policy_reader import read_policy


PEOPLE = "people.toml"
"""The part that new people are written to."""


@attrs.frozen
class PolicyFiles:
    """A policy file and its parts.

    Attributes:
        main: the policy file.
        texts: of it and its parts, in the order in which they are read.
    """

    main: Path
    texts: dict[Path, str]

    @property
    def people_part(self) -> Path:
        """Where new people are written to: a part beside the policy, or the policy file where it can have no parts."""
        return self.main.with_suffix(".d") / PEOPLE if self.main.suffix == ".toml" else self.main

    def text(self, path: Path) -> str:
        """The text of a file; empty for one that is not there yet."""
        return self.texts.get(path, "")

    def judged(self, path: Path, text: str) -> Policy:
        """The policy if a file had that text.

        Raises:
            PolicyError: it would have mistakes.
        """
        texts = {**self.texts, path: text}
        main, *parts = sorted(texts, key=lambda each: (each != self.main, each.name))
        policy, found = read_policy(texts[main], str(main), [(str(each), texts[each]) for each in parts])
        found = found if policy is None else mistakes(policy)
        if policy is None or found:
            raise PolicyError(found)
        return policy

    def write(self, path: Path, text: str) -> None:
        """Write one of the files, whole or not at all.

        Raises:
            HostError: it cannot be written.
        """
        try:
            like = (path if path.exists() else self.main).stat()
            if not path.parent.exists():
                self._make_parts(path.parent)
            owner = (like.st_uid, like.st_gid) if os.geteuid() == 0 else None
            write_private(path, text, replace=True, owner=owner)
            path.chmod(stat.S_IMODE(like.st_mode) & 0o644)
        except OSError as error:
            raise HostError(f"cannot write {path}: {error.strerror}") from error

    def _make_parts(self, directory: Path) -> None:
        """Make the directory of parts, open to whom the policy's own directory is open to."""
        around = self.main.parent.stat()
        directory.mkdir(mode=0o700 | stat.S_IMODE(around.st_mode) & 0o055)
        if os.geteuid() == 0:
            os.chown(directory, around.st_uid, around.st_gid)


def read_files(policy: str) -> PolicyFiles:
    """Read a policy's files.

    Raises:
        UsageError: it is stdin.
        HostError: a file cannot be read.
    """
    if policy == STDIN:
        raise UsageError("people are written to the policy's files, so it cannot be stdin")
    main = Path(policy)
    texts = {}
    for path in (main, *parts_of(main)):
        try:
            with path.open(encoding="utf-8", newline="") as file:
                texts[path] = file.read()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise HostError(f"cannot read {path}: {reason}") from error
    return PolicyFiles(main, texts)

"""All that a command sees of the world around it, in one object that tests replace."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

import attrs


@attrs.define
class Environment:
    """Streams and variables of one run.

    Attributes:
        stdin: where `-` reads from.
        stdout: data only.
        stderr: talk only.
        variables: the process environment.
    """

    stdin: TextIO = attrs.field(factory=lambda: sys.stdin)
    stdout: TextIO = attrs.field(factory=lambda: sys.stdout)
    stderr: TextIO = attrs.field(factory=lambda: sys.stderr)
    variables: Mapping[str, str] = attrs.field(factory=lambda: os.environ)
    quiet: bool = False

    def talk(self, message: str) -> None:
        """Say one line to the person, on stderr, unless asked to be quiet."""
        if not self.quiet:
            print(message, file=self.stderr, flush=True)

    def colour(self, stream: TextIO) -> bool:
        """Whether to use colours: FORCE_COLOR, then NO_COLOR (no-color.org), then whether it is a terminal."""
        if self.variables.get("FORCE_COLOR"):
            return True
        return not self.variables.get("NO_COLOR") and stream.isatty() and self.variables.get("TERM") != "dumb"

    def interactive(self) -> bool:
        """Whether a question may be asked."""
        return self.stdin.isatty() and self.stderr.isatty()

    def client_directory(self) -> Path:
        """`$XDG_CONFIG_HOME/portward`, by default `~/.config/portward` (XDG base directory specification)."""
        base = self.variables.get("XDG_CONFIG_HOME", "")
        home = Path(base) if base.startswith("/") else Path(self.variables.get("HOME", "/")) / ".config"
        return home / "portward"

    def state_directory(self) -> Path:
        """Where grants and trials are kept: `$STATE_DIRECTORY` (systemd), by default `/var/lib/portward`."""
        return Path(self.variables.get("STATE_DIRECTORY", "").split(":")[0] or "/var/lib/portward")

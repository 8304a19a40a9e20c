"""All that a command sees of the world around it, in one object that tests replace.

Every command pays for this module's imports, so it has almost none.
"""

import os
import sys
from collections.abc import Mapping


TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import TextIO


class Environment:
    """Streams and variables of one run.

    Attributes:
        stdin: where `-` reads from.
        stdout: data only.
        stderr: talk only.
        variables: the process environment.
        quiet: whether `talk` says nothing.
    """

    def __init__(
        self,
        stdin: "TextIO | None" = None,
        stdout: "TextIO | None" = None,
        stderr: "TextIO | None" = None,
        variables: Mapping[str, str] | None = None,
        *,
        quiet: bool = False,
    ) -> None:
        self.stdin = sys.stdin if stdin is None else stdin
        self.stdout = sys.stdout if stdout is None else stdout
        self.stderr = sys.stderr if stderr is None else stderr
        self.variables = os.environ if variables is None else variables
        self.quiet = quiet

    def talk(self, message: str) -> None:
        """Say one line to the person, on stderr, unless asked to be quiet."""
        if not self.quiet:
            print(message, file=self.stderr, flush=True)

    def colour(self, stream: "TextIO") -> bool:
        """Whether to use colours: FORCE_COLOR, then NO_COLOR (no-color.org), then whether it is a tty."""
        if self.variables.get("FORCE_COLOR"):
            return True
        return not self.variables.get("NO_COLOR") and stream.isatty() and self.variables.get("TERM") != "dumb"

    def interactive(self) -> bool:
        """Whether a question may be asked."""
        return self.stdin.isatty() and self.stderr.isatty()

    def client_directory(self) -> "Path":
        """`$XDG_CONFIG_HOME/portward`, by default `~/.config/portward` (XDG base directory specification)."""
        from pathlib import Path  # noqa: PLC0415 - 5 ms that --help need not wait for

        base = self.variables.get("XDG_CONFIG_HOME", "")
        home = Path(base) if base.startswith("/") else Path(self.variables.get("HOME", "/")) / ".config"
        return home / "portward"

    def state_directory(self) -> "Path":
        """Where grants and trials are kept: `$STATE_DIRECTORY` (systemd), by default `/var/lib/portward`."""
        from pathlib import Path  # noqa: PLC0415 - the same

        return Path(self.variables.get("STATE_DIRECTORY", "").split(":")[0] or "/var/lib/portward")

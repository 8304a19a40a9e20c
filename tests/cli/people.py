"""What the tests of commands about people share: a gate's directory, a visitor's, and whole command lines."""

import io
import json
from pathlib import Path
from typing import Any

import attrs

from portward.cli.environment import Environment
from portward.cli.main import main


POLICY = """schema = 1
[services.ssh]
ports = ["tcp/22"]
[services.web]
ports = ["tcp/443"]
[passes]
port = 62202
[rolling]
ports = "20000-24999"
slots = 4
[sealed]
port = 62203
"""


@attrs.define
class Desk:
    """A gate and a visitor on one disk.

    Attributes:
        root: of both.
        said: what the last command said on stderr.
    """

    root: Path
    said: str = ""

    @property
    def policy(self) -> Path:
        """The policy file."""
        return self.root / "policy.toml"

    def run(self, *words: str, code: int = 0, stdin: str = "") -> str:
        """Run a command line; gives what it printed."""
        out, talk = io.StringIO(), io.StringIO()
        variables = {"XDG_CONFIG_HOME": str(self.root / "config")}
        status = main(words, Environment(io.StringIO(stdin), out, talk, variables))
        self.said = talk.getvalue()
        assert status == code, out.getvalue() + self.said
        return out.getvalue()

    def person(self, *words: str, code: int = 0) -> str:
        """Run `portward person …` with this policy."""
        return self.run("person", *words, "--policy", str(self.policy), code=code)

    def result(self, *words: str) -> Any:
        """Run it for a program."""
        return json.loads(self.person(*words, "--json"))["result"]


def desk(root: Path, policy: str = POLICY) -> Desk:
    """Make a desk with a policy."""
    made = Desk(root)
    made.policy.write_text(policy)
    made.policy.chmod(0o600)
    return made

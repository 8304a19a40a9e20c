"""Who plays in the demo, where the props lie, and how its audience is told what happens."""

import shlex
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import attrs

from lab.namespaces import GATE_V4, Namespace, Town


PORTWARD = str(Path(sys.executable).with_name("portward"))


class DemoError(Exception):
    """Something did not happen as it should have."""


@attrs.frozen
class Stage:
    """Who plays, and where the props lie."""

    town: Town
    folder: Path

    @property
    def gate(self) -> Namespace:
        """The host that is guarded."""
        return self.town.gate

    @property
    def client(self) -> Namespace:
        """Who knows the knocks."""
        return self.town.visitors["client"]

    @property
    def stranger(self) -> Namespace:
        """Who does not."""
        return self.town.visitors["stranger"]


def title(text: str) -> None:
    """Begin an act."""
    print(f"\n\033[1m== {text}\033[0m" if sys.stdout.isatty() else f"\n== {text}", flush=True)


def say(text: str) -> None:
    """Tell the audience something."""
    print(f"   {text}", flush=True)


def do(
    where: Namespace,
    *command: str,
    role: str,
    show: int = 40,
    patience: float = 60,
    env: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a command in a namespace and show it with what it prints."""
    spelled = shlex.join([Path(command[0]).name, *command[1:]])
    print(f"{role}$ {spelled}", flush=True)
    result = where.run(*command, check=False, timeout=patience, env=env)
    lines = (result.stdout + result.stderr).splitlines()
    for line in lines[:show]:
        print(f"   {line}", flush=True)
    if len(lines) > show:
        print(f"   … {len(lines) - show} more lines", flush=True)
    return result


def expect(*, true: bool, else_say: str) -> None:
    """Check that it was as it should be."""
    if not true:
        raise DemoError(else_say)


def wait_for_port(where: Namespace, host: str, port: int, patience: float = 10) -> None:
    """Wait until a TCP port answers."""
    end = time.monotonic() + patience
    while not reaches(where, host, port):
        if time.monotonic() > end:
            msg = f"{host}:{port} never answered"
            raise DemoError(msg)
        time.sleep(0.05)


def reaches(where: Namespace, host: str, port: int) -> bool:
    """Whether a TCP connection comes about within a second."""
    return where.run("nc", "-z", "-w", "1", host, str(port), check=False).returncode == 0


def log_in(stage: Stage, host: str = GATE_V4, role: str = "client") -> bool:
    """Log in by real ssh and run a command there."""
    result = do(
        stage.client if role == "client" else stage.stranger,
        "ssh",
        "-F",
        "none",
        "-i",
        str(stage.folder / "client_key"),
        "-o",
        "StrictHostKeyChecking=no",
        "-o",
        "LogLevel=ERROR",
        "-o",
        f"UserKnownHostsFile={stage.folder}/known_hosts",
        "-o",
        "ConnectTimeout=2",
        f"root@{host}",
        "echo hello from behind the gate",
        role=role,
    )
    return "hello from behind the gate" in result.stdout


def portward(stage: Stage, *words: str) -> subprocess.CompletedProcess[str]:
    """Run portward on the gate, its state in the demo's folder."""
    return do(stage.gate, "env", f"STATE_DIRECTORY={stage.folder}/state", PORTWARD, *words, role="gate")

"""The last acts of the demo: a person with keys of her own, a sealed knock, and a pass that outlives the daemon."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping

from lab.demo_stage import PORTWARD, DemoError, Stage, do, expect, log_in, portward, reaches, say, title
from lab.namespaces import GATE_V4


WAYS = """
[services.ssh]
ports = ["tcp/22"]

[passes]
port = 62202

[sealed]
port = 62203
"""

GATE = "198-51-100-1"
"""What the client calls the gate: `person add` names the profile after the host."""


def own_home(stage: Stage) -> Mapping[str, str]:
    """The environment of a client whose profiles lie in the demo's folder, not in yours."""
    return os.environ | {"XDG_CONFIG_HOME": str(stage.folder / "client")}


def people(stage: Stage) -> None:
    """A person gets keys."""
    title("What is sniffed can be repeated: so alice gets keys of her own")
    policy = stage.folder / "people.toml"
    policy.write_text(f"schema = 1\n{WAYS}")
    policy.chmod(0o600)
    for line in WAYS.strip().splitlines():
        say(line)
    invitation = str(stage.folder / "alice.toml")
    result = portward(
        stage,
        *("person", "add", "alice", "--opens", "ssh", "--host", GATE_V4),
        *("--policy", str(policy), "-o", invitation),
    )
    expect(true=result.returncode == 0, else_say="alice was not added")
    result = portward(stage, "apply", str(policy), "--yes")
    expect(true=result.returncode == 0, else_say="apply failed")
    portward(stage, "revoke", "*", "198.51.100.2")
    expect(true=not reaches(stage.client, GATE_V4, 22), else_say="the client is still in")
    result = do(stage.client, PORTWARD, "import-profile", invitation, role="client", env=own_home(stage))
    expect(true=result.returncode == 0, else_say="the invitation was not taken")


def serve(stage: Stage) -> "subprocess.Popen[str]":
    """Start the daemon and wait until it serves."""
    words = ("serve", str(stage.folder / "people.toml"), "--state", str(stage.folder / "serve"))
    print(f"gate$ portward {' '.join(words)} &", flush=True)
    daemon = stage.gate.start(
        PORTWARD, *words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    if daemon.stdout is None:
        raise DemoError("the daemon has no voice")
    for line in daemon.stdout:
        say(line.rstrip())
        if "doors opened" in line:
            return daemon
    raise DemoError("the daemon did not start")


def sealed_knock(stage: Stage) -> None:
    """One sealed packet opens; its replay does not."""
    title("One sealed packet: encrypted, signed by alice's key, good once")
    daemon = serve(stage)
    try:
        result = do(stage.client, PORTWARD, "knock", GATE, role="client", env=own_home(stage))
        expect(true=result.returncode == 0, else_say="the sealed knock did not open the door")
        expect(true=log_in(stage), else_say="ssh did not get in")
        portward(stage, "status")
        expect(true=not reaches(stage.stranger, GATE_V4, 22), else_say="the stranger got in")
        portward(stage, "revoke", "ssh", "198.51.100.2")
    finally:
        daemon.send_signal(signal.SIGKILL)
        daemon.communicate()
        time.sleep(0.5)  # the reader ends with it


def daemon_dies(stage: Stage) -> None:
    """Every process of ours is gone; a pass opens all the same, once."""
    title("The daemon is killed. A one-time pass opens all the same: the kernel knows it, and uses it up")
    expect(true=not reaches(stage.client, GATE_V4, 22), else_say="the client is still in")
    result = do(stage.client, PORTWARD, "pass", GATE, role="client", env=own_home(stage))
    expect(true=result.returncode == 0, else_say="there was no pass")
    token = result.stdout.split()[0]
    for role, where in (("client", stage.client), ("stranger", stage.stranger)):
        print(
            f"{role}$ printf … | nc -u -w1 {GATE_V4} 62202      # {'the pass' if role == 'client' else 'its replay'}"
        )
        where.run("nc", "-u", "-w1", GATE_V4, "62202", stdin=_bytes(token), check=False)
    expect(true=log_in(stage), else_say="the pass did not open the door")
    expect(true=not log_in(stage, role="stranger"), else_say="the replay opened the door")


def _bytes(token: str) -> int:
    """A pipe from which a pass can be read."""
    read, write = os.pipe()
    os.write(write, bytes.fromhex(token))
    os.close(write)
    return read

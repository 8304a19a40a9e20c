"""The main job, start to end, on the real kernel: the printed rules of an article guard a real OpenSSH server.

Everything happens in network namespaces that are removed at the end; `--keep` keeps them to play in. What is shown is
what the commands print; each step also checks that it is true, and the demo fails loudly if it is not.
"""

import argparse
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from lab.demo_people import daemon_dies, people, sealed_knock
from lab.demo_stage import (
    PORTWARD,
    DemoError,
    Stage,
    do,
    expect,
    log_in,
    portward,
    reaches,
    say,
    title,
    wait_for_port,
)
from lab.namespaces import GATE_V4, GATE_V6, Namespace, missing, remove, town


ARTICLE = Path(__file__).with_name("article.txt")
KNOCKS = ("tcp/33333", "tcp/22222", "tcp/11111")
SHORT = 4
"""Seconds that a grant lasts in the last act, so that its end can be seen."""


def main() -> int:
    """Play the demo; 0 if all was as it should be."""
    parser = argparse.ArgumentParser(
        prog="make demo", description="portward on the real kernel, in namespaces"
    )
    parser.add_argument("--keep", action="store_true", help="keep the namespaces at the end, to play in")
    parser.add_argument("--remove", nargs="+", metavar="NAMESPACE", help="remove namespaces that were kept")
    options = parser.parse_args()
    if options.remove:
        for name in options.remove:
            remove(Namespace(name))
        return 0
    if lacking := missing("nft", "ip", "sshd", "ssh", "nmap"):
        print(
            f"The demo needs {', '.join(lacking)}: run it as `make demo`, which installs them.",
            file=sys.stderr,
        )
        return 4
    if os.geteuid() != 0:
        print("The demo makes network namespaces, which needs root: sudo make demo", file=sys.stderr)
        return 4
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(129))
    try:
        play(keep=options.keep)
    except DemoError as error:
        print(f"\nTHIS IS WRONG: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted; everything is removed.", file=sys.stderr)
        return 130
    return 0


def play(*, keep: bool) -> None:
    """Build the stage, play, and clear it."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="portward-demo-")))
        stage = Stage(stack.enter_context(town("client", "stranger", "forgetful", prefix="demo")), folder)
        stack.enter_context(ssh_server(stage))
        for act in (
            article,
            open_house,
            apply,
            shut,
            wrong_order,
            right_knocks,
            stranger_still_out,
            over_ipv6,
            expiry,
            alone,
            people,
            sealed_knock,
            daemon_dies,
        ):
            act(stage)
        title("That was it")
        if keep:
            how_to_play(stage)
            sys.stdout.flush()
            os._exit(0)  # every other way out would clear the stage
        else:
            say("The namespaces, the SSH server and the files are removed now.")
            say("`make demo KEEP=1` keeps them to play in.")


@contextlib.contextmanager
def ssh_server(stage: Stage) -> Iterator[None]:
    """Run a real OpenSSH server in the gate, with keys of its own, and let the client's key log in."""
    folder = stage.folder
    for name in ("host_key", "client_key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    shutil.copy(folder / "client_key.pub", folder / "authorized_keys")
    config = folder / "sshd_config"
    config.write_text(
        f"HostKey {folder}/host_key\nAuthorizedKeysFile {folder}/authorized_keys\nPidFile none\nStrictModes no\n"
        "UsePAM no\nPasswordAuthentication no\nPermitRootLogin prohibit-password\nPrintMotd no\n"
    )
    runtime = Path("/run/sshd")  # sshd insists on this folder of its own
    made = not runtime.exists()
    runtime.mkdir(mode=0o755, exist_ok=True)
    sshd = shutil.which("sshd", path="/usr/sbin:/usr/bin:/sbin") or "/usr/sbin/sshd"
    with (folder / "sshd.log").open("w") as log:
        silent = subprocess.DEVNULL
        server = stage.gate.start(
            sshd, "-D", "-e", "-f", str(config), stdin=silent, stdout=silent, stderr=log
        )
    try:
        wait_for_port(stage.gate, "127.0.0.1", 22)
        yield
    finally:
        server.terminate()
        server.wait(10)
        if made:
            with contextlib.suppress(OSError):
                runtime.rmdir()


def article(stage: Stage) -> None:
    """Turn the article's printed rules into a policy."""
    title("An article prints five rules for a MikroTik router; portward reads them as they are printed")
    for line in ARTICLE.read_text().splitlines():
        if "/ip " in line:
            say(line.strip())
    policy = str(stage.folder / "policy.toml")
    result = do(stage.gate, PORTWARD, "import", "routeros", str(ARTICLE), "-o", policy, role="gate")
    expect(true=Path(policy).exists(), else_say=f"the import left no policy (exit {result.returncode})")
    title("What they mean, as a policy")
    for line in Path(policy).read_text().splitlines():
        say(line)
    title("What portward thinks of it: the article's own hints, and what the sequence is worth")
    result = do(stage.gate, PORTWARD, "check", policy, role="gate", show=60)
    expect(true=result.returncode == 0, else_say="the imported policy has mistakes")


def open_house(stage: Stage) -> None:
    """Show that the service is open to everybody before the gate is up."""
    title("Before: a real OpenSSH server, open to everybody")
    result = do(stage.stranger, "nmap", "-Pn", "-n", "-p", "22", GATE_V4, role="stranger")
    expect(true="22/tcp open" in result.stdout, else_say="the server was not open to begin with")


def apply(stage: Stage) -> None:
    """Put the gate up."""
    title("The policy goes into the kernel: one table of our own, nothing else is touched")
    do(stage.gate, PORTWARD, "plan", str(stage.folder / "policy.toml"), role="gate", show=12)
    result = portward(stage, "apply", str(stage.folder / "policy.toml"), "--yes")
    expect(true=result.returncode == 0, else_say="apply failed")


def shut(stage: Stage) -> None:
    """Closed, and invisible to a scan."""
    title("Now: closed for the client, and a scanner sees nothing at all")
    expect(true=not reaches(stage.client, GATE_V4, 22), else_say="port 22 still answers")
    say("client: port 22 does not answer")
    result = do(
        stage.stranger,
        "nmap",
        "-n",
        "-p",
        "1-12000,22222,33333",
        "--min-rate",
        "5000",
        "--max-retries",
        "0",
        "-Pn",
        GATE_V4,
        role="stranger",
        patience=120,
    )
    expect(
        true=" open " not in result.stdout and "closed" not in result.stdout,
        else_say="the scan saw something",
    )
    result = do(
        stage.stranger, "nmap", "-n", "-PE", "-PS22,80,443", "--disable-arp-ping", GATE_V4, role="stranger"
    )
    expect(true="0 hosts up" in result.stdout, else_say="the gate answered the scanner")
    expect(true=not reaches(stage.stranger, GATE_V4, 22), else_say="the scan opened the door")


def wrong_order(stage: Stage) -> None:
    """The right ports in the wrong order, and what a stray costs."""
    title("A forgetful visitor: the right ports in the wrong order")
    forgetful = stage.town.visitors["forgetful"]
    do(
        forgetful,
        PORTWARD,
        "knock",
        GATE_V4,
        *reversed(KNOCKS),
        "--verify",
        "22",
        "--timeout",
        "2s",
        role="forgetful",
    )
    expect(true=not reaches(forgetful, GATE_V4, 22), else_say="the wrong order opened the door")
    title("He tried a port in mid-sequence, as scanners do: for a minute not even the right order helps him")
    do(forgetful, PORTWARD, "knock", GATE_V4, *KNOCKS, "--verify", "22", "--timeout", "2s", role="forgetful")
    expect(true=not reaches(forgetful, GATE_V4, 22), else_say="a penalty did not count")


def knock(stage: Stage, *words: str, host: str = GATE_V4) -> subprocess.CompletedProcess[str]:
    """Knock as the client does."""
    return do(stage.client, PORTWARD, "knock", host, *words, role="client")


def right_knocks(stage: Stage) -> None:
    """The right knocks open, and ssh gets in."""
    title("The right knocks")
    result = knock(stage, *KNOCKS, "--verify", "22")
    expect(true=result.returncode == 0, else_say="the right knocks did not open the door")
    expect(true=log_in(stage), else_say="ssh did not get in")


def stranger_still_out(stage: Stage) -> None:
    """A grant is for one address."""
    title("The stranger, at the same moment")
    expect(true=not log_in(stage, role="stranger"), else_say="the stranger got in")
    title("Who is in, and until when")
    result = portward(stage, "status")
    expect(true="198.51.100.2" in result.stdout, else_say="status does not show the client")


def over_ipv6(stage: Stage) -> None:
    """The same over IPv6."""
    title("The same over IPv6")
    expect(true=not reaches(stage.client, GATE_V6, 22), else_say="the gate was open over IPv6")
    result = knock(stage, *KNOCKS, "--verify", "22", host=GATE_V6)
    expect(true=result.returncode == 0, else_say="knocking over IPv6 did not open the door")
    expect(true=log_in(stage, GATE_V6), else_say="ssh did not get in over IPv6")


def expiry(stage: Stage) -> None:
    """A grant ends by itself; what is established goes on."""
    title(f"A grant ends by itself: the seven days shortened to {SHORT} seconds, to see it")
    policy = stage.folder / "policy.toml"
    text = policy.read_text()
    short = "\n".join(
        f'open_for = "{SHORT}s"' if line.strip().startswith("open_for") else line
        for line in text.splitlines()
    )
    expect(true=short != text.rstrip("\n"), else_say="the policy has no open_for to shorten")
    policy.write_text(short + "\n")
    expect(true=portward(stage, "apply", str(policy), "--yes").returncode == 0, else_say="apply failed")
    say(
        "The client is still in: an apply keeps the grants that are there. It knocks again, for the new time."
    )
    expect(true=reaches(stage.client, GATE_V4, 22), else_say="the new policy shut the client out")
    knock(stage, *KNOCKS, "--verify", "22")
    session = stage.client.start("nc", GATE_V4, "22", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    expect(
        true=session.stdout is not None and "SSH" in session.stdout.readline(),
        else_say="no connection to keep",
    )
    time.sleep(SHORT + 0.5)
    expect(true=not reaches(stage.client, GATE_V4, 22), else_say="the grant did not end")
    say(f"{SHORT} seconds later: a new connection is refused again …")
    expect(true=session.stdin is not None and session.poll() is None, else_say="the old connection died")
    goes_on(session)
    say("… and the connection that was open goes on, as in the article.")


def goes_on(session: subprocess.Popen[str]) -> None:
    """Check that an open connection to the SSH server still carries data both ways."""
    if session.stdin is None or session.stdout is None:
        raise DemoError("the connection has no ends")
    session.stdin.write("this is no SSH\r\n")
    session.stdin.flush()
    answer = session.stdout.readline()
    session.kill()
    session.wait()
    expect(
        true="Invalid SSH" in answer or bool(answer), else_say="the connection that was open carries nothing"
    )


def alone(stage: Stage) -> None:
    """Nobody but the kernel did it."""
    title("Who did all this? The kernel alone: these are all the processes on the gate")
    result = subprocess.run(
        ["ip", "netns", "pids", stage.gate.name], check=True, capture_output=True, text=True
    )
    programs = {Path(f"/proc/{number}/exe").resolve().name for number in result.stdout.split()}
    for program in sorted(programs):
        say(program)
    expect(true=programs == {"sshd"}, else_say="something else than the SSH server is running")


def how_to_play(stage: Stage) -> None:
    """Say how to go on by hand."""
    everyone = [stage.gate, stage.town.street, *stage.town.visitors.values()]
    say(f"Kept. Files: {stage.folder}")
    knocked = f"{PORTWARD} knock {GATE_V4} {' '.join(KNOCKS)} --verify 22"
    say(f"The client knocks:  ip netns exec {stage.client.name} {knocked}")
    say(f"The gate's table:   ip netns exec {stage.gate.name} nft list table inet portward")
    names = " ".join(each.name for each in everyone)
    say(f"Remove everything:  {sys.executable} -m lab.demo --remove {names}; rm -r {stage.folder}")


if __name__ == "__main__":
    sys.exit(main())

"""The client against the real gate: `portward` as a user runs it, in namespaces, with real packets."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

import portward
from lab.namespaces import GATE_V4, GATE_V6, Namespace, Town, address, town
from portward.compile.nft import compile_policy
from portward.knock.invitation import invite
from portward.knock.profile import Profile
from portward.knock.profile_text import write_profiles
from portward.knock.shell_lines import TOOLS, Tool, make_target, tool_lines
from portward.policy.notation import read_knock, read_ports
from portward.policy.policy import Policy, Sequence, Service


pytestmark = pytest.mark.net

MIXED = ("tcp/33333", "udp/22222", "icmp/128", "tcp/11111")
WORDY = ("tcp/33333", "udp/7000=open sesame", "icmp/3000=Zauberwort", "tcp/11111")
SOURCES = Path(portward.__file__).parents[1]


def policy(*knocks: str, **more: Any) -> Policy:
    """A service on tcp/22 behind one sequence."""
    steps = (timedelta(seconds=5),) * (len(knocks) - 1)
    sequence = Sequence("admin", tuple(map(read_knock, knocks)), steps, ("ssh",), timedelta(hours=1))
    return Policy(
        (Service("ssh", (read_ports("tcp/22"),)),), (sequence,), **{"penalty": timedelta(seconds=1), **more}
    )


@attrs.frozen
class Place:
    """A gate, and a visitor with a home of its own."""

    gate: Namespace
    visitor: Namespace
    home: Path

    def load(self, loaded: Policy) -> None:
        """Put the gate up afresh: every door is shut."""
        self.gate.nft(f"table inet portward\ndelete table inet portward\n{compile_policy(loaded).text}")

    def know(self, profile: Profile) -> None:
        """Give the visitor that one profile."""
        directory = self.home / "portward"
        directory.mkdir(mode=0o700, exist_ok=True)
        (directory / "client.toml").write_text(write_profiles((profile,)))
        (directory / "client.toml").chmod(0o600)

    @property
    def variables(self) -> dict[str, str]:
        """The visitor's environment; `portward` is on its path."""
        path = f"{self.home / 'bin'}:{os.environ['PATH']}:/usr/sbin"
        return {"XDG_CONFIG_HOME": str(self.home), "HOME": str(self.home), "PATH": path, "LC_ALL": "C.UTF-8"}

    def portward(self, *arguments: str, before: tuple[str, ...] = (), **options: Any) -> Any:
        """Run portward at the visitor's."""
        command = (*before, str(self.home / "bin" / "portward"), *arguments)
        return self.visitor.run(*command, check=False, env=self.variables, **options)

    def can_enter(self, host: str = GATE_V4) -> bool:
        """Whether a connection to the service comes about within half a second."""
        with self.visitor.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as trial:
            trial.settimeout(0.5)
            return trial.connect_ex((host, 22)) == 0


@pytest.fixture(scope="module")
def street() -> Iterator[Town]:
    """A gate and a visitor on one street; the visitor has a second address."""
    with town("visitor", prefix="pwb") as made:
        address(made.visitors["visitor"], "eth0", "198.51.100.77/24")
        yield made


@pytest.fixture
def place(street: Town, tmp_path: Path) -> Iterator[Place]:
    """That street, with a service on tcp/22 that answers with what it was sent, reversed."""
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "portward"
    program.write_text(f'#!/bin/sh\nPYTHONPATH={SOURCES} exec {sys.executable} -m portward "$@"\n')
    program.chmod(0o755)
    with listening(street.gate):
        yield Place(street.gate, street.visitors["visitor"], tmp_path)
    street.gate.run("nft", "flush", "ruleset")
    street.visitors["visitor"].run("nft", "flush", "ruleset")
    street.visitors["visitor"].run("sysctl", "-qw", "net.ipv4.ping_group_range=1 0")


@contextlib.contextmanager
def listening(gate: Namespace) -> Iterator[None]:
    """Serve tcp/22 of both families: read to the end, answer with the bytes in reverse, and close."""
    server = gate.socket(socket.AF_INET6, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("::", 22))
    server.listen(64)

    def serve() -> None:
        while True:
            try:
                visitor, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(visitor,), daemon=True).start()

    serving = threading.Thread(target=serve, daemon=True)
    serving.start()
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        server.close()
        serving.join(5)


def answer(visitor: socket.socket) -> None:
    """Read to the end, and answer with the bytes in reverse."""
    with visitor, contextlib.suppress(OSError):
        heard = b""
        while chunk := visitor.recv(65536):
            heard += chunk
        visitor.sendall(heard[::-1])


@pytest.mark.parametrize("host", [GATE_V4, GATE_V6])
def test_knocks_on_the_command_line_open_the_door(place: Place, host: str) -> None:
    """Shut before, open after, and the exit code is 0."""
    place.load(policy(*MIXED))
    assert not place.can_enter(host)
    knocked = place.portward("knock", host, *MIXED, "--verify", "22", "--delay", "20ms")
    assert knocked.returncode == 0, knocked.stderr
    assert place.can_enter(host)


def test_without_delay_the_door_opens_too(place: Place) -> None:
    """The kernel of the gate follows the sequence, so nothing needs to wait."""
    place.load(policy(*MIXED))
    assert place.portward("knock", GATE_V4, *MIXED, "--delay", "0s").returncode == 0
    assert place.can_enter()


def test_both_families_are_opened_by_one_visit(place: Place) -> None:
    """--both knocks the whole sequence on IPv4 and on IPv6."""
    place.load(policy(*WORDY))
    (place.home / "hosts").write_text("")
    knocks = place.home / "knocks"
    knocks.write_text("# the sequence\n" + "\n".join(WORDY) + "\n")
    knocks.chmod(0o600)
    with named(place, "gate.test"):
        knocked = place.portward(
            "knock", "gate.test", "--both", "--word-file", str(knocks), "--copies", "2", "--delay", "20ms"
        )
    assert knocked.returncode == 0, knocked.stderr
    assert place.can_enter(GATE_V4)
    assert place.can_enter(GATE_V6)


@contextlib.contextmanager
def named(place: Place, name: str) -> Iterator[None]:
    """Let a name mean the gate, for the visitor only (ip-netns(8): /etc/netns/NAME is bound over /etc)."""
    directory = Path("/etc/netns") / place.visitor.name
    directory.mkdir(parents=True)
    hosts = directory / "hosts"
    hosts.write_text(f"127.0.0.1 localhost\n{GATE_V4} {name}\n{GATE_V6} {name}\n")
    try:
        yield
    finally:
        hosts.unlink()
        directory.rmdir()


def test_a_profile_with_words_opens_and_verifies_by_itself(place: Place) -> None:
    """What `invite` writes is all that the client needs: words, a large echo request in fragments, the port."""
    loaded = policy(*WORDY)
    place.load(loaded)
    place.know(invite(loaded, loaded.sequences[0], GATE_V4, "gate"))
    knocked = place.portward("knock", "gate", "--delay", "20ms", "--json")
    assert knocked.returncode == 0, knocked.stderr
    assert '"tries": 1' in knocked.stdout
    assert "sesame" not in knocked.stdout + knocked.stderr
    assert place.can_enter()


def test_a_wrong_word_leaves_the_door_shut_and_exits_1(place: Place) -> None:
    """--verify tells that it stayed shut."""
    place.load(policy(*WORDY))
    wrong = place.home / "knocks"
    wrong.write_text("\n".join(WORDY).replace("sesame", "barley"))
    wrong.chmod(0o600)
    knocked = place.portward(
        "knock", GATE_V4, "--word-file", str(wrong), "--verify", "22", "--timeout", "1s", "--delay", "20ms"
    )
    assert knocked.returncode == 1
    assert "tcp/22 of 198.51.100.1 stayed shut" in knocked.stderr
    assert "barley" not in knocked.stderr


def test_the_source_address_is_chosen(place: Place) -> None:
    """--source knocks for that address and no other."""
    place.load(policy(*MIXED))
    knocked = place.portward("knock", GATE_V4, *MIXED, "--source", "198.51.100.77", "--delay", "20ms")
    assert knocked.returncode == 0, knocked.stderr
    assert not place.can_enter()
    listed = place.gate.run("nft", "list", "table", "inet", "portward").stdout
    assert "198.51.100.77" in listed


def test_a_lost_knock_is_made_up_for_after_the_penalty(place: Place) -> None:
    """The gate punishes the knock after the lost one; the client waits that out and knocks again."""
    loaded = policy(*MIXED)
    place.load(loaded)
    place.know(attrs.evolve(invite(loaded, loaded.sequences[0], GATE_V4, "gate"), copies=1))
    lose(place.gate, "udp dport 22222 quota until 28 bytes drop")
    knocked = place.portward("knock", "gate", "--delay", "20ms", "--timeout", "20s")
    assert knocked.returncode == 0, knocked.stderr
    assert "the gate ignores us: next try in 2s" in knocked.stderr
    assert "at try 2" in knocked.stderr
    assert place.can_enter()


def lose(gate: Namespace, rule: str) -> None:
    """Let packets get lost on their way to the gate."""
    gate.nft(
        f"""
table inet loss {{
  chain road {{
    type filter hook prerouting priority -500; policy accept;
    {rule}
  }}
}}
"""
    )


def test_at_5_percent_loss_visitors_get_in(place: Place) -> None:
    """30 visits, each from the first knock on: everybody is in, and few had to try twice."""
    loaded = policy(*MIXED)
    place.know(
        attrs.evolve(invite(loaded, loaded.sequences[0], GATE_V4, "gate"), delay=timedelta(milliseconds=20))
    )
    lose(place.gate, "numgen random mod 20 == 0 drop")
    tries = []
    for _ in range(30):
        place.load(loaded)
        knocked = place.portward("knock", "gate", "--json")
        assert knocked.returncode == 0, knocked.stderr
        tries.append(int(re.findall(r'"tries": (\d+)', knocked.stdout)[0]))
    assert sum(number > 1 for number in tries) <= 6, tries


UNPRIVILEGED = ("setpriv", "--inh-caps=-all", "--bounding-set=-all")
"""Runs what follows without any capability, whoever the user is."""

ONLY_BY_FILE = ("setpriv", "--inh-caps=-all", "--securebits=+noroot")
"""Runs what follows so that a program has only the capabilities of its file, as for any user."""


def test_ping_sockets_let_anybody_knock_with_echo_requests(place: Place) -> None:
    """Where ping_group_range allows it, nobody needs privileges, words included."""
    place.load(policy(*WORDY))
    place.visitor.run("sysctl", "-qw", "net.ipv4.ping_group_range=0 2147483647")
    knocks = place.home / "knocks"
    knocks.write_text("\n".join(WORDY))
    knocks.chmod(0o600)
    knocked = place.portward(
        "knock", GATE_V6, "--word-file", str(knocks), "--delay", "20ms", before=UNPRIVILEGED
    )
    assert knocked.returncode == 0, knocked.stderr
    assert place.can_enter(GATE_V6)


def test_the_systems_ping_helps_where_it_may(place: Place) -> None:
    """Without ping sockets, `ping` with its own privilege sends the echo request."""
    place.load(policy(*MIXED))
    knocked = place.portward("knock", GATE_V4, *MIXED, "--delay", "20ms", before=ONLY_BY_FILE)
    assert knocked.returncode == 0, knocked.stderr
    assert place.can_enter()


def test_without_any_way_to_ping_the_client_says_what_to_do(place: Place) -> None:
    """Exit 4, before any knock is sent: the gate has seen nobody."""
    place.load(policy(*WORDY))
    knocks = place.home / "knocks"
    knocks.write_text("\n".join(WORDY))
    knocks.chmod(0o600)
    knocked = place.portward("knock", GATE_V4, "--word-file", str(knocks), before=UNPRIVILEGED)
    assert knocked.returncode == 4
    assert "sysctl -w net.ipv4.ping_group_range='0 2147483647'" in knocked.stderr
    assert "198.51.100.2" not in place.gate.run("nft", "list", "table", "inet", "portward").stdout


def test_the_command_runs_when_the_door_is_open(place: Place) -> None:
    """`-- COMMAND` becomes the process: its arguments are not touched by any shell, its exit code is ours."""
    place.load(policy(*MIXED))
    then = ("--", "sh", "-c", 'echo "$0"; exit 7', "$HOME; *")
    knocked = place.portward("knock", GATE_V4, *MIXED, "--delay", "20ms", "--verify", "22", *then)
    assert knocked.returncode == 7
    assert knocked.stdout == "$HOME; *\n"


def test_the_command_does_not_run_when_the_door_stays_shut(place: Place) -> None:
    """A wrong sequence: exit 1, and no command."""
    place.load(policy(*MIXED))
    knocked = place.portward(
        "knock", GATE_V4, "tcp/1", "--verify", "22", "--timeout", "1s", "--", "echo", "in"
    )
    assert knocked.returncode == 1
    assert knocked.stdout == ""


def test_quiet_says_nothing_and_keeps_the_exit_code(place: Place) -> None:
    """For `Match exec`: no talk when all is well."""
    place.load(policy(*MIXED))
    knocked = place.portward("knock", "--quiet", GATE_V4, *MIXED, "--verify", "22", "--delay", "20ms")
    assert (knocked.returncode, knocked.stdout, knocked.stderr) == (0, "", "")
    assert (
        place.portward("knock", "--quiet", GATE_V4, "tcp/1", "--verify", "23", "--timeout", "1s").returncode
        == 1
    )


def test_ssh_proxy_knocks_and_joins_both_directions(place: Place) -> None:
    """A megabyte up, its end passed on as a half-close, a megabyte back."""
    loaded = policy(*MIXED)
    place.load(loaded)
    place.know(invite(loaded, loaded.sequences[0], GATE_V4, "gate"))
    sent = "0123456789abcdef" * 65536
    joined = place.portward("ssh-proxy", GATE_V4, "22", input=sent, timeout=60)
    assert joined.returncode == 0, joined.stderr
    assert joined.stdout == sent[::-1]


def test_ssh_proxy_ends_when_the_program_before_it_does(place: Place) -> None:
    """Ssh goes away: so does the proxy."""
    loaded = policy(*MIXED)
    place.load(loaded)
    place.know(invite(loaded, loaded.sequences[0], GATE_V4, "gate"))
    running = place.visitor.start(
        str(place.home / "bin" / "portward"),
        "ssh-proxy",
        "gate",
        "22",
        env=place.variables,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    output, _ = running.communicate("ab", timeout=20)
    assert (output, running.returncode) == ("ba", 0)


@pytest.mark.peer("ssh", "sshd", "ssh-keygen")
@pytest.mark.parametrize("proxy", [(), ("--proxy",)])
def test_plain_ssh_knocks_by_itself(place: Place, proxy: tuple[str, ...]) -> None:
    """The lines of `ssh-config`, a real OpenSSH on both sides: `ssh gate` just works."""
    loaded = policy(*WORDY)
    loaded = attrs.evolve(
        loaded, services=(Service("ssh", (read_ports("tcp/2222"),), (read_ports("tcp/12345"),)),)
    )
    place.load(loaded)
    place.know(invite(loaded, loaded.sequences[0], GATE_V4, "gate"))
    lines = place.portward("ssh-config", "gate", *proxy).stdout
    with sshd(place) as key:
        config = place.home / "ssh_config"
        config.write_text(
            f"{lines}\nHost *\n    IdentityFile {key}\n    UserKnownHostsFile /dev/null\n    LogLevel ERROR\n"
            "    StrictHostKeyChecking no\n    BatchMode yes\n    ConnectTimeout 10\n    User root\n"
        )
        command = ("ssh", "-F", str(config), "gate", "echo", "$((6*7))")
        without = place.visitor.run(*command[:1], "-F", "none", "-p", "12345", "-o", "ConnectTimeout=1",
                                    "-o", "BatchMode=yes", GATE_V4, "true", check=False)  # fmt: skip
        assert without.returncode == 255
        inside = place.visitor.run(*command, check=False, env=place.variables, timeout=60)
    assert (inside.stdout, inside.returncode) == ("42\n", 0), inside.stderr


@contextlib.contextmanager
def sshd(place: Place) -> Iterator[Path]:
    """Run an OpenSSH server at the gate on tcp/2222 that knows one key, and give that key's file."""
    for name in ("host", "user"):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(place.home / name)], check=True
        )
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    options = {
        "Port": "2222",
        "HostKey": str(place.home / "host"),
        "AuthorizedKeysFile": str(place.home / "user.pub"),
        "StrictModes": "no",
        "UsePAM": "no",
        "PidFile": "none",
        "PermitRootLogin": "prohibit-password",
    }
    given = [word for key, value in options.items() for word in ("-o", f"{key}={value}")]
    server = place.gate.start(
        "/usr/sbin/sshd", "-D", "-e", "-f", "/dev/null", *given, stderr=subprocess.DEVNULL
    )
    try:
        while ":2222 " not in place.gate.run("ss", "-Hltn").stdout:
            assert server.poll() is None
            time.sleep(0.05)
        yield place.home / "user"
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()


NEEDS = {"bash": "ping", "netcat": "nc", "nmap": "nmap", "telnet": "telnet", "curl": "curl"}


def lines_that_run() -> Iterator[Any]:
    """Yield each tool that this kind of machine may have, with the hardest sequence that it can knock."""
    for tool in TOOLS:
        name = tool.name.partition(" ")[0]
        if name not in NEEDS:
            continue  # PowerShell: no such program is to be had here
        knocks = MIXED if name in {"bash", "netcat", "nmap"} else ("tcp/33333", "tcp/22222", "tcp/11111")
        for host in (GATE_V4, GATE_V6):
            mark = pytest.mark.peer(NEEDS[name], "bash")
            yield pytest.param(tool, knocks, host, marks=mark, id=f"{name}-{host}")


@pytest.mark.parametrize(("tool", "knocks", "host"), list(lines_that_run()))
def test_the_printed_shell_lines_open_the_door(
    place: Place, tool: Tool, knocks: tuple[str, ...], host: str
) -> None:
    """Every line is really run, as it is printed (but for sudo, since the test is root already)."""
    loaded = policy(*knocks)
    place.load(loaded)
    profile = invite(loaded, loaded.sequences[0], host, "gate")
    lines, failing = tool_lines(tool, profile, make_target(profile))
    assert not failing
    script = "\n".join(lines).replace("sudo ", "")
    ran = place.visitor.run("bash", "-c", script, check=False)
    assert place.can_enter(host), f"{script}\n{ran.stdout}{ran.stderr}"


def test_bash_and_netcat_send_words(place: Place) -> None:
    """A word goes into a datagram as its first bytes."""
    loaded = policy("tcp/33333", 'udp/7000=it\'s "open" $HOME', "tcp/11111")
    profile = invite(loaded, loaded.sequences[0], GATE_V4, "gate")
    for tool in TOOLS[:2]:
        place.load(loaded)
        lines, _ = tool_lines(tool, profile, make_target(profile))
        place.visitor.run("bash", "-c", "\n".join(lines), check=False)
        assert place.can_enter()

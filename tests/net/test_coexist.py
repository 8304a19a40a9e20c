"""Our table beside ufw's and Docker's own: theirs stay as they are, byte by byte, and both go on working."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest
from live_gate import NEW, OLD, LiveGate, live_town, wanted

from lab.namespaces import GATE_V4, GATE_V6, Namespace, Town, missing
from portward.apply.gate import take_down
from portward.policy.notation import read_ports
from portward.policy.policy import Mode, Service


pytestmark = pytest.mark.net

KIND_OF_BOX = "busybox"
SOURCE = Path(__file__).parents[2] / "src"

WITH_DOCKER = pytest.mark.skipif(
    bool(missing("dockerd", "docker", "busybox")),
    reason="needs dockerd, docker and busybox, which no setup of ours installs: they change the machine's firewall",
)


def reaches(town: Town, port: int, address: str = GATE_V4) -> bool:
    """Whether the visitor gets a TCP connection to the gate's port."""
    family = socket.AF_INET if address == GATE_V4 else socket.AF_INET6
    with town.visitors["visitor"].socket(family) as client:
        client.settimeout(0.7)
        try:
            client.connect((address, port))
        except OSError:
            return False
        return True


def theirs(gate: LiveGate) -> str:
    """What nft lists, counted packets and our own table aside."""
    lines = gate.ruleset().splitlines()
    if "table inet portward {" not in lines:
        return "\n".join(lines)
    start = lines.index("table inet portward {")
    return "\n".join(lines[:start] + lines[lines.index("}", start) + 1 :])


def take_gate_down(gate: LiveGate) -> None:
    """Remove our table."""
    with gate.here.entered():
        assert take_down()


@contextlib.contextmanager
def listening(gate: LiveGate, *ports: int) -> Iterator[None]:
    """Listen on some ports of the gate, both families."""
    with contextlib.ExitStack() as stack:
        for port in ports:
            listener = stack.enter_context(gate.here.socket(socket.AF_INET6))
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            listener.bind(("::", port))
            listener.listen(50)
        yield


@attrs.frozen
class Ufw:
    """The real ufw in a namespace, working on copies of its files, so that the host's stay as they are."""

    here: Namespace
    copies: Path

    def __call__(self, *words: str) -> str:
        """Run ufw."""
        script = "".join(f"mount --bind {self.copies}/{name} {place} && " for name, place in COPIED.items())
        done = self.here.run(
            "unshare",
            "--mount",
            "--propagation",
            "private",
            "sh",
            "-c",
            f'{script} exec ufw "$@"',
            "sh",
            *words,
        )
        return done.stdout


COPIED = {"ufw": "/etc/ufw", "default": "/etc/default", "run": "/run"}


@pytest.fixture
def with_ufw(tmp_path: Path) -> Iterator[tuple[LiveGate, Town, Ufw]]:
    """A gate with ufw enabled: 22 and 80 allowed, 25 denied, all else denied by default."""
    with live_town(tmp_path) as (gate, town):
        copies = tmp_path / "copies"
        for name, place in COPIED.items():
            if name == "run":
                (copies / name).mkdir()
            else:
                shutil.copytree(place, copies / name, symlinks=True)
        ufw = Ufw(gate.here, copies)
        ufw("--force", "enable")
        for words in (("allow", "22/tcp"), ("allow", "80/tcp"), ("deny", "25/tcp")):
            ufw(*words)
        yield gate, town, ufw


@pytest.mark.peer("ufw")
@pytest.mark.parametrize("mode", list(Mode))
def test_ufws_tables_stay_and_both_work(with_ufw: tuple[LiveGate, Town, Ufw], mode: Mode) -> None:
    """What ufw denies stays denied, what it allows stays allowed, and the door is shut to who has not knocked."""
    gate, town, ufw = with_ufw
    with listening(gate, 22, 80, 25, 443):
        assert [port for port in (22, 80, 25, 443) if reaches(town, port)] == [22, 80]
        before, said = theirs(gate), ufw("status", "verbose")
        ssh = Service("ssh", (read_ports("tcp/22"),))
        rules = wanted(*OLD, services=(ssh,), mode=mode, public=(read_ports("tcp/80"), read_ports("tcp/25")))
        gate.load(rules)
        for address in (GATE_V4, GATE_V6):
            assert [port for port in (22, 80, 25, 443) if reaches(town, port, address)] == [80]
        gate.add("grant_ssh_v4", "198.51.100.2 timeout 1h")
        gate.add("grant_ssh_v6", "2001:db8:0:1::2 timeout 1h")
        for address in (GATE_V4, GATE_V6):
            assert [port for port in (22, 80, 25, 443) if reaches(town, port, address)] == [22, 80]
        assert theirs(gate) == before
        gate.load(wanted(*NEW, services=(ssh,), mode=mode))
        assert (theirs(gate), ufw("status", "verbose")) == (before, said)
        take_gate_down(gate)
        assert gate.ruleset().strip() == before.strip()
        assert [port for port in (22, 80, 25, 443) if reaches(town, port)] == [22, 80]


@pytest.mark.peer("ufw")
def test_ufw_changes_its_own_rules_beside_ours(with_ufw: tuple[LiveGate, Town, Ufw]) -> None:
    """Reloaded, changed, switched off: our table stays as it is, and so does the door."""
    gate, town, ufw = with_ufw
    gate.load(wanted(*OLD))
    gate.add("grant_ssh_v4", "192.0.2.7 timeout 1h")
    ours = gate.table()
    with listening(gate, 22, 443):
        for words in (("reload",), ("allow", "443/tcp"), ("disable",)):
            ufw(*words)
            assert gate.table() == ours
            assert not reaches(town, 22)
            assert "192.0.2.7" in gate.elements("grant_ssh_v4")
        assert reaches(town, 443)


@attrs.frozen
class Docker:
    """A real dockerd in the gate's namespace, with directories of its own, and its client."""

    root: Path

    @property
    def socket(self) -> Path:
        """Where the daemon listens; short, since the path of a socket has 108 bytes at most (unix(7))."""
        return self.root / "sock"

    def __call__(self, *words: str, stdin: bytes = b"") -> str:
        """Run the client."""
        command = ["/usr/bin/docker", "-H", f"unix://{self.socket}", *words]
        done = subprocess.run(
            command, input=stdin, capture_output=True, check=False, env={"HOME": str(self.root)}
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    def serve(self, name: str, port: int) -> None:
        """Start a container that answers on a published port."""
        answer = ["/bin/busybox", "httpd", "-f", "-p", "8080"]
        self("run", "--detach", "--name", name, "--publish", f"{port}:8080", KIND_OF_BOX, *answer)


@pytest.fixture
def with_docker(tmp_path: Path) -> Iterator[tuple[LiveGate, Town, Docker]]:
    """A gate where a container answers on the published port 8081."""
    with live_town(tmp_path) as (gate, town), tempfile.TemporaryDirectory(prefix="pwc-docker-") as root:
        docker = Docker(Path(root))
        daemon = start_daemon(gate, docker)
        try:
            docker("import", "-", KIND_OF_BOX, stdin=image(tmp_path))
            docker.serve("first", 8081)
            yield gate, town, docker
        finally:
            with contextlib.suppress(AssertionError):
                docker("rm", "--force", *docker("ps", "--all", "--quiet").split())
            daemon.terminate()
            daemon.wait(20)


def start_daemon(gate: LiveGate, docker: Docker) -> "subprocess.Popen[bytes]":
    """Start dockerd and wait until it answers. `ip netns exec` would hide the control groups from it."""
    command = [
        *("nsenter", f"--net=/run/netns/{gate.here.name}"),
        *("unshare", "--mount", "--propagation", "private"),
        *("sh", "-c", 'mount -t tmpfs tmpfs /run && exec dockerd "$@"', "sh"),
        *("--data-root", str(docker.root / "data"), "--exec-root", str(docker.root / "exec")),
        *("--pidfile", str(docker.root / "pid"), "--host", f"unix://{docker.socket}"),
        *("--storage-driver", "vfs", "--bip", "172.31.77.1/24"),
    ]
    with (docker.root / "log").open("wb") as log:
        daemon = subprocess.Popen(command, stdout=log, stderr=log)
    until = time.monotonic() + 30
    while not docker.socket.exists() or "Server" not in probe(docker):
        if daemon.poll() is not None or time.monotonic() > until:
            daemon.kill()
            daemon.wait()
            pytest.skip(f"dockerd cannot run here: {(docker.root / 'log').read_text()[-300:]}")
        time.sleep(0.2)
    return daemon


def probe(docker: Docker) -> str:
    """Ask the daemon for its version; empty if it does not answer yet."""
    try:
        return docker("version")
    except AssertionError:
        return ""


def image(directory: Path) -> bytes:
    """Make the content of an image that holds busybox alone."""
    root = directory / "image"
    (root / "bin").mkdir(parents=True)
    shutil.copy("/bin/busybox", root / "bin")
    return subprocess.run(["tar", "-C", str(root), "-c", "."], check=True, capture_output=True).stdout


def audited(gate: LiveGate, port: int) -> tuple[str, set[str]]:
    """Who reaches a TCP port over IPv4 by an audit on the gate, and which programs hold it."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE)}
    command = [sys.executable, "-m", "portward", "audit", "--json"]
    done = gate.here.run(*command, check=False, env=environment)
    rows = json.loads(done.stdout)["result"]["listeners"]
    (row,) = (each for each in rows if (each["port"], each["versions"]) == (port, [4]))
    return row["reachable_from"], {each["name"] for each in row["programs"]}


@pytest.mark.peer
@WITH_DOCKER
def test_dockers_tables_stay_and_both_work(with_docker: tuple[LiveGate, Town, Docker]) -> None:
    """A published container is left alone, or guarded like any other service, before Docker translates the port."""
    gate, town, docker = with_docker
    assert reaches(town, 8081)
    assert audited(gate, 8081) == ("any", {"docker-proxy"})
    before = theirs(gate)
    assert "172.31.77" in before, "Docker's rules are there"
    gate.load(wanted(*OLD))
    assert reaches(town, 8081)
    guarding = wanted(*OLD, services=(Service("ssh", (read_ports("tcp/8081"),)),))
    gate.load(guarding)
    assert not reaches(town, 8081)
    assert audited(gate, 8081) == ("nobody", {"docker-proxy"})
    gate.add("grant_ssh_v4", "198.51.100.2 timeout 1h")
    assert reaches(town, 8081)
    assert theirs(gate) == before
    docker.serve("second", 8082)
    assert reaches(town, 8082)
    with_second = theirs(gate)
    gate.load(wanted(*NEW))
    assert theirs(gate) == with_second
    take_gate_down(gate)
    assert theirs(gate) == with_second
    assert reaches(town, 8081)
    assert reaches(town, 8082)


@pytest.mark.peer
@WITH_DOCKER
def test_lockdown_lets_containers_out_and_in_only_who_may(with_docker: tuple[LiveGate, Town, Docker]) -> None:
    """Containers still reach the world; their published ports are closed to who has no grant."""
    gate, town, docker = with_docker
    before = theirs(gate)
    gate.load(wanted(*OLD, mode=Mode.LOCKDOWN))
    assert not reaches(town, 8081)
    visitor = town.visitors["visitor"]
    with visitor.socket() as listener:
        listener.bind(("198.51.100.2", 7777))
        listener.listen()
        listener.settimeout(5)
        docker("run", "--detach", KIND_OF_BOX, "/bin/busybox", "nc", "198.51.100.2", "7777")
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"in the container")
    assert theirs(gate) == before

"""A Debian host of its own: systemd as PID 1, its own /etc, real servers with mistakes, and a visitor outside.

The unit files are Debian's own, but for lines that keep a service from what a namespace does not have.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import attrs

from lab.namespaces import Namespace, address, namespaces


SOURCE = Path(__file__).parents[2] / "src"
HOST = "198.51.100.1"
VISITOR = "198.51.100.2"

TARGETS = (
    *("sysinit", "basic", "timers", "sockets", "shutdown", "network-pre", "network", "network-online"),
    *("multi-user", "quiet"),
)
PROGRAMS = (
    "systemctl",
    "unshare",
    "nsenter",
    "sshd",
    "vsftpd",
    "redis-server",
    "inetd",
    "telnetd",
    "in.tftpd",
    "snmpd",
)
UNITS = (
    "ssh.service",
    "ssh.socket",
    "vsftpd.service",
    "redis-server.service",
    "openbsd-inetd.service",
    "snmpd.service",
)
RUNNING = ("ssh", "vsftpd", "redis-server", "inetd", "tftpd-hpa", "own.socket")
KEPT = (
    "Type",
    "ExecStart",
    "ExecStartPre",
    "ExecReload",
    "KillMode",
    "Restart",
    "RuntimeDirectory",
    "Environment",
    "EnvironmentFile",
)
"""What stays of a unit's [Service]."""

START = """set -e
mount --make-rprivate /
mount -t proc proc /proc
mount -t tmpfs tmpfs /run
mount --bind "$1/units" /lib/systemd/system
mount --bind "$1/empty" /lib/systemd/system-generators
mount --bind "$1/etc" /etc
mount --bind "$1/lib" /var/lib
mount --bind "$1/log" /var/log
mkdir -p /run/sshd /run/rpcbind
exec env -i container=docker "PATH=$PATH" /lib/systemd/systemd --system --unit=quiet.target --show-status=no
"""
OWN_SOCKET = """[Socket]
ListenStream=0.0.0.0:2323
Accept=yes
[Install]
WantedBy=sockets.target
"""
OWN_SERVICE = """[Service]
ExecStart=-/usr/sbin/telnetd
StandardInput=socket
"""
INETD = """# inetd.conf of a test, with its own spacing
telnet\t\tstream\ttcp\tnowait\troot\t/usr/sbin/telnetd  telnetd
  # a comment that stays
login\t\tstream\ttcp\tnowait\troot\t/usr/sbin/in.rlogind\tin.rlogind
"""
POLICY = """# My policy. Its layout is mine.
schema = 1

[services.web]          # not running yet
ports   = [ "tcp/8443" ]

[sequences.admin]
knocks  = ["tcp/33331", "udp/22224", "tcp/11117"]   # secret
opens   = [
    "web",   # the web
]
"""


@attrs.frozen
class DebianHost:
    """The host.

    Attributes:
        holder: the process outside that keeps it; its child is PID 1.
        root: where its /etc and its state are.
        visitor: the namespace of somebody outside.
    """

    holder: "subprocess.Popen[bytes]"
    root: Path
    visitor: Namespace

    @property
    def first(self) -> int:
        """The number of PID 1 as it is seen from outside."""
        children = Path(f"/proc/{self.holder.pid}/task/{self.holder.pid}/children").read_text().split()
        return int(children[0])

    def command(self, *words: str) -> list[str]:
        """What runs a command in there."""
        return ["nsenter", f"--target={self.first}", "--mount", "--pid", "--net", "--ipc", *words]

    def environment(self, **more: str) -> dict[str, str]:
        """What commands in there see."""
        own = {"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE), "STATE_DIRECTORY": "/var/lib/portward"}
        return own | more

    def run(self, *words: str, **more: str) -> "subprocess.CompletedProcess[str]":
        """Run a command in there, with more variables."""
        return subprocess.run(
            self.command(*words),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            env=self.environment(**more),
            timeout=120,
        )

    def harden(self, *words: str, code: int = 0, **more: str) -> Any:
        """Run `portward harden` in there and give its JSON object."""
        done = self.run(sys.executable, "-m", "portward", "harden", *words, "--json", **more)
        assert done.returncode == code, done.stdout + done.stderr
        return json.loads(done.stdout)

    def probe(self, *ports: str) -> dict[str, str]:
        """What a visitor finds at these ports: `tcp/22` → open, closed or silent."""
        words = [
            sys.executable,
            "-m",
            "portward",
            "probe",
            HOST,
            "--json",
            *(f"--ports={each}" for each in ports),
        ]
        done = self.visitor.run(*words, check=False, env=self.environment() | {"HOME": "/nonexistent"})
        found = json.loads(done.stdout)["result"]
        return {each: state_of(found, each) for each in ports}

    def open_ports(self, *ports: str) -> set[str]:
        """Which of these ports answer a visitor."""
        return {port for port, state in self.probe(*ports).items() if state == "open"}

    def tree(self, *, times: bool = True) -> dict[str, tuple[int, int, int, int, bytes]]:
        """All of /etc: mode, owner, group, time and content of every path; of a link, where it leads."""
        found = {}
        for path in sorted((self.root / "etc").rglob("*")):
            state = path.lstat()
            content = str(path.readlink()).encode() if path.is_symlink() else b""
            if path.is_file() and not path.is_symlink():
                content = path.read_bytes()
            timed = times and (path.is_symlink() or not path.is_dir())
            changed = state.st_mtime_ns if timed else 0
            found[str(path.relative_to(self.root))] = (
                *(state.st_mode, state.st_uid, state.st_gid, changed),
                content,
            )
        return found

    def active(self) -> set[str]:
        """The units that run or listen."""
        listed = self.run(
            "systemctl", "list-units", "--type=service,socket", "--state=active", "--plain", "--no-legend"
        )
        return {line.split()[0] for line in listed.stdout.splitlines()}


def state_of(found: Any, port: str) -> str:
    """What probe said of a port; what it does not name did not answer."""
    for each in found["ports"]:
        if f"{each['protocol']}/{each['port']}" == port:
            return str(each["state"])
    return "silent"


def wait_for(true: Callable[[], bool], seconds: float) -> bool:
    """Look again and again until it is true or the time is over."""
    until = time.monotonic() + seconds
    while not (found := true()) and time.monotonic() < until:
        time.sleep(0.1)
    return found


def furnish(root: Path) -> None:
    """Lay out the host's files."""
    for name in ("units", "empty", "lib/portward", "lib/redis", "lib/snmp", "log/redis"):
        (root / name).mkdir(mode=0o700, parents=True)
    subprocess.run(["cp", "-a", "/etc", str(root / "etc")], check=True)
    for folder in ("systemd/system", "ssh/sshd_config.d", "portward"):
        shutil.rmtree(root / "etc" / folder, ignore_errors=True)
        (root / "etc" / folder).mkdir()
    for each in TARGETS:
        (root / f"units/{each}.target").write_text(f"[Unit]\nDescription={each}\nDefaultDependencies=no\n")
    for each in UNITS:
        (root / "units" / each).write_text(bare(Path("/lib/systemd/system", each).read_text()))
    shutil.copy("/lib/systemd/system/ssh.socket", root / "units/ssh.socket")
    (root / "units/openbsd-inetd.service").rename(root / "units/inetd.service")
    tftp = (
        "[Service]\nExecStart=/usr/sbin/in.tftpd --listen --foreground --address 0.0.0.0:69 --secure /srv\n"
    )
    (root / "units/tftpd-hpa.service").write_text(f"{tftp}[Install]\nWantedBy=multi-user.target\n")
    (root / "units/own.socket").write_text(OWN_SOCKET)
    (root / "units/own@.service").write_text(OWN_SERVICE)
    (root / "etc/inetd.conf").write_text(INETD)
    write_settings(root)


def write_settings(root: Path) -> None:
    """Write the servers' configurations, with their mistakes."""
    ssh = "# sshd of a test\nInclude /etc/ssh/sshd_config.d/*.conf\nPort 22\nPasswordAuthentication yes\nUsePAM no\n"
    (root / "etc/ssh/sshd_config").write_text(ssh)
    subprocess.run(["ssh-keygen", "-A", "-f", str(root)], check=True, capture_output=True)
    (root / "etc/vsftpd.conf").write_text(
        "listen=YES\nbackground=NO\nlocal_enable=YES\nsecure_chroot_dir=/srv\n"
    )
    redis = 'bind 0.0.0.0\nprotected-mode no\nport 6379\nsave ""\ndir /tmp\n'
    (root / "etc/redis").mkdir(exist_ok=True)
    (root / "etc/redis/redis.conf").write_text(redis)
    policy = root / "etc/portward/policy.toml"
    policy.write_text(POLICY)
    policy.chmod(0o600)


def bare(unit: str) -> str:
    """A unit without what needs more of a machine than a namespace has."""
    lines, section = [], ""
    for line in unit.splitlines():
        if line.startswith("["):
            section = line
        if section != "[Service]" or line.startswith("[") or line.partition("=")[0] in KEPT:
            lines.append(line)
    return "\n".join(lines) + "\n"


@contextlib.contextmanager
def debian_host(
    root: Path, plant: Callable[[Path], None] = lambda _root: None, running: Iterable[str] = RUNNING
) -> Iterator[DebianHost | None]:
    """A host whose systemd and servers are up; None where systemd does not come up in a namespace.

    Args:
        root: where its files are laid out.
        plant: adds to these files.
        running: the units that are enabled and started.
    """
    furnish(root)
    plant(root)
    spaces = ["--pid", "--fork", "--kill-child", "--mount", "--uts", "--ipc", "--net"]
    with namespaces("visitor", prefix="pwl") as (visitor,):
        holder = subprocess.Popen(
            ["unshare", *spaces, "sh", "-c", START, "sh", str(root)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        host = DebianHost(holder, root, visitor)
        try:
            if not wait_for(lambda: is_up(host), 15):
                yield None
                return
            connect(host)
            host.run("hostname", "gate")
            host.run("systemctl", "enable", "--now", *running)
            yield host
        finally:
            holder.kill()
            holder.wait()


def connect(host: DebianHost) -> None:
    """Lay a cable between host and visitor."""
    there = f"/proc/{host.first}/ns/net"
    with Path(there).open("rb"):
        host.visitor.run("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "eth1")
        host.visitor.run("ip", "link", "set", "eth1", "netns", str(host.first))
    address(host.visitor, "eth0", f"{VISITOR}/24")
    host.visitor.run("ip", "link", "set", "eth0", "up")
    for words in (
        ("link", "set", "lo", "up"),
        ("address", "add", f"{HOST}/24", "dev", "eth1"),
        ("link", "set", "eth1", "up"),
    ):
        host.run("ip", *words)


def is_up(host: DebianHost) -> bool:
    """Whether systemd answers."""
    try:
        return host.run("systemctl", "is-system-running").stdout.strip() in {"running", "degraded"}
    except (IndexError, FileNotFoundError):
        return False

"""Exposure with real servers of Debian in a namespace: planted mistakes are found, none are invented, probe agrees."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from lab.namespaces import GATE_V4, Namespace, Town, town
from portward.compile.nft import compile_policy
from portward.exposure.question import Target
from portward.exposure.scan import Pace, State, scan
from portward.policy.net import Protocol
from portward.sources.policy_reader import read_policy


pytestmark = pytest.mark.net

SOURCE = Path(__file__).parents[2] / "src"
SERVERS = (
    "inetd",
    "telnetd",
    "in.rlogind",
    "in.rshd",
    "vsftpd",
    "nginx",
    "redis-server",
    "sshd",
    "memcached",
    "snmpd",
    "in.tftpd",
    "mosquitto",
    "rsync",
    "rpcbind",
)
PLANTED = {
    ("PX101", "tcp/23 telnet"),
    ("PX101", "tcp/513 rlogin"),
    ("PX101", "tcp/514 rsh"),
    ("PX102", "tcp/21 ftp"),
    ("PX102", "udp/69 tftp"),
    ("PX102", "tcp/873 rsync"),
    ("PX103", "tcp/80 http"),
    ("PX105", "udp/161 snmp"),
    ("PX107", "tcp/1883 mqtt"),
    ("PX108", "tcp/111 sunrpc"),
    ("PX108", "udp/111 sunrpc"),
    ("PX201", "tcp/6379 redis"),
    ("PX201", "tcp/11211 memcached"),
    ("PX205", "tcp/22 ssh"),
    ("PX301", "tcp/22 ssh"),
}
"""Thirteen services with a mistake each; rpcbind has two ports, ssh two mistakes."""

POLICY = """schema = 1
public = ["tcp/443"]
[services.ssh]
ports = ["tcp/22"]
published = ["tcp/41022"]
[sequences.admin]
knocks = ["tcp/33333", "udp/22222", "tcp/11111", "udp/4747"]
opens = ["ssh"]
"""


@attrs.frozen
class Host:
    """A host in a namespace, and somebody outside."""

    town: Town
    files: Path
    servers: contextlib.ExitStack

    @property
    def here(self) -> Namespace:
        """The host's namespace."""
        return self.town.gate

    def write(self, name: str, text: str) -> str:
        """Write a configuration file."""
        path = self.files / name
        path.write_text(text)
        return str(path)

    def start(self, *command: str) -> None:
        """Start a server in the foreground."""
        process = self.here.start(
            *command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.servers.callback(end, process)

    def portward(self, where: Namespace, *words: str) -> tuple[int, dict[str, Any]]:
        """Run a command with `--json`."""
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE), "HOME": "/nonexistent"}
        done = where.run(sys.executable, "-m", "portward", *words, "--json", check=False, env=environment)
        assert done.stdout, done.stderr
        return done.returncode, json.loads(done.stdout)["result"]

    def audit(self, *words: str) -> tuple[int, dict[str, Any]]:
        """Audit the host."""
        return self.portward(self.here, "audit", *words)

    def wait_for(self, *ports: str) -> None:
        """Wait until all of these listen."""
        deadline = time.monotonic() + 20
        missing = set(ports)
        while missing:
            listed = self.here.run("ss", "-Hlntu").stdout.splitlines()
            words = [line.split() for line in listed]
            missing = set(ports) - {f"{each[0]}/{each[4].rpartition(':')[2]}" for each in words}
            assert time.monotonic() < deadline, f"{missing} did not come up"
            time.sleep(0.05)


def end(process: subprocess.Popen[str]) -> None:
    """End a server that we started."""
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(5)
        return
    process.kill()
    process.wait()


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    """A host without servers."""
    with town("visitor", prefix="pwk") as made, contextlib.ExitStack() as servers:
        yield Host(made, tmp_path, servers)


def key_pair(host: Host) -> str:
    """Make a host key for sshd."""
    path = host.files / "host_key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    return str(path)


def start_sshd(host: Host, more: str) -> None:
    """Start a real sshd on 22."""
    settings = f"HostKey {key_pair(host)}\nPidFile none\nUsePAM no\n{more}\n"
    host.start("/usr/sbin/sshd", "-D", "-f", host.write("sshd_config", settings))


def start_nginx(host: Host, servers: str) -> None:
    """Start a real nginx."""
    places = "".join(
        f"{name}_temp_path {host.files}/{name};"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    text = (
        f"daemon off; user root; pid {host.files}/nginx.pid; error_log {host.files}/nginx.log;"
        f"events {{}} http {{ access_log off; {places} {servers} }}"
    )
    host.start("nginx", "-c", host.write("nginx.conf", text), "-e", f"{host.files}/nginx.log")


def plant(host: Host) -> None:
    """Start every server, each with its mistake."""
    inetd = "".join(
        f"{name} stream tcp nowait root /usr/sbin/{program} {program}\n"
        for name, program in (("telnet", "telnetd"), ("login", "in.rlogind"), ("shell", "in.rshd"))
    )
    host.start("inetd", "-i", host.write("inetd.conf", inetd))
    (host.files / "empty").mkdir()
    ftp = f"listen=YES\nbackground=NO\nlocal_enable=YES\nsecure_chroot_dir={host.files}/empty\n"
    host.start("vsftpd", host.write("vsftpd.conf", ftp))
    start_nginx(host, "server { listen 80; return 200 'welcome'; }")
    host.start(
        "redis-server", "--bind", "0.0.0.0", "--protected-mode", "no", "--save", "", "--dir", str(host.files)
    )
    start_sshd(host, "PasswordAuthentication yes")
    host.start("memcached", "-l", "0.0.0.0", "-u", "root")
    snmp = host.write("snmp.conf", "rocommunity public\nagentaddress udp:0.0.0.0:161\nsmuxsocket 127.0.0.1\n")
    host.start("env", f"SNMP_PERSISTENT_DIR={host.files}", "snmpd", "-f", "-Lo", "-C", "-c", snmp)
    host.start("in.tftpd", "--listen", "--foreground", "--address", "0.0.0.0:69", "--secure", str(host.files))
    mqtt = host.write("mosquitto.conf", "listener 1883 0.0.0.0\nallow_anonymous true\nuser root\n")
    host.start("mosquitto", "-c", mqtt)
    rsync = host.write("rsyncd.conf", f"pid file = {host.files}/rsyncd.pid\n[all]\npath = {host.files}\n")
    host.start("rsync", "--daemon", "--no-detach", f"--config={rsync}")
    host.start("unshare", "--mount", "sh", "-c", "mount -t tmpfs tmpfs /run && exec rpcbind -f -w")
    host.wait_for(
        *(f"tcp/{port}" for port in (21, 22, 23, 80, 111, 513, 514, 873, 1883, 6379, 11211)),
        "udp/69",
        "udp/111",
        "udp/161",
    )


def keep_clean(host: Host) -> None:
    """Start servers as they should be: keys only behind the knock, TLS, and the rest for this host alone."""
    start_sshd(host, "PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin no")
    certificate = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "1",
    ]
    places = ["-subj", "/CN=gate", "-keyout", f"{host.files}/tls.key", "-out", f"{host.files}/tls.crt"]
    subprocess.run([*certificate, *places], check=True, capture_output=True)
    tls = f"ssl_certificate {host.files}/tls.crt; ssl_certificate_key {host.files}/tls.key;"
    start_nginx(
        host,
        f"server {{ listen 443 ssl; {tls} return 200 'welcome'; }}"
        "server { listen 80; return 301 https://$host$request_uri; }",
    )
    host.start("redis-server", "--bind", "127.0.0.1", "--save", "", "--dir", str(host.files))
    mqtt = host.write("mosquitto.conf", "listener 1883 127.0.0.1\nallow_anonymous true\nuser root\n")
    host.start("mosquitto", "-c", mqtt)
    host.wait_for("tcp/22", "tcp/80", "tcp/443", "tcp/6379", "tcp/1883")


def load(host: Host, text: str = POLICY) -> str:
    """Put a policy into the host's kernel, and give its file."""
    policy, mistakes = read_policy(text, "policy.toml")
    assert policy, mistakes
    host.here.nft(compile_policy(policy).text)
    return host.write("policy.toml", text)


def told(result: dict[str, Any]) -> set[tuple[str, str]]:
    """Codes and subjects."""
    return {(each["code"], each["subject"]) for each in result["findings"]}


@pytest.mark.peer(*SERVERS)
def test_every_planted_mistake_is_found_and_nothing_besides(host: Host) -> None:
    """Thirteen real servers of Debian, each with its mistake; the audit names them all, and no other."""
    plant(host)
    status, result = host.audit()
    assert status == 1
    assert told(result) == PLANTED
    assert all(each["mends"] for each in result["findings"])
    by_port = {f"{each['protocol']}/{each['port']}": each for each in result["listeners"]}
    assert by_port["tcp/6379"]["programs"][0]["name"] == "redis-server"
    assert by_port["tcp/23"]["programs"][0]["name"] == "inetd"


@pytest.mark.peer("nginx", "redis-server", "sshd", "mosquitto", "openssl")
def test_nothing_is_invented_on_a_clean_host(host: Host) -> None:
    """Keys only behind the knock, https, a redirect to it, and the rest on loopback: there is nothing to say."""
    keep_clean(host)
    policy = load(host)
    status, result = host.audit("--policy", policy)
    assert (status, result["findings"]) == (0, [])
    ssh = next(each for each in result["listeners"] if each["port"] == 22)
    assert ssh["doors"] == ["ssh"]
    assert ssh["reachable_from"] == "nobody"
    assert ssh["outside_ports"] == [41022]


@pytest.mark.peer("nginx", "redis-server", "sshd", "mosquitto", "openssl")
def test_outside_sees_what_inside_believes_and_says_so_when_not(host: Host) -> None:
    """Inside and outside agree; with the rules gone behind the audit's back, the open door is named."""
    keep_clean(host)
    policy = load(host)
    _, result = host.audit("--policy", policy)
    audit = host.write("audit.json", json.dumps({"result": result}))
    visitor = host.town.visitors["visitor"]
    ports = ("--ports", "tcp/22,tcp/80,tcp/443,tcp/41022,tcp/6379", "--against", audit)
    status, seen = host.portward(visitor, "probe", GATE_V4, *ports)
    assert (status, seen["findings"]) == (0, [])
    assert {each["port"]: each["service"] for each in seen["ports"] if each["state"] == "open"} == {
        80: "http",
        443: "tls",
    }
    host.here.nft("delete table inet portward")
    status, seen = host.portward(visitor, "probe", GATE_V4, *ports)
    assert status == 1
    assert told(seen) == {("PX601", f"{GATE_V4} tcp/22")}


@pytest.mark.peer(*SERVERS)
def test_probe_names_what_answers(host: Host) -> None:
    """Real servers are named by what they say, wherever they listen."""
    plant(host)
    host.start(
        "redis-server",
        "--bind",
        "0.0.0.0",
        "--port",
        "22000",
        "--protected-mode",
        "no",
        "--dir",
        str(host.files),
    )
    host.wait_for("tcp/22000")
    status, seen = host.portward(host.town.visitors["visitor"], "probe", GATE_V4, "--rate", "1000")
    assert status == 0
    names = {
        f"{each['protocol']}/{each['port']}": each["service"]
        for each in seen["ports"]
        if each["state"] == "open"
    }
    assert names == {
        "tcp/21": "ftp",
        "tcp/22": "ssh",
        "tcp/23": "telnet",
        "tcp/80": "http",
        "tcp/111": "sunrpc",
        "tcp/513": None,
        "tcp/514": None,
        "tcp/873": "rsync",
        "tcp/1883": "mqtt",
        "tcp/6379": "redis",
        "tcp/11211": "memcached",
        "udp/69": "tftp",
        "udp/111": "sunrpc",
        "udp/161": "snmp",
    }


def closed_by_nft(here: Namespace) -> None:
    """A firewall of one's own, in nft."""
    here.nft(
        "table inet mine { set web { type inet_service; elements = { 80 } }\n"
        " chain in { type filter hook input priority 0; policy drop;\n"
        " ct state vmap { established : accept, related : accept, invalid : drop }\n"
        " tcp dport @web accept\n ip saddr 198.51.100.0/28 tcp dport 21-25 accept\n }\n }"
    )


def closed_by_iptables(here: Namespace) -> None:
    """The same by iptables, with extensions that nft's JSON does not tell about."""
    for words in (
        "-P INPUT DROP",
        "-A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT",
        "-A INPUT -p tcp -m multiport --dports 80,81 -m comment --comment web -j ACCEPT",
        "-A INPUT -p tcp -s 198.51.100.0/28 --dport 21:25 -m conntrack --ctstate NEW -j ACCEPT",
    ):
        here.run("iptables", *words.split())
    here.run("ip6tables", "-P", "INPUT", "DROP")


@pytest.mark.peer("iptables", "nginx", "redis-server")
@pytest.mark.parametrize("close", [closed_by_nft, closed_by_iptables])
def test_the_live_firewall_decides_who_reaches_it(host: Host, close: Callable[[Namespace], None]) -> None:
    """80 is open to all, 23 to one network, 6379 to nobody; a visitor's real connections say the same."""
    start_nginx(host, "server { listen 80; listen 23; listen [::]:80; return 200 'welcome'; }")
    host.start("redis-server", "--bind", "0.0.0.0", "--save", "", "--dir", str(host.files))
    host.wait_for("tcp/80", "tcp/23", "tcp/6379")
    close(host.here)
    _, result = host.audit()
    reach = {
        each["port"]: each["reachable_from"] for each in result["listeners"] if each["address"] == "0.0.0.0"
    }
    assert reach == {80: "any", 23: "some networks", 6379: "nobody"}
    with host.town.visitors["visitor"].entered():
        seen = scan_ports(80, 23, 6379)
    assert seen == {80: State.OPEN, 23: State.OPEN, 6379: State.SILENT}


def scan_ports(*ports: int) -> dict[int, State]:
    """Look at ports of the gate from where this thread is."""
    from ipaddress import ip_address

    targets = tuple(Target(Protocol.TCP, port) for port in ports)
    return {each.target.port: each.state for each in scan([ip_address(GATE_V4)], targets, Pace(1000, 0.6))}


@pytest.mark.peer("nginx")
def test_what_only_ipv4_rules_close_is_open_over_ipv6(host: Host) -> None:
    """A table of family ip closes the port; the audit says that IPv6 is open."""
    start_nginx(host, "server { listen 8080; listen [::]:8080; return 200 'welcome'; }")
    host.wait_for("tcp/8080")
    host.here.nft("table ip mine { chain in { type filter hook input priority 0; tcp dport 8080 drop\n }\n }")
    _, result = host.audit()
    assert ("PX207", "tcp/8080 http") in told(result)


def test_a_port_that_is_sent_to_a_container_is_seen_to_pass_the_rules(host: Host) -> None:
    """A translation at prerouting takes the packet past a closed input chain."""
    host.here.run("sysctl", "-qw", "net.ipv4.ip_forward=1")
    host.here.nft(
        "table ip mine { chain in { type filter hook input priority 0; policy drop;\n }\n"
        " chain pre { type nat hook prerouting priority -100;\n tcp dport 8080 dnat to 172.17.0.2:80\n }\n }"
    )
    _, result = host.audit()
    assert {("PX208", "tcp/8080 http"), ("PX103", "tcp/8080 http")} <= told(result)


def test_what_the_policy_guards_and_the_kernel_does_not(host: Host) -> None:
    """A policy that was never applied guards nothing, and the audit says so."""
    listener = host.servers.enter_context(host.here.socket(socket.AF_INET))
    listener.bind(("0.0.0.0", 22))
    listener.listen()
    policy = host.write("policy.toml", POLICY)
    _, result = host.audit("--policy", policy)
    assert ("PX401", "tcp/22 ssh") in told(result)


@pytest.mark.peer("chromium")
def test_the_page_is_drawn_by_a_browser(host: Host) -> None:
    """One file, nothing loaded from elsewhere."""
    listener = host.servers.enter_context(host.here.socket(socket.AF_INET))
    listener.bind(("0.0.0.0", 23))
    listener.listen()
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE), "HOME": str(host.files)}
    done = host.here.run(sys.executable, "-m", "portward", "audit", "--html", check=False, env=environment)
    page = host.write("page.html", done.stdout)
    browser = shutil.which("chromium") or "chromium"
    drawn = host.here.run(
        browser, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={host.files}/profile", "--dump-dom",
        f"file://{page}", check=False, timeout=120, env=environment,
    )  # fmt: skip
    assert "a remote shell in clear text: tcp/23 telnet" in drawn.stdout
    assert "http://" not in done.stdout
    assert "src=" not in done.stdout

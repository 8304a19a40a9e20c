"""Debian's own fwknop makes packets that we open, and `portward knock --fwknop` opens doors of Debian's own fwknopd."""

import base64
import contextlib
import itertools
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path
from random import Random

import attrs
import pytest

import portward
from lab.namespaces import GATE_V4, Namespace, town
from portward.knock.fwknop_profile import FwknopProfile
from portward.knock.profile import Family, Profile
from portward.knock.profile_text import write_profiles
from portward.policy.net import Protocol
from portward.spa.crypto import AesMode
from portward.spa.fwknop_fields import InnerDigest
from portward.spa.fwknop_packet import open_packet
from portward.spa.fwknop_request import Kind, Packet
from portward.spa.keyring import FwknopKey, HmacDigest, Term


TERM = Term(datetime(2020, 1, 1, tzinfo=UTC))
SOURCES = Path(portward.__file__).parents[1]
RANDOM_KEY = Random(7).randbytes(31) + b"\0"
RANDOM_HMAC_KEY = Random(8).randbytes(100)


def key(  # fwknop's own ways to say a key
    secret: bytes = b"correct horse 1",
    hmac_key: bytes = b"hmac key 2",
    digest: HmacDigest = HmacDigest.SHA256,
    mode: AesMode = AesMode.CBC,
    *,
    legacy: bool = False,
) -> FwknopKey:
    """A key of the gate."""
    return FwknopKey("alice", secret, hmac_key, digest, mode, legacy, "", TERM)


@attrs.frozen
class Client:
    """Debian's fwknop with a home of its own."""

    home: Path

    def packet(self, with_key: FwknopKey, *arguments: str) -> bytes:
        """What it would send; secrets are given as base64 where they are no text."""
        file = self.home / "packet"
        file.unlink(missing_ok=True)
        words = ["fwknop", "--rc-file", str(self.home / "rc"), "--no-save-args", "-T", "-B", str(file)]
        words += ["-D", "192.0.2.1", *_words("rijndael", with_key.key), *arguments]
        if with_key.hmac_key:
            words += ["--use-hmac", "--hmac-digest-type", with_key.hmac_digest.upper()]
            words += _words("hmac", with_key.hmac_key)
        mode = "legacy" if with_key.legacy else with_key.mode
        words += ["-M", mode]
        made = subprocess.run(words, capture_output=True, text=True, env=self.variables, check=False)
        assert file.exists(), made.stdout + made.stderr
        return file.read_bytes().strip()

    @property
    def variables(self) -> dict[str, str]:
        """Its environment."""
        return {"HOME": str(self.home), "PATH": os.environ["PATH"], "USER": "carol", "LOGNAME": "carol"}


def _words(kind: str, secret: bytes) -> list[str]:
    if secret.isascii() and secret.decode().isprintable():
        return [f"--key-{kind}", secret.decode()]
    return [f"--key-base64-{kind}", base64.b64encode(secret).decode()]


@pytest.fixture
def client(tmp_path: Path) -> Client:
    """A client whose settings are its own."""
    (tmp_path / "rc").write_text("[default]\n")
    (tmp_path / "rc").chmod(0o600)
    return Client(tmp_path)


def opened(client: Client, with_key: FwknopKey, *arguments: str) -> Packet:
    """Take a packet of the client, which is new, and open it among keys that do not fit."""
    before = int(time.time())
    packet = open_packet(client.packet(with_key, *arguments), [key(b"another", b"keys"), with_key])
    assert packet.key == with_key
    assert before - 1 <= packet.sent <= int(time.time()) + 1
    return packet


SSH = ((Protocol.TCP, 22),)
TO_SSH = ("-A", "tcp/22", "-a", "192.0.2.7")


@pytest.mark.peer("fwknop")
def test_packets_of_the_client_with_each_digest_mode_and_kind_of_key(client: Client) -> None:
    """All seven HMACs with passphrases and random keys, all five modes, legacy, and without HMAC."""
    seen = set()
    keys = [
        *(key(digest=each) for each in HmacDigest),
        *(key(RANDOM_KEY, RANDOM_HMAC_KEY, each) for each in HmacDigest),
        *(key(mode=each) for each in AesMode),
        *(key(RANDOM_KEY, b"", mode=each) for each in AesMode),
        key(hmac_key=b"", legacy=True),
        key(b"longer than sixteen bytes", hmac_key=b"", legacy=True),
        key(b"k"),
    ]
    for each in keys:
        packet = opened(client, each, *TO_SSH)
        assert (packet.kind, packet.address) == (Kind.ACCESS, IPv4Address("192.0.2.7"))
        assert (packet.wanted, packet.nat, packet.timeout) == (SSH, None, None)
        seen.add(packet.digest)
    assert len(seen) == len(keys)


@pytest.mark.peer("fwknop")
def test_packets_of_the_client_with_each_inner_digest(client: Client) -> None:
    """No field says which digest it is."""
    for each in InnerDigest:
        assert opened(client, key(), *TO_SSH, "-m", each.upper()).wanted == SSH


@pytest.mark.peer("fwknop")
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((*TO_SSH, "-f", "60"), {"timeout": 60, "kind": Kind.ACCESS}),
        ((*TO_SSH, "-f", "65535"), {"timeout": 65535}),
        (("-A", "tcp/22", "-s"), {"address": None}),
        (
            ("-A", "tcp/22,udp/53,tcp/65535", "-a", "192.0.2.7"),
            {"wanted": ((Protocol.TCP, 22), (Protocol.UDP, 53), (Protocol.TCP, 65535))},
        ),
        ((*TO_SSH, "-U", "bob"), {"username": "bob"}),
        ((*TO_SSH, "-N", "10.0.0.2:8022"), {"kind": Kind.NAT, "nat": ("10.0.0.2", 8022), "wanted": SSH}),
        ((*TO_SSH, "-N", "inner.example:80", "-f", "9"), {"nat": ("inner.example", 80), "timeout": 9}),
        (
            (*TO_SSH, "--nat-local", "--nat-port", "8022"),
            {"kind": Kind.LOCAL_NAT, "nat": ("192.0.2.1", 22), "wanted": ((Protocol.TCP, 8022),)},
        ),
        ((*TO_SSH, "--nat-local", "--nat-port", "8022", "-f", "9"), {"kind": Kind.LOCAL_NAT, "timeout": 9}),
        (("-C", "id; date", "-a", "192.0.2.7"), {"kind": Kind.COMMAND, "wanted": ()}),
    ],
    ids=itertools.count(),
)
def test_requests_of_the_client(
    client: Client, arguments: tuple[str, ...], expected: dict[str, object]
) -> None:
    """Timeouts, several ports, the packet's source, both kinds of NAT, a command, another user."""
    packet = opened(client, key(), *arguments)
    assert {name: getattr(packet, name) for name in expected} == expected


@attrs.frozen
class Case:
    """A stanza of fwknopd and the profile that opens it."""

    lines: tuple[str, ...]
    profile: FwknopProfile


def cases() -> list[Case]:
    """Each HMAC, mode, inner digest and kind of key: each with keys and a port of its own."""
    made: list[Case] = []

    def add(profile: FwknopProfile, *more: str, in_base64: bool = False) -> None:
        port = 3000 + len(made)
        asked = attrs.evolve(profile, access=((Protocol.TCP, port),), key=profile.key + b"%d" % len(made))
        mode = "legacy" if profile.legacy else profile.mode
        lines = [f"OPEN_PORTS tcp/{port}", f"ENCRYPTION_MODE {mode}", *more]
        lines.append(_line("KEY", asked.key, in_base64=in_base64))
        if asked.hmac_key:
            lines.append(_line("HMAC_KEY", asked.hmac_key, in_base64=in_base64))
            lines.append(f"HMAC_DIGEST_TYPE {asked.hmac_digest}")
        made.append(Case(tuple(lines), asked))

    for digest in HmacDigest:
        add(FwknopProfile(b"a passphrase ", b"hmac of it", hmac_digest=digest))
        add(FwknopProfile(RANDOM_KEY[:28], RANDOM_HMAC_KEY, hmac_digest=digest), in_base64=True)
    for mode in AesMode:
        add(FwknopProfile(b"mode ", b"hmac of mode", mode=mode))
    for inner in InnerDigest:
        add(FwknopProfile(b"inner ", b"hmac of inner", digest=inner))
    add(FwknopProfile(b"asks for a time ", b"hmac of time", timeout=60), "FW_ACCESS_TIMEOUT 5")
    add(FwknopProfile(b"names somebody ", b"hmac of name", username="bob"), "REQUIRE_USERNAME bob")
    add(FwknopProfile(b"no hmac ", b""))
    add(FwknopProfile(b"legacy ", b"", legacy=True))
    return made


def _line(name: str, secret: bytes, *, in_base64: bool) -> str:
    return f"{name}_BASE64 {base64.b64encode(secret).decode()}" if in_base64 else f"{name} {secret.decode()}"


CONF = """PCAP_INTF eth0
PCAP_FILTER udp port 62201
ENABLE_IPT_FORWARDING Y
ENABLE_IPT_LOCAL_NAT Y
FWKNOP_RUN_DIR {run}
DIGEST_FILE {run}/digest.cache
"""


@contextlib.contextmanager
def fwknopd(gate: Namespace, folder: Path, stanzas: str) -> Iterator[Path]:
    """Run fwknopd behind a firewall that drops every new TCP connection; gives its log."""
    folder.mkdir()
    conf, access, log = folder / "fwknopd.conf", folder / "access.conf", folder / "log"
    conf.write_text(CONF.format(run=folder / "run"))
    access.write_text(stanzas)
    for each in (conf, access):
        each.chmod(0o600)
    for rule in ("-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT", "-A INPUT -p tcp -j DROP"):
        gate.run("iptables", *rule.split())
    with log.open("w") as out:
        words = ("fwknopd", "-f", "-v", "-c", str(conf), "-a", str(access), "-r", str(folder / "run"))
        peer = gate.start(*words, stdout=out, stderr=out)
        try:
            wait_for(lambda: "main event loop" in log.read_text(), "fwknopd to listen", log)
            yield log
        finally:
            peer.terminate()
            peer.wait()


def wait_for(condition: Callable[[], bool], what: str, log: Path) -> None:
    """Wait until something is so."""
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}: {log.read_text()[-2000:]}"
        time.sleep(0.02)


@contextlib.contextmanager
def listening(gate: Namespace, *ports: int) -> Iterator[None]:
    """Listen on TCP ports of the gate."""
    with contextlib.ExitStack() as stack:
        for port in ports:
            server = stack.enter_context(gate.socket(socket.AF_INET, socket.SOCK_STREAM))
            server.bind(("0.0.0.0", port))
            server.listen()
        yield


def knock(
    visitor: Namespace, home: Path, profile: FwknopProfile, *arguments: str
) -> subprocess.CompletedProcess[str]:
    """Run `portward knock --fwknop` at the visitor's, who has that one profile."""
    directory = home / "portward"
    directory.mkdir(mode=0o700, exist_ok=True)
    text = write_profiles((Profile("gate", GATE_V4, (), family=Family.V4, fwknop=profile),))
    (directory / "client.toml").write_text(text)
    (directory / "client.toml").chmod(0o600)
    words = (sys.executable, "-m", "portward", "knock", "--fwknop", "gate", *arguments)
    variables = {"XDG_CONFIG_HOME": str(home), "PYTHONPATH": str(SOURCES), "PATH": os.environ["PATH"]}
    done: subprocess.CompletedProcess[str] = visitor.run(*words, check=False, env=variables)
    return done


@pytest.mark.net
@pytest.mark.peer("fwknopd", "iptables")
def test_we_open_a_real_fwknopd(tmp_path: Path) -> None:
    """For each HMAC, mode, inner digest and kind of key: the port is shut, then a connection to it comes about."""
    every = cases()
    stanzas = "\n".join("\n".join(("SOURCE ANY", *each.lines, "")) for each in every)
    ports = [each.profile.access[0][1] for each in every]
    with town("visitor", prefix="pwf") as street:
        gate, visitor = street.gate, street.visitors["visitor"]
        with listening(gate, *ports), fwknopd(gate, tmp_path / "fwknopd", stanzas) as log:
            shut = knock(
                visitor,
                tmp_path,
                attrs.evolve(every[0].profile, hmac_key=b"wrong"),
                "--verify",
                "3000",
                "--timeout",
                "1s",
            )
            assert shut.returncode != 0
            for each, port in zip(every, ports, strict=True):
                done = knock(visitor, tmp_path, each.profile, "--verify", str(port), "--timeout", "10s")
                assert done.returncode == 0, f"{each.lines}: {done.stderr}\n{log.read_text()[-2000:]}"
                assert "at try" not in done.stderr
            rules = gate.run("iptables", "-S", "FWKNOP_INPUT").stdout
            assert all(f"--dport {port} " in rules for port in ports[-len(every) // 2 :])


@pytest.mark.net
@pytest.mark.peer("fwknopd", "iptables")
def test_a_second_try_is_another_packet(tmp_path: Path) -> None:
    """No packet of ours is one that fwknopd has seen; a command runs behind each."""
    stanza = "SOURCE ANY\nKEY abc\nHMAC_KEY def\nOPEN_PORTS tcp/3000\nFW_ACCESS_TIMEOUT 2\n"
    profile = FwknopProfile(b"abc", b"def", access=((Protocol.TCP, 3000),))
    with town("visitor", prefix="pwf") as street:
        gate, visitor = street.gate, street.visitors["visitor"]
        with listening(gate, 3000), fwknopd(gate, tmp_path / "fwknopd", stanza) as log:
            for _ in range(3):
                done = knock(visitor, tmp_path, profile, "--verify", "3000", "--", "echo", "inside")
                assert (done.returncode, done.stdout) == (0, "inside\n")
            wait_for(lambda: log.read_text().count("SPA Packet from IP") == 3, "three packets", log)
            assert "replay" not in log.read_text().lower()


@pytest.mark.net
@pytest.mark.peer("fwknopd", "iptables")
def test_we_ask_a_real_fwknopd_for_nat(tmp_path: Path) -> None:
    """A port of the gate that leads to another one, and one that leads to a machine behind."""
    stanza = "SOURCE ANY\nKEY abc\nHMAC_KEY def\nFW_ACCESS_TIMEOUT 30\n"
    profile = FwknopProfile(b"abc", b"def", access=((Protocol.TCP, 8022),), nat=("local", 3000))
    with town("visitor", prefix="pwf") as street:
        gate, visitor = street.gate, street.visitors["visitor"]
        with listening(gate, 3000), fwknopd(gate, tmp_path / "fwknopd", stanza) as log:
            done = knock(visitor, tmp_path, profile, "--verify", "8022", "--timeout", "10s")
            assert done.returncode == 0, done.stderr + log.read_text()[-3000:]
            done = knock(
                visitor, tmp_path, attrs.evolve(profile, access=((Protocol.TCP, 8023),), nat=("10.0.0.2", 80))
            )
            assert done.returncode == 0

            def rules() -> str:
                return gate.run("iptables", "-t", "nat", "-S").stdout

            wait_for(lambda: "--dport 8023" in rules() and "10.0.0.2:80" in rules(), "the rule", log)

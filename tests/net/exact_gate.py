"""A router's rules in the kernel, under test: any script in a namespace, packets of any kind into it, what got through.

An observer behind the rules, at `input` and at `forward`, logs every packet that they accept and then drops it, so
nothing answers and connection tracking keeps nothing. It counts what comes in and what is logged, so that nothing that
was lost on the way is taken for dropped by a rule.
"""

import contextlib
import json
import socket
from collections.abc import Iterator
from ipaddress import ip_address

import attrs

from lab import frames
from lab.frames import Address, Road
from lab.namespaces import GATE_V4, GATE_V6, Namespace, address, cable, namespaces
from lab.nflog import Watch
from portward.compile.exact import Exact, compile_exact
from portward.simulate.packet import Packet
from portward.sources.routeros_rules import Script


OBSERVER = """
table inet observer {
  counter arrived { }
  counter passed { }
  chain door {
    type filter hook prerouting priority -350; policy accept;
    ip saddr { 198.51.0.0/16, 203.0.113.0/24 } counter name arrived
    ip6 saddr 2001:db8:0:1::/64 counter name arrived
  }
  chain here {
    type filter hook input priority 300; policy accept;
    iifname "lo" accept
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit, nd-router-advert } drop
    counter name passed log group 78
    drop
  }
  chain through {
    type filter hook forward priority 300; policy accept;
    counter name passed log group 78
    drop
  }
}
"""

V4, V6 = ip_address(GATE_V4), ip_address(GATE_V6)
BEHIND_V4, BEHIND_V6 = ip_address("203.0.113.5"), ip_address("2001:db8:0:2::5")
"""A machine that the router forwards to."""

SO_RCVBUFFORCE = 33


@attrs.define
class ExactGate:
    """A router and the one cable that leads to it."""

    here: Namespace
    road: Road
    wire: socket.socket
    watch: Watch
    arrived: int = 0
    passed: int = 0

    def load(self, script: Script) -> Exact:
        """Put a script's rules in place of what was there, with nothing remembered."""
        compiled = compile_exact(script)
        self.here.nft(f"table inet portward\ndelete table inet portward\n{compiled.text}")
        self.accepted()
        return compiled

    def frame(self, source: Address, goal: Address, protocol: int, content: bytes, number: int) -> bytes:
        """Make a frame that is known again by its number, 1..65535."""
        return frames.frame(self.road, source, goal, protocol, content, number)

    def accepted(self, sent: int = 0) -> set[int] | None:
        """The numbers of the packets that the rules accepted since the last call; None if packets were lost.

        Args:
            sent: how many packets were sent since then.
        """
        goal = self.arrived + sent
        for _ in range(50):
            counts = self.counts()
            if counts["arrived"] >= goal:
                break
        logged = {frames.number_of(packet) for packet in self.watch.packets(0.01)}
        complete = counts["arrived"] == goal and len(logged) == self.counts()["passed"] - self.passed
        self.arrived, self.passed = counts["arrived"], self.counts()["passed"]
        return logged if complete else None

    def counts(self) -> dict[str, int]:
        """What the observer has counted."""
        listed = json.loads(self.here.run("nft", "-j", "list", "counters").stdout)["nftables"]
        return {each["counter"]["name"]: each["counter"]["packets"] for each in listed if "counter" in each}

    def members(self, name: str) -> set[str]:
        """The addresses in a set."""
        listed = json.loads(self.here.run("nft", "-j", "list", "set", "inet", "portward", name).stdout)
        elements = next(each["set"] for each in listed["nftables"] if "set" in each).get("elem", [])
        return {each["elem"]["val"] if "elem" in each else each for each in elements}


@contextlib.contextmanager
def exact_gate() -> Iterator[ExactGate]:
    """Make a router without rules."""
    with namespaces("gate", "wire", prefix="pwh") as (here, there):
        cable(here, there, "eth0", "eth0")
        settings = [
            "net.ipv4.conf.all.rp_filter=0",
            "net.ipv4.conf.eth0.rp_filter=0",
            "net.ipv4.ip_forward=1",
            "net.ipv6.conf.all.forwarding=1",
            "net.ipv4.conf.all.send_redirects=0",
            "net.ipv4.conf.eth0.send_redirects=0",
        ]
        here.run("sysctl", "-qw", *settings)
        there.run("sysctl", "-qw", "net.ipv6.conf.eth0.disable_ipv6=1")  # it would talk of its own accord
        address(here, "eth0", f"{GATE_V4}/16", f"{GATE_V6}/64")
        here.run("ip", "route", "add", "203.0.113.0/24", "dev", "eth0")
        here.run("ip", "route", "add", "2001:db8:0:2::/64", "dev", "eth0")
        here.nft(OBSERVER)
        wire = there.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        wire.bind(("eth0", 0))
        watch = Watch(here, 78)
        for each in (watch._socket, wire):
            each.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
        try:
            yield ExactGate(here, Road(mac(there), mac(here)), wire, watch)
        finally:
            wire.close()
            watch.close()


def content_of(packet: Packet) -> bytes:
    """What stands behind the IP header of such a packet."""
    ports = (packet.source_port, packet.destination_port)
    match packet.protocol:
        case 6:
            return frames.tcp(packet.source, packet.destination, ports, int(packet.tcp_flags))
        case 17:
            return frames.udp(packet.source, packet.destination, ports, packet.payload)
        case 1 | 58:
            head = bytes([packet.icmp_type or 0, packet.icmp_code or 0, 0, 0, 0, 7, 0, 1]) + packet.payload
            before = b""
            if packet.protocol == 58:
                before = frames.pseudo_header(packet.source, packet.destination, 58, len(head))
            return head[:2] + frames.checksum(before + head).to_bytes(2, "big") + head[4:]
        case _:
            return bytes(packet.length - (20 if packet.source.version == 4 else 40))


def mac(where: Namespace) -> bytes:
    """The MAC address of the end of the cable."""
    links = json.loads(where.run("ip", "-j", "link", "show", "eth0").stdout)
    return bytes.fromhex(links[0]["address"].replace(":", ""))


def visitor(number: int, version: int = 4) -> Address:
    """A visitor's address, by number from 2."""
    return ip_address(f"198.51.{number >> 8}.{number & 255}" if version == 4 else f"2001:db8:0:1::{number:x}")

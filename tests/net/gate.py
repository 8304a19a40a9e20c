"""A gate under test: a compiled policy in a namespace, packets of any kind into it, and what it let through.

An observer table of our own logs every packet that the gate leaves and then drops it, so that nothing answers and
connection tracking keeps nothing: the gate's judgement is seen packet by packet.
"""

import contextlib
import json
import socket
import time
from collections.abc import Iterable, Iterator
from ipaddress import ip_address

import attrs

from lab import frames
from lab.frames import Address, Road
from lab.namespaces import GATE_V4, GATE_V6, Namespace, address, cable, namespaces
from lab.nflog import Watch
from portward.compile.nft import compile_policy
from portward.policy.policy import Policy


OBSERVER = """
table inet observer {
  chain last {
    type filter hook prerouting priority 300; policy accept;
    iifname "lo" accept
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit, nd-router-advert } drop
    log group 77
    drop
  }
}
"""

V4 = ip_address(GATE_V4)
V6 = ip_address(GATE_V6)


@attrs.define
class Gate:
    """A gate and the one cable that leads to it."""

    here: Namespace
    road: Road
    wire: socket.socket
    watch: Watch
    number: int = 0

    def load(self, policy: Policy) -> None:
        """Put a policy in place of what was there, with nothing remembered."""
        text = compile_policy(policy).text
        self.here.nft(f"table inet portward\ndelete table inet portward\n{text}")

    def send(self, source: Address, protocol: int, content: bytes, destination: Address | None = None) -> int:
        """Send one IP packet and give the number by which it is known again."""
        goal = destination or (V4 if source.version == 4 else V6)
        self.number = self.number % 65535 + 1
        self.wire.send(frames.frame(self.road, source, goal, protocol, content, self.number))
        return self.number

    def syn(
        self, source: Address, port: int, destination: Address | None = None, source_port: int = 40000
    ) -> int:
        """Send a new TCP packet."""
        goal = destination or (V4 if source.version == 4 else V6)
        return self.send(source, 6, frames.tcp(source, goal, (source_port, port), frames.SYN), goal)

    def tcp(self, source: Address, port: int, flags: int, source_port: int = 40000) -> int:
        """Send a TCP packet with any flags."""
        goal = V4 if source.version == 4 else V6
        return self.send(source, 6, frames.tcp(source, goal, (source_port, port), flags))

    def udp(
        self, source: Address, port: int, payload: bytes = b"", destination: Address | None = None
    ) -> int:
        """Send a datagram."""
        goal = destination or (V4 if source.version == 4 else V6)
        return self.send(source, 17, frames.udp(source, goal, (40000, port), payload), goal)

    def ping(self, source: Address, length: int, word: bytes = b"") -> int:
        """Send an echo request whose IP packet has that many bytes."""
        goal = V4 if source.version == 4 else V6
        filling = word.ljust(length - (28 if source.version == 4 else 48), b"\0")
        return self.send(
            source, 1 if source.version == 4 else 58, frames.echo(source, goal, filling, self.number)
        )

    def left(self) -> set[int]:
        """The numbers of the packets that the gate left alone since the last call."""
        return {frames.number_of(packet) for packet in self.watch.packets(0.03)}

    def leaves(self, number: int) -> bool:
        """Whether the gate left that packet alone, the last one sent."""
        return number in self.left()

    def members(self, name: str) -> set[str]:
        """The addresses in a set of the live table."""
        listed = json.loads(self.here.run("nft", "-j", "list", "set", "inet", "portward", name).stdout)
        elements = next(each["set"] for each in listed["nftables"] if "set" in each).get("elem", [])
        return {each["elem"]["val"] if "elem" in each else each for each in elements}


@contextlib.contextmanager
def gate() -> Iterator[Gate]:
    """Make a gate without a policy."""
    with namespaces("gate", "wire", prefix="pwt") as (here, there):
        cable(here, there, "eth0", "eth0")
        here.run("sysctl", "-qw", "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.eth0.rp_filter=0")
        address(here, "eth0", f"{GATE_V4}/16", f"{GATE_V6}/64")
        here.nft(OBSERVER)
        macs = [
            bytes.fromhex(
                json.loads(where.run("ip", "-j", "link", "show", "eth0").stdout)[0]["address"].replace(
                    ":", ""
                )
            )
            for where in (there, here)
        ]
        wire = there.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        wire.bind(("eth0", 0))
        watch = Watch(here, 77)
        try:
            yield Gate(here, Road(*macs), wire, watch)
        finally:
            wire.close()
            watch.close()


def source(number: int, version: int = 4) -> Address:
    """A visitor's address, by number."""
    return ip_address(f"198.51.{number >> 8}.{number & 255}" if version == 4 else f"2001:db8:0:1::{number:x}")


def pause(seconds: float) -> None:
    """Let the kernel's clock go on."""
    time.sleep(seconds)


def knock_all(gate: Gate, visitor: Address, knocks: Iterable[tuple[str, int]]) -> None:
    """Knock in order."""
    for protocol, number in knocks:
        match protocol:
            case "tcp":
                gate.syn(visitor, number)
            case "udp":
                gate.udp(visitor, number)
            case _:
                gate.ping(visitor, number)

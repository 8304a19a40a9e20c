"""The place of an attack: a gate with the compiled policy, one cable, and the world of everybody else at its other end.

Both are network namespaces that go when the attack ends. Addresses are of documentation and test networks that the
policy's `always` does not cover. Needs root.
"""

import contextlib
import json
import os
import socket
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import attrs

from portward.attack.frames import Road
from portward.attack.namespaces import Namespace, address, cable, missing, namespaces
from portward.compile.names import OPENED, TABLE
from portward.compile.nft import compile_policy
from portward.errors import HostError, UsageError
from portward.policy.net import Address
from portward.policy.policy import Policy


NETWORKS = {
    4: ("10.64.0.0", "10.96.0.0", "172.20.0.0", "192.168.0.0", "198.18.0.0"),
    6: ("2001:db8:64::", "2001:db8:96::", "fd64::", "fd96::"),
}
"""Networks of which the last 16 bits vary, for sources (RFC 1918, RFC 2544, RFC 3849, RFC 4193)."""

STREETS = {
    4: ("198.51.100.0", "203.0.113.0", "192.0.2.0"),
    6: ("2001:db8:0:1::", "2001:db8:0:2::", "fd01::"),
}
"""Networks of the cable itself: the gate is 1, the world 2 (RFC 5737, RFC 3849)."""


@attrs.frozen
class Place:
    """A gate and the cable that leads to it.

    Attributes:
        policy: that it keeps.
        gate: the guarded host.
        world: everybody else.
        wire: an AF_PACKET socket on the world's end.
        end: the name of the world's end.
        road: the MAC addresses, from the world to the gate.
        goal: the gate's address.
        near: the world's own address.
        attackers: a network of 16 bits that the gate does not know the way to.
        visitors: a network of 16 bits whose answers come back to the world.
    """

    policy: Policy
    gate: Namespace
    world: Namespace
    wire: socket.socket
    end: str
    road: Road
    goal: Address
    near: Address
    attackers: Address
    visitors: Address

    def load(self, policy: Policy | None = None) -> None:
        """Put the policy, or another, in place of what is there, with nothing remembered."""
        text = compile_policy(policy or self.policy).text
        self.gate.nft(f"table inet {TABLE}\ndelete table inet {TABLE}\n{text}")

    def opened(self) -> int:
        """How often last knocks have opened something, by the gate's own counter."""
        listed = self.gate.run("nft", "-j", "list", "counter", "inet", TABLE, OPENED).stdout
        counters = (each["counter"] for each in json.loads(listed)["nftables"] if "counter" in each)
        return int(next(counters)["packets"])

    def arrived(self) -> int:
        """How many packets have come out of the cable at the gate."""
        shown = self.gate.run("ip", "-j", "-s", "link", "show", inner_end(self.policy)).stdout
        return int(json.loads(shown)[0]["stats64"]["rx"]["packets"])


@contextlib.contextmanager
def place(policy: Policy, version: int) -> Iterator[Place]:
    """Make the place, with the policy loaded, and remove it at the end.

    Raises:
        HostError: not root, or a program is missing.
        UsageError: the policy's `always` leaves no address to attack from.
    """
    ready()
    attackers, visitors = free(policy, NETWORKS[version], 16, 2)
    (street,) = free(policy, STREETS[version], 8, 1)
    goal, near = street + 1, street + 2
    inner, end = inner_end(policy), "eth0"
    with namespaces("gate", "world", prefix="pwa") as (gate, world):
        cable(gate, world, inner, end)
        gate.run("sysctl", "-qw", "net.ipv4.conf.all.rp_filter=0", f"net.ipv4.conf.{inner}.rp_filter=0")
        length = 24 if version == 4 else 64
        address(gate, inner, f"{goal}/{length}")
        address(world, end, f"{near}/{length}")
        road = Road(mac(world, end), mac(gate, inner))
        # The gate knows the way by heart: an attack does not delay an answer by a neighbour request.
        gate.run("ip", "neighbour", "add", str(near), "lladdr", road.sender.hex(":"), "dev", inner)
        gate.run(
            "ip",
            "route",
            "add",
            str(ip_network((visitors, 32 - 16 if version == 4 else 112))),
            "via",
            str(near),
        )
        with world.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as wire:
            wire.bind((end, 0))
            made = Place(policy, gate, world, wire, end, road, goal, near, attackers, visitors)
            made.load()
            yield made


def ready() -> None:
    """Judge whether this machine lets us attack.

    Raises:
        HostError: it does not.
    """
    if os.geteuid() != 0:
        raise HostError("attack needs root: it makes network namespaces and sends packets into them")
    if lacking := missing("ip", "nft", "sysctl"):
        raise HostError(f"attack needs {', '.join(lacking)}: install nftables, iproute2 and procps")


def free(
    policy: Policy, candidates: tuple[str, ...], bits: int, count: int
) -> list[IPv4Address | IPv6Address]:
    """Choose networks, whose last `bits` bits vary, that do not meet any network of `always`.

    Raises:
        UsageError: there are not so many.
    """
    found = []
    for candidate in candidates:
        first = ip_address(candidate)
        network = ip_network((first, first.max_prefixlen - bits))
        if not any(each.version == network.version and each.overlaps(network) for each in policy.always):
            found.append(first)
    if len(found) < count:
        raise UsageError("the policy's always covers every network that attack could come from; leave it out")
    return found[:count]


def inner_end(policy: Policy) -> str:
    """The name of the gate's end of the cable: one of the interfaces that the policy guards."""
    if not policy.interfaces:
        return "eth0"
    name = policy.interfaces[0]
    return f"{name[:-1]}0"[:15] if name.endswith("*") else name


def mac(where: Namespace, end: str) -> bytes:
    """The hardware address of a cable's end."""
    shown = json.loads(where.run("ip", "-j", "link", "show", end).stdout)
    return bytes.fromhex(shown[0]["address"].replace(":", ""))

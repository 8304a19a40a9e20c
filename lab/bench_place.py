"""Where the bench happens: gates on cables of their own that lead to one outside world.

No bridge lies between, so that nothing but sender, cable, receiver and rules takes time.
"""

import contextlib
import json
import socket
from collections.abc import Iterator
from ipaddress import ip_address

import attrs

from lab.frames import Road
from lab.namespaces import GATE_V4, GATE_V6, Namespace, address, cable, namespaces


V4 = ip_address(GATE_V4)
V6 = ip_address(GATE_V6)

FORGERS_V4 = ip_address("10.64.0.0")
"""The first of the networks of 16 bits that floods and strays come from."""

FORGERS_V6 = ip_address("2001:db8:0:2::")
"""The same for IPv6."""

VISITORS = ip_address("10.32.0.0")
"""The network of 16 bits that honest visitors come from."""

PREFIX = "pwf"


@attrs.frozen
class Site:
    """One gate and the cable that leads to it.

    Attributes:
        gate: the guarded host; its end of the cable is `eth0`.
        world: everybody else; the other end is in here.
        road: the MAC addresses, from the world to the gate.
        wire: an AF_PACKET socket on the world's end.
    """

    gate: Namespace
    world: Namespace
    road: Road
    wire: socket.socket


def mac(where: Namespace, end: str) -> bytes:
    """The hardware address of a cable's end."""
    shown = json.loads(where.run("ip", "-j", "link", "show", end).stdout)
    return bytes.fromhex(shown[0]["address"].replace(":", ""))


@contextlib.contextmanager
def sites(count: int) -> Iterator[list[Site]]:
    """Make that many gates around one world; sources of packets to them are not checked by reverse path."""
    roles = ["world", *(f"gate{number}" for number in range(count))]
    with namespaces(*roles, prefix=PREFIX) as (world, *gates), contextlib.ExitStack() as wires:
        yield [wires.enter_context(site(world, gate, f"gate{number}")) for number, gate in enumerate(gates)]


@contextlib.contextmanager
def site(world: Namespace, gate: Namespace, end: str) -> Iterator[Site]:
    """Lay the cable to one gate."""
    cable(gate, world, "eth0", end)
    gate.run("sysctl", "-qw", "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.eth0.rp_filter=0")
    address(gate, "eth0", f"{GATE_V4}/24", f"{GATE_V6}/64")
    road = Road(mac(world, end), mac(gate, "eth0"))
    with world.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as wire:
        wire.bind((end, 0))
        yield Site(gate, world, road, wire)


def welcome_visitors(where: Site) -> None:
    """Let the world own every address of the visitors' network and the gate find its way there.

    The gate knows the world's hardware address for good: a flood does not delay an answer by an ARP request.
    """
    world_address = str(V4 + 1)
    end = "gate0"
    address(where.world, end, f"{world_address}/24")
    where.world.run("ip", "route", "add", "local", f"{VISITORS}/16", "dev", "lo")
    where.world.run("ip", "neighbour", "add", str(V4), "lladdr", where.road.receiver.hex(":"), "dev", end)
    where.gate.run(
        "ip", "neighbour", "add", world_address, "lladdr", where.road.sender.hex(":"), "dev", "eth0"
    )
    where.gate.run("ip", "route", "add", f"{VISITORS}/16", "via", world_address)

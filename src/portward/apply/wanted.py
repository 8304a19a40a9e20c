"""What is to be put into the kernel, with all that is needed besides the policy itself, so that it can be stored.

The last confirmed one comes up at boot without the policy's files. Pure; the text may hold secret words, so
what is written of it must be readable by its owner alone.
"""

from collections.abc import Mapping
from typing import Any

import attrs

from portward.compile.names import StageNumbers, person_number
from portward.compile.nft import Compiled
from portward.errors import HostError, Span
from portward.policy.net import PortRange, Protocol
from portward.policy.notation import read_ports, write_ports
from portward.policy.policy import Expiry, Mode, Policy


FORMAT = 1
"""The version of the stored form."""


@attrs.frozen
class Guarded:
    """Where the gate drops TCP that belongs to no connection it knows of.

    Attributes:
        ports: of this host's services, own and published.
        everywhere: lockdown: on every port.
        cut: doors of this host whose connections end with the grant.
    """

    ports: tuple[PortRange, ...] = ()
    everywhere: bool = False
    cut: tuple[PortRange, ...] = ()

    def covers(self, port: int) -> bool:
        """Whether it does so on a TCP port of this host."""
        return self.everywhere or any(port in ports for ports in self.ports)

    def cuts(self, port: int) -> bool:
        """Whether connections to a TCP port of this host end with the grant."""
        return any(port in ports for ports in self.cut)


@attrs.frozen
class Door:
    """A service as `status` shows it.

    Attributes:
        service: its name.
        ports: where visitors come to, as in `tcp/22`.
        hosts: addresses of the machine behind this one that runs it; empty for this host.
        opened_by: names of the sequences and the people that open it.
    """

    service: str
    ports: tuple[str, ...]
    hosts: tuple[str, ...] = ()
    opened_by: tuple[str, ...] = ()


@attrs.frozen
class StageName:
    """Which stage a number in the kernel's set is: stage `stage` of `sequence`, which has `knocks` knocks."""

    sequence: str
    stage: int
    knocks: int


@attrs.frozen
class Wanted:
    """What is to be put into the kernel.

    Attributes:
        text: the compiled table.
        source: the policy's file, for messages.
        guarded: for adopting open connections.
        doors: for `status`.
        stages: the same; by the number of the stage.
        people: the same; names by the number of the person.
        lines: the policy's place of each line of the text; not stored.
    """

    text: str = attrs.field(repr=False)
    source: str = ""
    guarded: Guarded = Guarded()
    doors: tuple[Door, ...] = ()
    stages: Mapping[int, StageName] = attrs.field(factory=dict)
    people: Mapping[int, str] = attrs.field(factory=dict)
    lines: Mapping[int, Span] = attrs.field(factory=dict, eq=False, repr=False)


def want(policy: Policy, compiled: Compiled, source: str) -> Wanted:
    """Put together what a policy wants of the kernel."""
    people = {person_number(person.name): person.name for person in policy.people}
    return Wanted(
        compiled.text, source, guarded(policy), doors(policy), stages(policy), people, compiled.lines
    )


def guarded(policy: Policy) -> Guarded:
    """Find out where the policy drops TCP that belongs to no connection."""
    ports = tuple(
        ports
        for service in policy.services
        for ports in (*(() if service.hosts else service.ports), *service.published)
        if ports.protocol is Protocol.TCP
    )
    cut = tuple(
        ports
        for service in policy.services
        if service.on_expiry is Expiry.CUT
        for ports in (*(() if service.hosts else service.ports), *service.published)
        if ports.protocol is Protocol.TCP
    )
    return Guarded(ports, policy.mode is Mode.LOCKDOWN, cut)


def doors(policy: Policy) -> tuple[Door, ...]:
    """List the services and what opens them, in the order of the policy."""
    openers: dict[str, list[str]] = {service.name: [] for service in policy.services}
    for sequence in policy.sequences:
        for service in policy.opened_by(sequence):
            openers[service.name].append(sequence.name)
    for person in policy.people:
        for service in () if person.revoked else policy.open_to(person):
            openers[service.name].append(person.name)
    return tuple(
        Door(
            service.name,
            tuple(map(write_ports, service.doors)),
            tuple(map(str, service.hosts)),
            tuple(openers[service.name]),
        )
        for service in policy.services
    )


def stages(policy: Policy) -> dict[int, StageName]:
    """Name the stages by their numbers."""
    numbers = StageNumbers()
    for sequence in policy.sequences:
        numbers.add(sequence)
    lengths = {sequence.name: len(sequence.knocks) for sequence in policy.sequences}
    return {
        number: StageName(name, stage, lengths[name]) for number, (name, stage) in numbers.names().items()
    }


def to_json(wanted: Wanted) -> dict[str, Any]:
    """Make the stored form."""
    return {
        "format": FORMAT,
        "text": wanted.text,
        "source": wanted.source,
        "guarded": [write_ports(ports) for ports in wanted.guarded.ports],
        "everywhere": wanted.guarded.everywhere,
        "cut": [write_ports(ports) for ports in wanted.guarded.cut],
        "doors": [attrs.asdict(door) for door in wanted.doors],
        "stages": {str(number): attrs.astuple(stage) for number, stage in wanted.stages.items()},
        "people": {str(number): name for number, name in wanted.people.items()},
    }


def from_json(stored: Any, file: str) -> Wanted:
    """Take the stored form back.

    Raises:
        HostError: it is damaged, or of a newer portward.
    """
    if not isinstance(stored, dict) or stored.get("format") != FORMAT:
        raise HostError(f"{file} was written by another version of portward; apply the policy again")
    try:
        return Wanted(
            text=str(stored["text"]),
            source=str(stored["source"]),
            guarded=Guarded(
                tuple(map(read_ports, stored["guarded"])),
                bool(stored["everywhere"]),
                tuple(map(read_ports, stored.get("cut", ()))),
            ),
            doors=tuple(door_from_json(each) for each in stored["doors"]),
            stages={int(number): StageName(*stage) for number, stage in stored["stages"].items()},
            people={int(number): str(name) for number, name in stored.get("people", {}).items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise HostError(f"{file} is damaged; remove it and apply the policy again") from None


def door_from_json(stored: Mapping[str, Any]) -> Door:
    """Take one door back."""
    return Door(
        str(stored["service"]),
        tuple(map(str, stored["ports"])),
        tuple(map(str, stored["hosts"])),
        tuple(map(str, stored["opened_by"])),
    )

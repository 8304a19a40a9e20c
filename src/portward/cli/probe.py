"""`portward probe`: look at one's own host from outside, name what answers, and hold it against an audit."""

import argparse
import socket
from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

from portward.cli.audit import findings_text
from portward.cli.environment import Environment
from portward.cli.exit import ExitStatus
from portward.cli.outcome import Outcome
from portward.errors import HostError, PeerError, Severity, UsageError
from portward.exposure.compare import compare
from portward.exposure.finding import Finding
from portward.exposure.judge import in_order
from portward.exposure.question import Target, targets_of, usual_targets
from portward.exposure.record import Believed, finding_object, read_believed
from portward.exposure.scan import Pace, Sighting, State, scan, source_towards
from portward.policy.net import Address, Protocol
from portward.policy.notation import read_number, read_ports


MOST_ADDRESSES = 256
"""More are no host of one's own: a /24, or a /120."""
FASTEST = 1000
"""Packets a second."""
MOST_LOOKS = 1_000_000
"""Ports times addresses."""


def run(options: argparse.Namespace, environment: Environment) -> Outcome:
    """Look, tell, and compare if asked to.

    Raises:
        UsageError: a network that is too large, a port or a rate that is none.
        HostError: the audit's file cannot be read, or is none.
        PeerError: the name does not resolve.
    """
    addresses = resolve(options.host, options.family)
    believed = _believed(options.against)
    targets = _targets(options.ports, believed)
    pace = Pace(_rate(options.rate))
    looks = len(addresses) * len(targets)
    if looks > MOST_LOOKS:
        raise UsageError(f"{looks:,} looks are too many for one run: name fewer ports or addresses")
    visitor = source_towards(addresses[0])
    if options.against and (not visitor or ip_address(visitor).is_loopback):
        raise UsageError("compare from another machine: this host does not see itself as a stranger does")
    environment.talk(
        "probe only hosts that are yours, or whose owner has asked you to: others may take it for an attack"
    )
    environment.talk(
        f"{looks:,} looks at {options.host}, {pace.rate:g} a second, about {looks / pace.rate + pace.patience:.0f} s"
    )
    seen = scan(addresses, targets, pace)
    findings = in_order(compare(believed, seen, ip_address(visitor))) if options.against else ()
    return Outcome(
        _text(seen, findings, compared=bool(options.against)),
        _result(options.host, visitor, seen, findings),
        ExitStatus.FINDINGS
        if any(each.severity is not Severity.NOTE for each in findings)
        else ExitStatus.OK,
    )


def resolve(host: str, family: str | None) -> tuple[Address, ...]:
    """The addresses that a name, address or small network stands for.

    Raises:
        UsageError: a network of more than 256 addresses, or none of a single machine.
        PeerError: the name does not resolve.
    """
    try:
        network = ip_network(host, strict=False)
    except ValueError:
        return _look_up(host, family)
    if network.num_addresses > MOST_ADDRESSES:
        raise UsageError(
            f"{host} has {network.num_addresses:,} addresses; probe is for one's own hosts, at most {MOST_ADDRESSES}"
        )
    if network.is_multicast or network[0].is_unspecified:
        raise UsageError(f"{host} is no address of a single machine")
    return tuple(network.hosts()) or tuple(network)


def _look_up(host: str, family: str | None) -> tuple[Address, ...]:
    wanted = {"4": socket.AF_INET, "6": socket.AF_INET6}.get(family or "", socket.AF_UNSPEC)
    try:
        found = socket.getaddrinfo(host, None, wanted, socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise PeerError(f"{host} does not resolve: {error}") from error
    return tuple(dict.fromkeys(ip_address(str(each[4][0]).partition("%")[0]) for each in found))


def _rate(text: str) -> float:
    try:
        rate = read_number(text, "rate")
    except ValueError as error:
        raise UsageError(str(error)) from None
    if not 1 <= rate <= FASTEST:
        raise UsageError(f"a rate is 1..{FASTEST} packets a second, not {rate}")
    return float(rate)


def _targets(ports: Sequence[str] | None, believed: Sequence[Believed]) -> tuple[Target, ...]:
    """The ports that are named, or the usual ones; with an audit, also all that it knows of."""
    try:
        named = tuple(read_ports(one) for each in ports or () for one in each.split(","))
    except ValueError as error:
        raise UsageError(str(error)) from None
    if any(each.protocol not in {Protocol.TCP, Protocol.UDP} for each in named):
        raise UsageError("probe looks at tcp and udp ports only")
    chosen = targets_of(named) if named else usual_targets()
    known = (Target(each.protocol, port) for each in believed for port in (each.port, *each.outside))
    return tuple(dict.fromkeys((*chosen, *(() if named else known))))


def _believed(path: str | None) -> tuple[Believed, ...]:
    if path is None:
        return ()
    try:
        return read_believed(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise HostError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise HostError(f"{path}: {error}") from error


def _text(seen: Sequence[Sighting], findings: Sequence[Finding], *, compared: bool) -> str:
    rows = [each for each in seen if each.state is State.OPEN]
    lines = [
        f"{each.address} {each.target.protocol}/{each.target.port}  {each.name or '?'}  {each.banner}".rstrip()
        for each in rows
    ]
    counts = {state: sum(each.state is state for each in seen) for state in State}
    lines.append(
        ", ".join(f"{count:,} {state}" for state, count in counts.items() if count) or "nothing was tried"
    )
    if compared:
        lines += ["", findings_text(findings, "inside and outside agree")]
    return "\n".join(lines)


def _result(host: str, visitor: str, seen: Sequence[Sighting], findings: Sequence[Finding]) -> dict[str, Any]:
    return {
        "host": host,
        "from": visitor,
        "ports": [
            {
                "address": str(each.address),
                "protocol": str(each.target.protocol),
                "port": each.target.port,
                "state": str(each.state),
                "service": each.name or None,
                "banner": each.banner or None,
            }
            for each in seen
            if each.state is not State.SILENT
        ],
        "silent": sum(each.state is State.SILENT for each in seen),
        "findings": [finding_object(each) for each in findings],
    }

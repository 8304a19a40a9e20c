"""Which ports a firewall sends elsewhere, and the listeners that exist only by that. Pure."""

from collections.abc import Iterator
from ipaddress import ip_address

import attrs

from portward.exposure.facts import Facts, Listener, Origin
from portward.exposure.ruleset import Between, Compare, Field, Rule, Ruleset, Translate
from portward.policy.net import Protocol


def all_rules(rules: Ruleset) -> Iterator[tuple[str, Rule]]:
    """Every rule, with the family of its table."""
    for table in rules.tables:
        for chain in table.chains.values():
            for rule in chain.rules:
                yield table.family, rule


@attrs.frozen
class Translation:
    """A rule that sends some ports elsewhere."""

    versions: tuple[int, ...]
    protocols: tuple[Protocol, ...]
    ports: tuple[int, ...]
    target: Translate


def translations(rules: Ruleset) -> Iterator[Translation]:
    """Every rule that sends ports elsewhere."""
    for family, rule in all_rules(rules):
        target = next((each for each in rule.statements if isinstance(each, Translate)), None)
        if target is None:
            continue
        versions = {"ip": (4,), "ip6": (6,)}.get(family, (4, 6))
        if target.address:
            versions = (target.address.version,)
        protocols, ports = _destination_ports(rule)
        yield Translation(versions, protocols, ports, target)


def _destination_ports(rule: Rule) -> tuple[tuple[Protocol, ...], tuple[int, ...]]:
    """The protocols and ports that a rule is about; of a range, its first port stands for it."""
    protocols: set[Protocol] = set()
    ports: list[int] = []
    for each in rule.statements:
        if not isinstance(each, Compare) or each.negated or len(each.fields) != 1:
            continue
        parts = [element[0] for element in each.elements or ()]
        match each.fields[0]:
            case Field.TCP_PORT | Field.UDP_PORT | Field.PORT as field:
                firsts = (part.first if isinstance(part, Between) else part for part in parts)
                ports += [each for each in firsts if isinstance(each, int)]
                protocols |= {
                    {Field.TCP_PORT: Protocol.TCP, Field.UDP_PORT: Protocol.UDP}.get(field, Protocol.TCP)
                }
            case Field.PROTOCOL:
                protocols = {
                    each
                    for each in (Protocol.TCP, Protocol.UDP)
                    if each.value in parts or each.number in parts
                }
            case _:
                pass
    return tuple(sorted(protocols)), tuple(port for port in ports if port)


def containers(facts: Facts) -> Iterator[Listener]:
    """The ports that the firewall sends to other machines, where no socket of this host holds them."""
    held = {(each.protocol, each.port) for each in facts.listeners if is_proxy(each)}
    local = {address for each in facts.interfaces for address, _ in each.addresses}
    seen: set[tuple[Protocol, int, int]] = set()
    for each in translations(facts.rules):
        if each.target.address is None or each.target.address in local or each.target.address.is_loopback:
            continue
        for protocol in each.protocols:
            for port in each.ports:
                for version in each.versions:
                    key = (protocol, port, version)
                    if (protocol, port) not in held and key not in seen:
                        seen.add(key)
                        address = ip_address("0.0.0.0" if version == 4 else "::")  # noqa: S104 - a value, not a socket
                        yield Listener(protocol, address, port, origin=Origin.CONTAINER)


def is_proxy(listener: Listener) -> bool:
    """Whether a socket is held by the proxy of a container engine, which passes on what comes."""
    return any(each.name == "docker-proxy" for each in listener.programs)

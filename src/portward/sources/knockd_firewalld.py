"""What a firewall-cmd command does for the visitor of a door.

The words are those of firewall-cmd(1) and firewalld.richlanguage(5), 1.3. What a zone lets through is not known here.
"""

import re
import shlex
from datetime import timedelta

import attrs

from portward.policy.net import PortRange
from portward.sources.knockd_effect import (
    BLOCKS,
    BOTH_FAMILIES,
    NOTHING,
    Effect,
    read_host,
    read_port_list,
    read_protocols,
    read_visitor,
)
from portward.sources.knockd_iptables import read_iptables


_TIMEOUT = re.compile(r"(\d{1,9})([smh]?)")
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}
_FAMILIES = {"ipv4": frozenset((4,)), "ipv6": frozenset((6,))}
_VALUED = frozenset(("--zone", "--timeout", "--policy"))
_ALONE = frozenset(("--permanent", "--quiet", "-q"))
_READING = ("--list", "--get", "--query", "--state", "--info")


@attrs.define
class _Rich:
    """A rich rule that is being read."""

    families: frozenset[int] = BOTH_FAMILIES
    to_all: bool = True
    prefix: int | None = None
    ports: tuple[PortRange, ...] = ()
    published: tuple[PortRange, ...] = ()
    host: str = ""
    verdict: str = ""
    remarks: list[str] = attrs.field(factory=list)


def read_firewall_cmd(words: tuple[str, ...]) -> tuple[Effect, ...]:
    """Read what follows `firewall-cmd`.

    Raises:
        ValueError: its effect on packets is not known.
    """
    if "--direct" in words:
        return _direct([each for each in words if each not in _ALONE | {"--direct"}])
    lasts, effects = None, list[Effect]()
    rest = list(words)
    while rest:
        name, equals, value = rest.pop(0).partition("=")
        if name in _ALONE or name.startswith(_READING) or name == "--reload":
            continue
        if not equals and rest:
            value = rest.pop(0)
        if name == "--timeout":
            lasts = _timeout(value)
        elif name not in _VALUED:
            effects += _change(name, value)
    if "--permanent" in words:
        effects = [
            attrs.evolve(each, remarks=(*each.remarks, "opens in the permanent configuration, over restarts"))
            for each in effects
        ]
    return tuple(attrs.evolve(each, lasts=lasts) if each.opens else each for each in effects)


def _timeout(text: str) -> timedelta | None:
    found = _TIMEOUT.fullmatch(text)
    if not found:
        raise ValueError(f"the timeout {text!r} is not understood")
    seconds = int(found[1]) * _UNITS[found[2]]
    return timedelta(seconds=seconds) if seconds else None


def _change(name: str, value: str) -> tuple[Effect, ...]:
    """Read one thing that is added or removed.

    Raises:
        ValueError: it is not understood.
    """
    verb, _, what = name.removeprefix("--").partition("-")
    if not name.startswith("--") or verb not in {"add", "remove"}:
        raise ValueError(f"{name!r} is not understood")
    opens = verb == "add"
    if what == "rich-rule":
        return _rich(value, opens=opens)
    if what == "port":
        ports, _, protocol = value.partition("/")
        return (Effect(opens, read_port_list(ports, read_protocols(protocol), "-"), to_all=True),)
    if what == "service":
        return (Effect(opens, read_port_list(value, (), "-"), to_all=True),)
    if what == "protocol":
        return (Effect(opens, tuple(PortRange(each) for each in read_protocols(value)), to_all=True),)
    if what == "source":
        prefix = read_visitor(value)
        remark = "opens what a zone lets through, which does not stand there; here everything"
        return (Effect(opens, prefix=prefix, remarks=(remark,)),)
    raise ValueError(f"{name!r} is not understood")


def _rich(text: str, *, opens: bool) -> tuple[Effect, ...]:
    """Read a rich rule.

    Raises:
        ValueError: it is not understood.
    """
    rich = _Rich()
    rest = shlex.split(text)
    if rest[:1] != ["rule"]:
        raise ValueError("a rich rule begins with rule")
    rest.pop(0)
    while rest:
        word = rest.pop(0)
        attributes = {}
        while "=" not in word and rest and "=" in rest[0]:
            name, _, value = rest.pop(0).partition("=")
            attributes[name] = value
        _element(rich, word, attributes)
    if not rich.verdict:
        return NOTHING
    if opens and rich.verdict != "accept":
        rich.remarks.append(BLOCKS)
    return (
        Effect(
            opens == (rich.verdict == "accept"),
            rich.ports,
            rich.published,
            read_host(rich.host) if rich.host else None,
            rich.families,
            to_all=rich.to_all,
            prefix=rich.prefix,
            remarks=tuple(rich.remarks),
        ),
    )


def _element(rich: _Rich, word: str, attributes: dict[str, str]) -> None:
    """Read one element of a rich rule and its attributes.

    Raises:
        ValueError: it is not understood.
    """
    if word.startswith("family="):
        rich.families = _FAMILIES.get(word.removeprefix("family="), BOTH_FAMILIES)
    elif word == "source" and "address" in attributes and "invert" not in attributes:
        rich.prefix, rich.to_all = read_visitor(attributes["address"]), False
    elif word == "destination" and "address" in attributes and "invert" not in attributes:
        rich.remarks.append(f"opens at the address {attributes['address']} only; here at all of this host")
    elif word == "port":
        protocols = read_protocols(attributes.get("protocol", ""))
        rich.ports += read_port_list(attributes.get("port", ""), protocols, "-")
    elif word == "service":
        rich.ports += read_port_list(attributes.get("name", ""), (), "-")
    elif word == "protocol":
        rich.ports += tuple(PortRange(each) for each in read_protocols(attributes.get("value", "")))
    elif word == "forward-port":
        _forward(rich, attributes)
    elif word in {"accept", "drop", "reject"}:
        rich.verdict = word
    elif word not in {"log", "audit"} and not word.startswith("priority="):
        raise ValueError(f"{word!r} is not understood")


def _forward(rich: _Rich, attributes: dict[str, str]) -> None:
    """Read a port that is led elsewhere."""
    protocols = read_protocols(attributes.get("protocol", ""))
    rich.published = read_port_list(attributes.get("port", ""), protocols, "-")
    rich.ports = read_port_list(attributes.get("to-port") or attributes.get("port", ""), protocols, "-")
    rich.host = attributes.get("to-addr", "")
    rich.verdict = "accept"
    if [len(each) for each in rich.ports] != [len(each) for each in rich.published]:
        raise ValueError("the ports before and behind the translation are not one for one")


def _direct(words: list[str]) -> tuple[Effect, ...]:
    """Read `--direct`: an iptables rule in firewalld's clothes.

    Raises:
        ValueError: it is not understood.
    """
    verb, *rest = words or [""]
    if not rest or rest[0] not in _FAMILIES:
        raise ValueError(f"firewall-cmd --direct {verb} is not understood")
    families = _FAMILIES[rest[0]]
    if verb == "--passthrough":
        return read_iptables(tuple(rest[1:]), families)
    if verb in {"--add-rule", "--remove-rule"} and len(rest) > 4:
        _, table, chain, _, *rule = rest
        command = "-A" if verb == "--add-rule" else "-D"
        return read_iptables(("-t", table, command, chain, *rule), families)
    raise ValueError(f"firewall-cmd --direct {verb} is not understood")

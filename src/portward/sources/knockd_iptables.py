"""What an iptables or ip6tables command does for the visitor of a door.

Option names and their arguments are those of iptables(8) and iptables-extensions(8), 1.8.9. Nothing of the host is
known here: of a chain of the user's own it is believed that packets to this host come by it, and said so.
"""

import attrs

from portward.policy.net import PortRange
from portward.sources.knockd_effect import (
    BLOCKS,
    NOTHING,
    Effect,
    read_host,
    read_port_list,
    read_protocols,
    read_visitor,
)


_COMMANDS = {
    "-A": "add",
    "--append": "add",
    "-I": "add",
    "--insert": "add",
    "-D": "delete",
    "--delete": "delete",
    "-C": "look",
    "--check": "look",
    "-L": "look",
    "--list": "look",
    "-S": "look",
    "--list-rules": "look",
    "-F": "change",
    "--flush": "change",
    "-N": "look",
    "--new-chain": "look",
    "-X": "change",
    "-P": "change",
    "--policy": "change",
    "-R": "change",
    "--replace": "change",
    "-E": "change",
    "-Z": "look",
}
_ALONE = frozenset(("-n", "-v", "--numeric", "--verbose", "--line-numbers", "-x", "-4", "-6", "--syn"))
_LONG = {
    "--source": "-s",
    "--src": "-s",
    "--destination": "-d",
    "--dst": "-d",
    "--protocol": "-p",
    "--proto": "-p",
    "--jump": "-j",
    "--match": "-m",
    "--table": "-t",
    "--in-interface": "-i",
    "--out-interface": "-o",
    "--destination-port": "--dport",
    "--destination-ports": "--dports",
    "--source-port": "--sport",
    "--source-ports": "--sports",
    "--to-port": "--to-ports",
    "--state": "--ctstate",
    "--wait-interval": "-W",
}
_PORTS = ("--sport", "--sports", "--dport", "--dports")
_KEPT = frozenset(
    ("-s", "-d", "-p", "-j", "-t", "-i", "-o", *_PORTS, "--ctstate", "--to-ports", "--to-destination")
)
_PASSED_OVER = frozenset(
    ("--comment", "-c", "-W", "--tcp-flags", "--reject-with", "--log-prefix", "--log-level")
)
_MODULES = frozenset(("tcp", "udp", "state", "conntrack", "comment", "multiport"))
_TO_HOSTS_BEHIND = frozenset(("FORWARD", "DOCKER-USER"))


@attrs.frozen
class _Rule:
    """One command line, taken apart.

    Attributes:
        command: what is done: add, delete, look or change.
        chain: where.
        by_number: whether a rule is deleted by its number.
        options: the values of the options that matter, by their short names.
    """

    command: str
    chain: str
    by_number: bool
    options: dict[str, str]


def read_iptables(words: tuple[str, ...], families: frozenset[int]) -> tuple[Effect, ...]:
    """Read what follows `iptables` (families {4}) or `ip6tables` (families {6}).

    Raises:
        ValueError: its effect on packets is not known.
    """
    rule = _take_apart(words)
    if rule.command == "look":
        return NOTHING
    if rule.command == "change" or rule.by_number:
        what = "deletes a rule by its number" if rule.by_number else "changes more than one rule"
        raise ValueError(f"it {what}, and which packets that lets through does not stand here")
    table = rule.options.get("-t", "filter")
    if table == "nat":
        return (_translation(rule, families),)
    if table != "filter":
        raise ValueError(f"rules in the table {table} are not understood")
    return _filter(rule, families)


def _take_apart(words: tuple[str, ...]) -> _Rule:
    """Sort the words of a command line.

    Raises:
        ValueError: a word is not understood.
    """
    command, chain, by_number = "", "", False
    options: dict[str, str] = {}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        name, equals, value = word.partition("=")
        name = _LONG.get(name, name)
        if name in _COMMANDS:
            command = _COMMANDS[name]
            chain = rest.pop(0) if rest and not rest[0].startswith("-") else ""
            numbered = bool(rest) and rest[0].isdecimal()
            by_number = numbered and command == "delete"
            del rest[:numbered]
        elif name in {"-w", "--wait"}:
            del rest[: bool(rest) and rest[0].isdecimal()]
        elif name not in _ALONE:
            _option(name, value if equals else None, rest, options)
    if not command:
        raise ValueError("it has no command such as -A")
    if command in {"add", "delete"} and not chain:
        raise ValueError("it names no chain")
    return _Rule(command, chain, by_number, options)


def _option(name: str, value: str | None, rest: list[str], options: dict[str, str]) -> None:
    """Read one option and its argument.

    Raises:
        ValueError: it is not understood.
    """
    if name == "!":
        raise ValueError("a negation is not understood")
    if name[:2] in {"-s", "-d", "-p", "-j", "-t", "-i", "-m"} and len(name) > 2:
        name, value = name[:2], name[2:]  # -ptcp
    if name not in _KEPT | _PASSED_OVER | {"-m"}:
        raise ValueError(f"{name!r} is not understood")
    if value is None:
        if not rest:
            raise ValueError(f"{name} has no value")
        value = rest.pop(0)
    if value == "!":
        raise ValueError("a negation is not understood")
    if name == "--tcp-flags" and rest:
        rest.pop(0)
    if name == "-m" and value not in _MODULES:
        raise ValueError(f"the match {value!r} is not understood")
    if name in _KEPT:
        options[name] = value


def _filter(rule: _Rule, families: frozenset[int]) -> tuple[Effect, ...]:
    """Read a rule that lets packets through or does not."""
    target = rule.options.get("-j", "")
    if target in {"", "LOG", "NFLOG"} or rule.chain == "OUTPUT":
        return NOTHING
    if target not in {"ACCEPT", "DROP", "REJECT"}:
        raise ValueError(f"the target {target!r} is not understood")
    if rule.options.keys() & {"--sport", "--sports"}:
        raise ValueError("the visitor's own port is not understood")
    if not _takes_new(rule.options.get("--ctstate")):
        return NOTHING
    remarks = _remarks(rule)
    host = None
    if rule.chain in _TO_HOSTS_BEHIND:
        if "-d" not in rule.options:
            raise ValueError("which machine behind this one it is about does not stand there")
        host = read_host(rule.options["-d"])
    prefix, to_all = _source(rule)
    opens = (target == "ACCEPT") == (rule.command == "add")
    ports, more = _ports(rule)
    return (
        Effect(opens, ports, (), host, families, to_all=to_all, prefix=prefix, remarks=(*remarks, *more)),
    )


def _takes_new(states: str | None) -> bool:
    return states is None or "NEW" in states.upper().split(",")


def _source(rule: _Rule) -> tuple[int | None, bool]:
    """The prefix of the visitor's address that counts, and whether everybody's address does."""
    source = rule.options.get("-s", "0.0.0.0/0")
    if source in {"0.0.0.0/0", "::/0", "0/0", "any"}:
        return None, True
    return read_visitor(source), False


def _ports(rule: _Rule) -> tuple[tuple[PortRange, ...], tuple[str, ...]]:
    """The ports of a rule, none for everything, and what to remark about them."""
    protocols = read_protocols(rule.options.get("-p", "all"))
    listed = rule.options.get("--dport", rule.options.get("--dports"))
    if listed is not None:
        if not protocols:
            raise ValueError("ports without a protocol: iptables refuses this")
        return read_port_list(listed, protocols, ":"), ()
    if not protocols:
        return (), ()
    if protocols[0].has_ports:
        return (), (f"opens every {protocols[0]} port; here everything",)
    return (PortRange(protocols[0]),), ()


def _remarks(rule: _Rule) -> tuple[str, ...]:
    found = []
    if rule.command == "add" and rule.options["-j"] != "ACCEPT":
        found.append(BLOCKS)
    if rule.chain not in {"INPUT", *_TO_HOSTS_BEHIND}:
        found.append(f"uses the chain {rule.chain}, taken for one that packets to this host come by")
    if "-i" in rule.options:
        found.append(f"opens for packets from {rule.options['-i']} only; here for all")
    if "-d" in rule.options and rule.chain not in _TO_HOSTS_BEHIND:
        found.append(f"opens at the address {rule.options['-d']} only; here at all of this host")
    return tuple(found)


def _translation(rule: _Rule, families: frozenset[int]) -> Effect:
    """Read a rule that leads the visitor to another port or machine.

    Raises:
        ValueError: it does not say where.
    """
    target = rule.options.get("-j", "")
    if rule.chain != "PREROUTING" or target not in {"DNAT", "REDIRECT"}:
        raise ValueError(f"-j {target} in the chain {rule.chain} of the table nat is not understood")
    prefix, to_all = _source(rule)
    outside, _ = _ports(rule)
    if not outside:
        raise ValueError("it leads every port elsewhere")
    if target == "REDIRECT":
        host, inside = None, rule.options.get("--to-ports", "")
    else:
        address, _, inside = rule.options.get("--to-destination", "").rpartition(":")
        if not address:
            address, inside = inside, ""
        host = read_host(address.strip("[]"))
    ports = _inside(outside, inside)
    return Effect(
        rule.command == "add",
        ports,
        () if host is None and ports == outside else outside,
        host,
        families,
        to_all=to_all,
        prefix=prefix,
    )


def _inside(outside: tuple[PortRange, ...], text: str) -> tuple[PortRange, ...]:
    """The ports where translated packets end.

    Raises:
        ValueError: they are not one for one.
    """
    if not text:
        return outside
    inside = read_port_list(text, (outside[0].protocol,), "-")
    if len(outside) != 1 or len(inside) != 1 or len(inside[0]) != len(outside[0]):
        raise ValueError("the ports before and behind the translation are not one for one")
    return inside


_HELPER = {
    "-a": "add",
    "--append": "add",
    "-i": "add",
    "--insert": "add",
    "-x": "delete",
    "--delete": "delete",
    "-f": "from",
    "--srcaddr": "from",
    "-d": "port",
    "--dstport": "port",
    "-p": "protocol",
    "--proto": "protocol",
    "-c": "chain",
    "--chain": "chain",
    "-m": "comment",
    "--comment": "comment",
}


def read_helper(words: tuple[str, ...]) -> tuple[Effect, ...]:
    """Read what follows `knock_helper_ipt.sh`, which comes with knockd 0.8 (its own `--help`), or `knock_add`.

    Raises:
        ValueError: its effect on packets is not known.
    """
    found: dict[str, str] = {"protocol": "tcp", "chain": "INPUT"}
    rest = list(words)
    while rest:
        kind = _HELPER.get(word := rest.pop(0))
        if kind is None:
            raise ValueError(f"{word!r} is not understood")
        found[kind] = rest.pop(0) if rest and kind not in {"add", "delete"} else ""
    if not found.keys() & {"add", "delete"}:
        raise ValueError("it neither adds nor deletes a rule")
    rule = _Rule(
        "add" if "add" in found else "delete",
        found["chain"],
        by_number=False,
        options={
            "-s": found.get("from", ""),
            "-p": found["protocol"],
            "--dport": found.get("port", ""),
            "-j": "ACCEPT",
        },
    )
    return _filter(rule, frozenset((4,)))

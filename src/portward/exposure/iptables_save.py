"""From what `iptables-save` and `ip6tables-save` print to tables of a `Ruleset`.

See iptables-save(8), iptables-extensions(8).

Pure: text in, values out. Serves iptables-nft, whose extensions nft's JSON leaves out, and the legacy tables, which nft
does not show at all.
"""

import shlex
from collections.abc import Callable, Iterable, Iterator
from ipaddress import ip_address, ip_network

import attrs

from portward.exposure.ruleset import (
    Between,
    Chain,
    Compare,
    Constant,
    Element,
    Field,
    Jump,
    Part,
    RateLimit,
    Rule,
    Statement,
    Table,
    Translate,
    Unknown,
    Verdict,
)


_PRIORITIES = {"raw": -300, "mangle": -150, "nat": -100, "filter": 0, "security": 50}
"""linux/netfilter_ipv4.h, enum nf_ip_hook_priorities."""

_GO_ON = frozenset(
    {
        "LOG",
        "NFLOG",
        "MARK",
        "CONNMARK",
        "CT",
        "NOTRACK",
        "TCPMSS",
        "TOS",
        "DSCP",
        "SET",
        "ULOG",
        "TTL",
        "HL",
        "CHECKSUM",
    }
)
_TARGETS = {"ACCEPT": Verdict.ACCEPT, "DROP": Verdict.DROP, "REJECT": Verdict.DROP, "RETURN": Verdict.RETURN}
_ALIKE = frozenset(
    {"comment", "tcp", "udp", "conntrack", "state", "multiport", "addrtype", "limit", "pkttype", "recent"}
)
_PASSED_OVER = {
    "--limit-burst": 1,
    "--comment": 1,
    "--limit-iface-in": 0,
    "--seconds": 1,
    "--hitcount": 1,
    "--name": 1,
    "--mask": 1,
    "--rsource": 0,
    "--rdest": 0,
    "--rttl": 0,
    "--reap": 0,
}


@attrs.define
class _Words:
    """The words of one rule, and which address family it is of."""

    words: list[str]
    version: int
    protocol: str = ""
    negated: bool = False
    statements: list[Statement] = attrs.field(factory=list)
    target: str = ""
    final: bool = False
    translated: str = ""

    def take(self) -> str:
        """The next word; empty at the end."""
        return self.words.pop(0) if self.words else ""


def read_save(text: str, version: int, *, legacy: bool = False) -> tuple[Table, ...]:
    """Read one save of all tables.

    Args:
        text: what the program printed.
        version: 4 for iptables-save, 6 for ip6tables-save.
        legacy: whether it came from the legacy program.
    """
    tables: list[Table] = []
    name, chains = "", dict[str, Chain]()
    for line in text.splitlines():
        if line.startswith("*"):
            name, chains = line[1:].strip(), {}
        elif line.startswith(":") and name:
            _declare(line, name, chains)
        elif line.startswith("-A ") and name:
            _append(line, version, chains)
        elif line.strip() == "COMMIT" and name:
            tables.append(Table("ip" if version == 4 else "ip6", name, chains, legacy))
            name = ""
    return tuple(tables)


def _declare(line: str, table: str, chains: dict[str, Chain]) -> None:
    name, policy, *_ = [*line[1:].split(), "-", "-"]
    if policy == "-":
        chains[name] = Chain()
        return
    verdict = Verdict.DROP if policy == "DROP" else Verdict.ACCEPT
    priority = 100 if (table, name) == ("nat", "INPUT") else _PRIORITIES.get(table, 0)
    chains[name] = Chain((), name.lower(), "nat" if table == "nat" else "filter", priority, verdict)


def _append(line: str, version: int, chains: dict[str, Chain]) -> None:
    try:
        words = shlex.split(line)
    except ValueError:
        words = ["-A", [*line.split(), "", ""][1], "-m", "unreadable"]
    if len(words) < 2:
        return
    chain = words[1]
    rule = read_rule(words[2:], version)
    old = chains.get(chain, Chain())
    chains[chain] = attrs.evolve(old, rules=(*old.rules, rule))


def read_rule(words: list[str], version: int) -> Rule:
    """Read the words of one rule behind the chain's name."""
    state = _Words(list(words), version)
    while state.words:
        word = state.take()
        if word == "!":
            state.negated = True
            continue
        _option(state, word)
        state.negated = False
    return Rule((*state.statements, *_target(state)))


def _option(state: _Words, word: str) -> None:
    reader = _READERS.get(word)
    if reader is not None:
        reader(state)
    elif word in {"-m", "--match"}:
        name = state.take()
        if name not in _ALIKE:
            state.statements.append(Unknown(f"iptables' {name}"))
    elif word in {"-j", "-g", "--jump", "--goto"}:
        state.target, state.final = state.take(), word in {"-g", "--goto"}
    elif word in {"--to-destination", "--to-ports"}:
        state.translated = state.take()
    elif word in _PASSED_OVER:
        del state.words[: _PASSED_OVER[word]]
    elif not word.startswith("-") or state.target or _unknown_before(state):
        return  # a value of an option that is passed over, or an option of a target or match that is not understood
    else:
        state.statements.append(Unknown(f"iptables' {word}"))


def _unknown_before(state: _Words) -> bool:
    return bool(state.statements) and isinstance(state.statements[-1], Unknown)


def _target(state: _Words) -> Iterator[Statement]:
    target = state.target
    if not target or target in _GO_ON:
        return
    if target in _TARGETS:
        yield _TARGETS[target]
    elif target == "DNAT":
        yield _destination(state.translated)
    elif target == "REDIRECT":
        yield Translate(None, int(state.translated)) if state.translated.isdecimal() else Translate()
    elif target in {"MASQUERADE", "SNAT"}:
        yield Verdict.ACCEPT
    elif target.isupper() and target in {"QUEUE", "NFQUEUE", "TPROXY", "NETMAP", "SYNPROXY"}:
        yield Unknown(f"iptables' {target}")
    else:
        yield Jump(target, final=state.final)


def _destination(text: str) -> Statement:
    """`192.0.2.1:80`, `[2001:db8::1]:80`, `:80`, `192.0.2.1`."""
    host, port = text, ""
    if text.startswith("["):
        host, _, port = text[1:].partition("]")
        port = port.removeprefix(":")
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    try:
        return Translate(ip_address(host) if host else None, int(port) if port else None)
    except ValueError:
        return Unknown("iptables' DNAT to a range")


def _compare(state: _Words, field: Field, elements: Iterable[Part]) -> None:
    found: tuple[Element, ...] = tuple((each,) for each in elements)
    state.statements.append(Compare((field,), found, state.negated))


def _address(state: _Words, v4: Field, v6: Field) -> None:
    field = v4 if state.version == 4 else v6
    text = state.take()
    try:
        networks = [ip_network(each, strict=False) for each in text.split(",")]
    except ValueError:
        state.statements.append(Unknown(f"address {text}"))
        return
    _compare(state, field, [Between(each[0], each[-1]) for each in networks])


def _interface(state: _Words, field: Field) -> None:
    name = state.take()
    _compare(state, field, [f"{name[:-1]}*" if name.endswith("+") else name])


def _protocol(state: _Words) -> None:
    name = state.take()
    if name not in {"all", "0"}:
        state.protocol = name
        _compare(state, Field.PROTOCOL, [name])


def _ports(state: _Words, *, source: bool = False) -> None:
    text = state.take()
    field = Field.SOURCE_PORT if source else Field.PORT
    try:
        _compare(state, field, [_port_range(each) for each in text.split(",")])
    except ValueError:
        state.statements.append(Unknown(f"ports {text}"))


def _port_range(text: str) -> Part:
    first, colon, last = text.partition(":")
    return Between(int(first or 0), int(last or 65535)) if colon else int(first)


def _words(state: _Words, field: Field) -> None:
    _compare(state, field, [each.lower() for each in state.take().split(",")])


def _flags(state: _Words) -> None:
    """`--tcp-flags MASK SET`: a connection's first packet has SYN alone."""
    mask, wanted = state.take().split(","), state.take().split(",")
    held = {"SYN"} & set(mask) if "ALL" not in mask else {"SYN"}
    state.statements.append(Constant((held == set(wanted) - {"NONE"}) != state.negated))


def _syn(state: _Words) -> None:
    state.statements.append(Constant(not state.negated))


def _remembered(state: _Words) -> None:
    """`-m recent --rcheck`: a stranger is in none of its lists, as long as he has not knocked."""
    state.statements.append(Constant(state.negated))


def _limit(state: _Words) -> None:
    state.take()
    state.statements.append(RateLimit(state.negated))


_READERS: dict[str, Callable[[_Words], None]] = {
    "-s": lambda state: _address(state, Field.SOURCE_V4, Field.SOURCE_V6),
    "-d": lambda state: _address(state, Field.DESTINATION_V4, Field.DESTINATION_V6),
    "-i": lambda state: _interface(state, Field.INTERFACE),
    "-o": lambda state: _interface(state, Field.OUT_INTERFACE),
    "-p": _protocol,
    "--dport": _ports,
    "--dports": _ports,
    "--ports": _ports,
    "--sport": lambda state: _ports(state, source=True),
    "--sports": lambda state: _ports(state, source=True),
    "--ctstate": lambda state: _words(state, Field.STATE),
    "--state": lambda state: _words(state, Field.STATE),
    "--dst-type": lambda state: _words(state, Field.DESTINATION_KIND),
    "--pkt-type": lambda state: _words(state, Field.PACKET_KIND),
    "--tcp-flags": _flags,
    "--syn": _syn,
    "--limit": _limit,
    "--rcheck": _remembered,
    "--update": _remembered,
    "--remove": _remembered,
    "--set": lambda state: state.statements.append(Constant(not state.negated)),
}

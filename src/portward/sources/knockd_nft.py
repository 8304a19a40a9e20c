"""What an nft or ipset command does for the visitor of a door.

The words are those of nft(8) 1.0.6 and ipset(8). What the members of a set may reach stands in rules elsewhere; such an
effect carries the set's name.
"""

import re
from datetime import timedelta

import attrs

from portward.policy.net import Address, PortRange, Protocol
from portward.policy.notation import read_duration
from portward.sources.knockd_effect import (
    BLOCKS,
    BOTH_FAMILIES,
    NOTHING,
    VISITOR,
    Effect,
    read_host,
    read_port_list,
    read_protocols,
    read_visitor,
)


_FAMILIES = {
    "ip": frozenset((4,)),
    "ip6": frozenset((6,)),
    "inet": BOTH_FAMILIES,
}
_OTHER_FAMILIES = frozenset(("arp", "bridge", "netdev"))
_LEXEME = re.compile(r'"[^"]*"|[{},;]|[^\s{},;"]+')
_VERBS = {"add": "add", "create": "add", "insert": "add", "delete": "delete", "destroy": "delete"}
_TO_HOSTS_BEHIND = "forward"


@attrs.define
class _Draft:
    """A rule that is being read."""

    families: frozenset[int]
    chain: str
    rest: list[str]
    protocols: tuple[Protocol, ...] = ()
    ports: tuple[PortRange, ...] = ()
    host: Address | None = None
    to_all: bool = True
    prefix: int | None = None
    verdict: str = ""
    redirected: tuple[PortRange, ...] = ()
    takes_new: bool = True
    remarks: list[str] = attrs.field(factory=list)

    def next(self) -> str:
        """The next word.

        Raises:
            ValueError: there is none.
        """
        if not self.rest:
            raise ValueError("the rule ends too early")
        return self.rest.pop(0)

    def values(self) -> str:
        """The next value, or the elements in braces with commas between them."""
        word = self.next()
        if word != "{":
            return word
        elements = []
        while (word := self.next()) != "}":
            if word != ",":
                elements.append(word)
        return ",".join(elements)


def read_nft(words: tuple[str, ...]) -> tuple[Effect, ...]:
    """Read what follows `nft`; several commands in one text are read one after the other.

    Raises:
        ValueError: its effect on packets is not known.
    """
    plain = [each for each in words if not re.fullmatch(r"-[aejnNsSpty]+|--\w+", each)]
    effects: list[Effect] = []
    for command in _commands(_LEXEME.findall(" ".join(plain))):
        effects += _command(command)
    return tuple(effects)


def _commands(lexemes: list[str]) -> list[list[str]]:
    """Cut at the semicolons that are not in braces."""
    found: list[list[str]] = [[]]
    depth = 0
    for lexeme in lexemes:
        depth += {"{": 1, "}": -1}.get(lexeme, 0)
        if lexeme == ";" and depth <= 0:
            found.append([])
        else:
            found[-1].append(lexeme)
    return [each for each in found if each]


def _command(lexemes: list[str]) -> tuple[Effect, ...]:
    verb, *rest = lexemes
    if verb in {"list", "monitor", "describe"}:
        return NOTHING
    if verb not in _VERBS or not rest:
        raise ValueError(f"nft {verb} is not understood")
    what, *rest = rest
    if rest and rest[0] in _OTHER_FAMILIES:
        raise ValueError(f"the family {rest[0]} is not understood")
    families = _FAMILIES.get(rest[0]) if rest else None
    place = rest[1:] if families else rest
    if len(place) < 3 or what not in {"rule", "element"}:
        raise ValueError(f"nft {verb} {what} is not understood")
    table, name, *rest = place
    if what == "element":
        family = families or _FAMILIES["ip"]
        where = " ".join((*lexemes[2:3], table, name)) if families else f"{table} {name}"
        return _elements(_VERBS[verb] == "add", family, f"nft set {where}", rest)
    if _VERBS[verb] == "delete":
        raise ValueError(
            "it deletes a rule by its handle, and what that rule lets through does not stand here"
        )
    return _rule(_Draft(families or _FAMILIES["ip"], name, rest))


def _rule(draft: _Draft) -> tuple[Effect, ...]:
    """Read the matches and statements of a rule.

    Raises:
        ValueError: one is not understood.
    """
    while draft.rest and not draft.verdict:
        _statement(draft, draft.next())
    if draft.verdict not in {"accept", "drop", "reject", "dnat", "redirect"} or not draft.takes_new:
        return NOTHING
    if draft.chain.lower() == "output":
        return NOTHING
    if draft.verdict in {"dnat", "redirect"} and not draft.ports:
        raise ValueError("it leads every port elsewhere")
    if draft.chain.lower() == _TO_HOSTS_BEHIND and draft.host is None:
        raise ValueError("which machine behind this one it is about does not stand there")
    if draft.chain.lower() not in {"input", _TO_HOSTS_BEHIND, "prerouting"}:
        draft.remarks.append(f"uses the chain {draft.chain}, taken for one that packets to this host come by")
    if draft.host and draft.chain.lower() == "input":
        draft.remarks.append(f"opens at the address {draft.host} only; here at all of this host")
        draft.host = None
    if draft.verdict in {"drop", "reject"}:
        draft.remarks.append(BLOCKS)
    return (_effect(draft),)


def _effect(draft: _Draft) -> Effect:
    ports, published = draft.ports, tuple[PortRange, ...]()
    if draft.verdict in {"dnat", "redirect"}:
        inside = draft.redirected or draft.ports
        if len(inside) != len(draft.ports) or any(map(lambda a, b: len(a) != len(b), inside, draft.ports)):
            raise ValueError("the ports before and behind the translation are not one for one")
        ports, published = inside, draft.ports
        if draft.host is None and ports == published:
            published = ()
    elif not ports and draft.protocols:
        if draft.protocols[0].has_ports:
            draft.remarks.append(f"opens every {draft.protocols[0]} port; here everything")
        else:
            ports = tuple(PortRange(each) for each in draft.protocols)
    return Effect(
        draft.verdict not in {"drop", "reject"},
        ports,
        published,
        draft.host,
        draft.families,
        to_all=draft.to_all,
        prefix=draft.prefix,
        remarks=tuple(draft.remarks),
    )


def _statement(draft: _Draft, word: str) -> None:
    """Read one match or statement.

    Raises:
        ValueError: it is not understood.
    """
    if word in {"accept", "drop", "reject"}:
        draft.verdict = word
    elif word in {"return", "continue", "jump", "goto", "queue", "snat", "masquerade"}:
        raise ValueError(f"the verdict {word} is not understood")
    elif word in {"dnat", "redirect"}:
        _translation(draft, word)
    elif word in {"ip", "ip6"}:
        _header(draft, word)
    elif word in {"tcp", "udp", "th", "sctp"}:
        _ports(draft, word)
    elif word == "ct":
        _tracked(draft)
    elif word in {"meta", "iif", "iifname"}:
        _meta(draft, draft.next() if word == "meta" else word)
    elif word in {"position", "handle", "index", "comment"}:
        draft.next()
    elif word in {"counter", "log"}:
        _passed_over(draft)
    else:
        raise ValueError(f"{word!r} is not understood")


def _meta(draft: _Draft, field: str) -> None:
    """Read a match on what is known of a packet without looking into it."""
    value = draft.values()
    if field in {"iif", "iifname"}:
        draft.remarks.append(f"opens for packets from {value} only; here for all".replace('"', ""))
    elif field == "l4proto":
        draft.protocols = tuple(each for name in value.split(",") for each in read_protocols(name))
    elif field != "nfproto":
        raise ValueError(f"meta {field} is not understood")


def _header(draft: _Draft, family: str) -> None:
    """Read a match on the IP header."""
    field = draft.next()
    draft.families &= _FAMILIES[family]
    value = draft.values()
    if field == "saddr":
        draft.prefix, draft.to_all = read_visitor(value), False
    elif field == "daddr":
        draft.host = read_host(value)
    elif field in {"protocol", "nexthdr"}:
        draft.protocols = tuple(each for name in value.split(",") for each in read_protocols(name))
    else:
        raise ValueError(f"{family} {field} is not understood")


def _ports(draft: _Draft, protocol: str) -> None:
    """Read a match on the transport's header."""
    field = draft.next()
    value = draft.values()
    if protocol == "tcp" and field == "flags":
        return
    if field != "dport":
        raise ValueError(f"{protocol} {field} is not understood")
    protocols = draft.protocols if protocol == "th" else (Protocol(protocol),)
    draft.ports = read_port_list(value, protocols, "-")


def _tracked(draft: _Draft) -> None:
    field = draft.next()
    if field not in {"state", "status"}:
        raise ValueError(f"ct {field} is not understood")
    draft.takes_new = field == "state" and "new" in draft.values().split(",")


def _passed_over(draft: _Draft) -> None:
    """Skip the rest of a counter or a log statement."""
    while draft.rest and draft.rest[0] in {"packets", "bytes", "prefix", "level", "group"}:
        draft.next()
        draft.next()


def _translation(draft: _Draft, verdict: str) -> None:
    """Read where the visitor is led to.

    Raises:
        ValueError: the place is not understood.
    """
    word = draft.next() if draft.rest else ""
    while word in {"to", "ip", "ip6"}:
        word = draft.next()
    draft.verdict = verdict
    address, _, port = word.rpartition(":") if word.count(":") <= 1 or "]:" in word else (word, "", "")
    if verdict == "dnat":
        draft.host = read_host((address or word).strip("[]"))
        port = port if address else ""
    if port and draft.ports:
        draft.redirected = read_port_list(port, (draft.ports[0].protocol,), "-")


def _elements(opens: bool, families: frozenset[int], name: str, lexemes: list[str]) -> tuple[Effect, ...]:  # noqa: FBT001
    """Read the elements that are put into a set or taken out."""
    if lexemes[:1] != ["{"] or lexemes[-1:] != ["}"]:
        raise ValueError("elements stand in braces")
    effects = []
    element: list[str] = []
    for lexeme in (*lexemes[1:-1], ","):
        if lexeme != ",":
            element.append(lexeme)
        elif element:
            effects.append(_element(Effect(opens, families=families, behind=name), element))
            element = []
    return tuple(effects)


def _element(effect: Effect, words: list[str]) -> Effect:
    """Read an element: the visitor, perhaps with ports, perhaps with a timeout.

    Raises:
        ValueError: it is not about the visitor.
    """
    key, options = words, list[str]()
    for place, word in enumerate(words):
        if word in {"timeout", "expires", "comment", "counter", ":"}:
            key, options = words[:place], words[place:]
            break
    lasts = None
    if "timeout" in options[:-1]:
        lasts = read_duration(options[options.index("timeout") + 1])
    parts = [each for each in key if each != "."]
    if VISITOR not in parts:
        raise ValueError(f"the element {' '.join(key)} is not the visitor's address")
    parts.remove(VISITOR)
    ports = _concatenated(parts)
    return attrs.evolve(effect, ports=ports, behind="" if ports else effect.behind, lasts=lasts)


def _concatenated(parts: list[str]) -> tuple[PortRange, ...]:
    """Read what stands beside the visitor in a concatenated key: a protocol and a port."""
    if not parts:
        return ()
    names = [each for each in parts if each in {"tcp", "udp"}]
    numbers = [each for each in parts if each not in names]
    if len(names) > 1 or len(numbers) != 1:
        raise ValueError(f"the key {' . '.join(parts)} is not understood")
    return read_port_list(numbers[0], tuple(Protocol(each) for each in names), "-")


def read_ipset(words: tuple[str, ...]) -> tuple[Effect, ...]:
    """Read what follows `ipset`.

    Raises:
        ValueError: its effect on packets is not known.
    """
    plain = [each for each in words if each not in {"-exist", "-!", "-q", "-quiet"}]
    verb, *rest = plain or [""]
    if verb in {"list", "-L", "test", "-T", "save"}:
        return NOTHING
    if verb not in {"add", "-A", "del", "-D"} or len(rest) < 2:
        raise ValueError(f"ipset {verb} is not understood")
    name, element, *options = rest
    lasts = None
    if "timeout" in options[:-1]:
        seconds = options[options.index("timeout") + 1]
        if not seconds.isdecimal():
            raise ValueError(f"the timeout {seconds!r} is no number of seconds")
        lasts = timedelta(seconds=int(seconds[:9])) if int(seconds) else None
    address, comma, port = element.partition(",")
    prefix = read_visitor(address)
    ports = _ipset_ports(port) if comma else ()
    return (
        Effect(
            verb in {"add", "-A"}, ports, lasts=lasts, prefix=prefix, behind="" if ports else f"ipset {name}"
        ),
    )


def _ipset_ports(text: str) -> tuple[PortRange, ...]:
    """Read `tcp:22` or `22` (which is TCP), as ipset(8) has it."""
    name, colon, port = text.partition(":")
    return read_port_list(port if colon else name, read_protocols(name) if colon else (Protocol.TCP,), "-")

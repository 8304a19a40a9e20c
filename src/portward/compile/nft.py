"""Table → nftables text, with a map from its lines to the policy's.

The text is a deliverable: an auditor reads it. One `table` block that `nft -f` takes in an empty network namespace;
how it replaces a living table is `apply`'s affair. Everything is quoted and closed so that nft 1.0.6 takes it: a `}`
ends its own line, no `destroy`, no constants in concatenated keys of set statements.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from functools import cache, singledispatch
from ipaddress import IPv4Address, IPv6Address

import attrs

from portward.compile import ir, names
from portward.compile.ir import Selector
from portward.compile.lower import lower
from portward.compile.names import IpFamily
from portward.errors import Span
from portward.policy.net import PortRange, Protocol
from portward.policy.notation import write_duration
from portward.policy.policy import Policy


@attrs.frozen
class Compiled:
    """A policy as the kernel is given it.

    Attributes:
        text: one `table inet portward` block, ending in a newline.
        lines: line of the text, from 1, to the place in the policy it comes from; lines of the frame are missing.
        table: the same as values.
    """

    text: str
    lines: Mapping[int, Span]
    table: ir.Table


SELECTORS = {
    Selector.SOURCE_V4: "ip saddr",
    Selector.SOURCE_V6: "ip6 saddr",
    Selector.DESTINATION_V4: "ip daddr",
    Selector.DESTINATION_V6: "ip6 daddr",
    Selector.PROTOCOL: "meta l4proto",
    Selector.SOURCE_PORT: "tcp sport",
    Selector.DESTINATION_PORT: "th dport",
    Selector.LENGTH: "meta length",
    Selector.MARK: "meta mark",
    Selector.MARK_BASE: "meta mark & 0xfffffff0",
    Selector.MARK_STEP: "meta mark & 0x0000000f",
    Selector.TIME: "meta time",
    Selector.PASS: "@th,64,128",
    Selector.LATER_PASS: "@th,192,128",
    Selector.WORD: "@th,64,64",
}

QUESTIONS = {
    ir.Is.FROM_LOOPBACK: 'iif "lo"',  # by number, always 1: comparing the name costs a packet 75 ns more
    ir.Is.NEW_TCP: "tcp flags & (fin | syn | rst | ack) == syn",
    ir.Is.ESTABLISHED: "ct state established",
    ir.Is.BEGUN_BY_VISITOR: "ct direction original",
    ir.Is.BEGUN_BY_HOST: "ct direction reply ct status ! snat",
    ir.Is.KNOWN: "ct state established,related",
    ir.Is.TO_THIS_HOST: "fib daddr type local",
    ir.Is.TO_BE_FORWARDED: "fib daddr type unicast",
    ir.Is.ECHO_REQUEST_V4: "icmp type echo-request",
    ir.Is.ECHO_REQUEST_V6: "icmpv6 type echo-request",
    ir.Is.NEIGHBOUR_DISCOVERY: (
        "icmpv6 type { nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert,"
        " mld-listener-query }"
    ),
    ir.Is.DHCPV6_REPLY: "ip6 saddr fe80::/10 udp sport 547 udp dport 546",
}

PROTOCOL_WORDS = {Protocol.ICMP: ("icmp", "ipv6-icmp")}
"""Protocols whose nft spelling is not their own name; the rest are spelled by number where nft may not know them."""

NAMED_BY_NFT = {Protocol.TCP, Protocol.UDP, Protocol.SCTP, Protocol.ESP, Protocol.AH}


def compile_policy(policy: Policy) -> Compiled:
    """Compile a policy that `check` finds no mistakes in."""
    table = lower(policy)
    lines: list[str] = []
    spans: dict[int, Span] = {}
    for line, span in render_table(table):
        lines.append(line)
        if span is not None:
            spans[len(lines)] = span
    return Compiled("\n".join(lines) + "\n", spans, table)


Line = tuple[str, Span | None]


def render_table(table: ir.Table) -> Iterator[Line]:
    """Lay the table out, line by line."""
    yield f"table {names.FAMILY} {names.TABLE} {{", None
    yield f"\tcomment {quoted(table.comment)}", None
    for counter in table.counters:
        yield from block(f"counter {counter.name}", [f"comment {quoted(counter.comment)}"])
    for each in table.sets:
        yield from block(f"set {each.name}", render_set(each))
    for each_map in table.maps:
        yield from block(f"map {each_map.name}", render_map(each_map))
    for chain in table.chains:
        yield from render_chain(chain)
    yield "}", None


def block(head: str, body: Iterable[str]) -> Iterator[Line]:
    """Set a block off by an empty line and indent what is in it."""
    yield "", None
    yield f"\t{head} {{", None
    for line in body:
        yield f"\t\t{line}", None
    yield "\t}", None


def render_set(each: ir.Set) -> Iterator[str]:
    """Lay out the inside of a set."""
    match each:
        case ir.DynamicSet():
            yield f"type {' . '.join(each.types)}"
            yield f"size {each.size}"
            flags = (("dynamic", each.from_packets), ("timeout", each.ends))
            yield f"flags {','.join(flag for flag, wanted in flags if wanted)}"
        case ir.TokenSet():
            yield f"typeof {SELECTORS[each.key]}"
            yield f"size {each.size}"
            yield f"flags {'dynamic,' if each.used_up else ''}timeout"
        case ir.RateSet():
            yield f"type {each.family.address_type}"
            yield f"size {each.size}"
            yield "flags dynamic,timeout"
            yield "timeout 1m"
        case ir.NetworkSet():
            yield f"type {each.family.address_type}"
            yield "flags interval"
            yield "auto-merge"
            yield from elements(str(network) for network in each.networks)
        case ir.PortSet():
            yield f"type {'inet_proto . inet_service' if each.with_protocol else 'inet_service'}"
            yield "flags interval"
            yield from elements(
                f"{word} . {port_span(ports)}" if each.with_protocol else port_span(ports)
                for ports in each.ports
                for word in protocol_words(ports.protocol)
            )
    yield f"comment {quoted(each.comment)}"


def render_map(each: ir.VerdictMap | ir.MarkMap) -> Iterator[str]:
    """Lay out the inside of a map."""
    if isinstance(each, ir.MarkMap):
        yield f"typeof {' . '.join(SELECTORS[selector] for selector in each.key)} : meta mark"
        yield f"size {each.size}"
        yield f"flags {'interval,' if each.ranges else ''}timeout"
        yield f"comment {quoted(each.comment)}"
        return
    key = " . ".join(KEY_TYPES[selector] for selector in each.key)
    yield (
        f"typeof {' . '.join(SELECTORS[s] for s in each.key)} : verdict"
        if Selector.LENGTH in each.key
        else (f"type {key} : verdict")
    )
    if each.ranges:
        yield "flags interval"
    yield from elements(
        f"{' . '.join(key_part(part) for part in parts)} : {verdict(goal)}" for parts, goal in each.elements
    )
    yield f"comment {quoted(each.comment)}"


KEY_TYPES = {
    Selector.DESTINATION_V4: "ipv4_addr",
    Selector.DESTINATION_V6: "ipv6_addr",
    Selector.PROTOCOL: "inet_proto",
    Selector.DESTINATION_PORT: "inet_service",
    Selector.LENGTH: "integer",
    Selector.MARK: "mark",
    Selector.MARK_STEP: "mark",
}


def elements(texts: Iterable[str]) -> Iterator[str]:
    """Lay out the elements of a set or map, one a line."""
    spelled = list(texts)
    yield "elements = {"
    for text in spelled[:-1]:
        yield f"\t{text},"
    yield f"\t{spelled[-1]}"
    yield "}"


def key_part(part: object) -> str:
    """Spell one part of an element's key."""
    match part:
        case PortRange():
            return port_span(part)
        case Protocol():
            return protocol_words(part)[0]
        case _:
            return str(part)


def port_span(ports: PortRange) -> str:
    """Spell a port or a range of ports."""
    return str(ports.first) if ports.first == ports.last else f"{ports.first}-{ports.last}"


def protocol_words(protocol: Protocol) -> tuple[str, ...]:
    """Spell a protocol for nft: by name where nft surely knows it, else by number."""
    if protocol in PROTOCOL_WORDS:
        return PROTOCOL_WORDS[protocol]
    return (str(protocol),) if protocol in NAMED_BY_NFT else (str(protocol.number),)


def render_chain(chain: ir.Chain) -> Iterator[Line]:
    """Lay out a chain, each rule with the policy's place that it comes from."""
    yield "", None
    yield f"\tchain {chain.name} {{", None
    if chain.comment:
        yield f"\t\tcomment {quoted(chain.comment)}", None
    if chain.hook:
        yield (
            f"\t\ttype {chain.hook.kind} hook {chain.hook.hook} priority {chain.hook.priority}; policy accept;",
            None,
        )
    for rule in chain.rules:
        comment = f" comment {quoted(rule.comment)}" if rule.comment else ""
        yield f"\t\t{' '.join(spell(each) for each in rule.expressions)}{comment}", rule.span
    yield "\t}", None


def quoted(text: str) -> str:
    """Quote a comment; the names that come into it hold no quotes."""
    return f'"{text.encode()[: names.LONGEST_COMMENT].decode(errors="ignore")}"'


def source_key(key: tuple[Selector, ...], prefix: int | None) -> str:
    """Spell a key, its leading address shortened to a prefix."""
    parts = [SELECTORS[selector] for selector in key]
    if prefix is not None:
        family = IpFamily.V4 if key[0] in {Selector.SOURCE_V4, Selector.DESTINATION_V4} else IpFamily.V6
        parts[0] += f" & {mask(family, prefix)}"
    return " . ".join(parts)


def mask(family: IpFamily, prefix: int) -> str:
    """Spell a netmask as an address: 64 is ffff:ffff:ffff:ffff:: ."""
    bits = (1 << family.bits) - (1 << family.bits - prefix)
    return str(IPv4Address(bits) if family is IpFamily.V4 else IPv6Address(bits))


@cache
def time_span(length: timedelta) -> str:
    """Spell a timeout; nft knows no weeks."""
    weeks = length // timedelta(weeks=1)
    rest = length - timedelta(weeks=weeks)
    if not weeks:
        return write_duration(length)
    return f"{7 * weeks + rest.days}d" + (
        write_duration(rest - timedelta(days=rest.days)) if rest.seconds or rest.microseconds else ""
    )


@singledispatch
def spell(expression: ir.Expression) -> str:
    """Spell one expression of a rule."""
    raise TypeError(expression)


@spell.register
def _(expression: ir.Is) -> str:
    return QUESTIONS[expression]


@spell.register
def _(expression: ir.OutsideInterfaces) -> str:
    return f"iifname != {{ {', '.join(map(quoted, expression.names))} }}"


@spell.register
def _(expression: ir.HasProtocol) -> str:
    words = [word for protocol in expression.protocols for word in protocol_words(protocol)]
    return f"meta l4proto {words[0]}" if len(words) == 1 else f"meta l4proto {{ {', '.join(words)} }}"


@spell.register
def _(expression: ir.HasPorts) -> str:
    return f"{expression.ports.protocol} dport {port_span(expression.ports)}"


@spell.register
def _(expression: ir.GoesTo) -> str:
    return f"{'ip' if expression.address.version == 4 else 'ip6'} daddr {expression.address}"


@spell.register
def _(expression: ir.OfFamily) -> str:
    return f"meta nfproto ip{expression.family.value}"


@spell.register
def _(expression: ir.PayloadBegins) -> str:
    pieces = [expression.word[start : start + 16] for start in range(0, len(expression.word), 16)]
    return " ".join(f"@th,{64 + 128 * i},{8 * len(piece)} 0x{piece.hex()}" for i, piece in enumerate(pieces))


@spell.register
def _(expression: ir.InSet) -> str:
    masked = expression.prefix is not None or expression.key == (Selector.MARK_BASE,)
    operator = "!= " if expression.negated else "== " if masked else ""
    return f"{source_key(expression.key, expression.prefix)} {operator}@{expression.name}"


@spell.register
def _(expression: ir.Update) -> str:
    key = source_key(expression.key, expression.prefix)
    timeout = f" timeout {time_span(expression.timeout)}" if expression.timeout is not None else ""
    return f"update @{expression.name} {{ {key}{timeout} }}"


@spell.register
def _(expression: ir.BeginsWithOneOf) -> str:
    operator = "!= " if expression.negated else ""
    return f"@th,64,8 {operator}{{ {', '.join(f'{value:#04x}' for value in expression.values)} }}"


@spell.register
def _(expression: ir.DatagramLength) -> str:
    span = f"{expression.least}-{expression.most}"
    operator = "!= " if expression.negated else ""
    return f"udp length {operator}{expression.least if expression.least == expression.most else span}"


@spell.register
def _(expression: ir.Delete) -> str:
    return f"delete @{expression.name} {{ {source_key(expression.key, None)} }}"


@spell.register
def _(expression: ir.Often) -> str:
    key = source_key((expression.key,), expression.prefix)
    limit = f"limit rate over {expression.per_second}/second burst {2 * expression.per_second} packets"
    return f"update @{expression.name} {{ {key} {limit} }}"


@spell.register
def _(expression: ir.MarkFrom) -> str:
    return f"meta mark set {source_key(expression.key, None)} map @{expression.name}"


@spell.register
def _(expression: ir.SetStep) -> str:
    return f"meta mark set meta mark & 0xfffffff0 | {expression.value:#010x}"


@spell.register
def _(_expression: ir.NoTrack) -> str:
    return "notrack"


@spell.register
def _(expression: ir.SetMark) -> str:
    return f"meta mark set {expression.value:#010x}"


@spell.register
def _(expression: ir.Count) -> str:
    return f'counter name "{expression.name}"'


@spell.register
def _(expression: ir.Dispatch) -> str:
    return f"{' . '.join(SELECTORS[selector] for selector in expression.key)} vmap @{expression.name}"


@spell.register
def _(expression: ir.Redirect) -> str:
    return f"redirect to :{port_choice(expression.protocol, expression.ports)}"


@spell.register
def _(expression: ir.SendTo) -> str:
    family = "ip" if expression.address.version == 4 else "ip6"
    if not expression.ports:
        return f"dnat {family} to {expression.address}"
    address = f"[{expression.address}]" if family == "ip6" else str(expression.address)
    return f"dnat {family} to {address}:{port_choice(expression.protocol, expression.ports)}"


def port_choice(protocol: Protocol, ports: tuple[tuple[int, int], ...]) -> str:
    """Spell the port that a packet is sent to: one, or looked up by the one it came to."""
    if len(ports) == 1:
        return str(ports[0][1])
    return f"{protocol} dport map {{ {', '.join(f'{outside} : {own}' for outside, own in ports)} }}"


@spell.register(ir.Accept)
@spell.register(ir.Drop)
@spell.register(ir.Goto)
@spell.register(ir.Jump)
def verdict(expression: ir.Verdict) -> str:
    """Spell a verdict."""
    match expression:
        case ir.Accept():
            return "accept"
        case ir.Drop():
            return "drop"
        case ir.Goto():
            return f"goto {expression.chain}"
        case ir.Jump():
            return f"jump {expression.chain}"

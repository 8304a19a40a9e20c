"""Walks the first packet of a stranger's connection through a firewall, and says honestly when it is not sure.

Pure. Every answer is one of three: open, closed, unsure. A condition that is not understood splits the walk: both ways
are gone, and only where both end alike is the answer sure. Conditions that depend on the past (rate limits, lists that
packets fill) are answered for somebody who sends one packet and has never been here.
"""

import enum
from collections.abc import Sequence

import attrs

from portward.exposure.fitting import Value, fits
from portward.exposure.ruleset import (
    Action,
    Chain,
    Compare,
    Constant,
    Dispatch,
    Field,
    Jump,
    RateLimit,
    Rule,
    Ruleset,
    SetMark,
    Statement,
    Table,
    Translate,
    Unknown,
    Verdict,
)
from portward.policy.net import Address, Network, Protocol


DEEPEST = 32
"""Jumps within jumps that are followed; nft itself allows 16."""

HOOKS = ("ingress", "prerouting", "input")
FORWARD = "forward"


class Answer(enum.StrEnum):
    """Whether a packet gets through."""

    OPEN = "open"
    CLOSED = "closed"
    UNSURE = "unsure"


@attrs.frozen
class Packet:
    """The first packet of a connection, as it comes in.

    Attributes:
        source: whose.
        destination: as the visitor wrote it.
        protocol: TCP (a SYN) or UDP.
        port: 1..65535.
        interface: the name of the interface it comes in by.
        local: the addresses of this host.
        networks: the networks that its interfaces are in, by the interfaces' names.
    """

    source: Address
    destination: Address
    protocol: Protocol
    port: int
    interface: str
    local: frozenset[Address] = frozenset()
    networks: tuple[tuple[Network, str], ...] = ()


@attrs.frozen
class Passage:
    """How a packet's way ended.

    Attributes:
        answer: whether it gets through.
        destination: where it would be delivered, after address translation.
        port: the same.
        chains: `family table chain` of every chain that it surely or perhaps met, in order.
        reasons: what was not understood on the way.
    """

    answer: Answer
    destination: Address
    port: int
    chains: tuple[str, ...]
    reasons: tuple[str, ...]


class _End(enum.Enum):
    """How a chain may end; a set of them where it is not sure."""

    ACCEPT = enum.auto()
    DROP = enum.auto()
    RETURN = enum.auto()
    ON = enum.auto()


@attrs.define
class _Walk:
    """A packet on its way."""

    packet: Packet
    destination: Address
    port: int
    mark: int | None = 0
    translated: bool = False
    chains: list[str] = attrs.field(factory=list)
    reasons: list[str] = attrs.field(factory=list)
    deep: int = 0

    @property
    def here(self) -> bool:
        """Whether it is for this host itself."""
        return self.destination in self.packet.local or self.destination == self.packet.destination

    def say(self, reason: str) -> None:
        """Note once what is not understood."""
        if reason not in self.reasons:
            self.reasons.append(reason)


def walk(rules: Ruleset, packet: Packet, *, hooks: Sequence[str] = HOOKS) -> Passage:
    """Walk a packet through all base chains, by hook and priority, and tell how it ends.

    Args:
        rules: the firewall.
        packet: what comes in.
        hooks: which hooks are met; a packet whose destination is translated to another machine meets `forward`
            in place of `input`.
    """
    state = _Walk(packet, packet.destination, packet.port)
    ends: set[_End] = set()
    for hook in hooks:
        actual = FORWARD if hook == "input" and not state.here else hook
        for table, name, chain in _base_chains(rules, actual, packet.interface):
            if chain.kind == "nat" and state.translated:
                continue
            found = _base_chain(state, table, name, chain)
            ends |= found & {_End.DROP}
            if found == {_End.DROP}:
                return _finish(state, Answer.CLOSED if not state.reasons else _sure(state))
    return _finish(state, Answer.UNSURE if _End.DROP in ends else Answer.OPEN)


def _sure(state: _Walk) -> Answer:
    """A sure drop is closed, whatever was not understood before: nothing before it can let a packet past it.

    But for a translation that was not understood: then the packet may be another one.
    """
    return Answer.UNSURE if any("dnat" in each.lower() for each in state.reasons) else Answer.CLOSED


def _finish(state: _Walk, answer: Answer) -> Passage:
    if answer is Answer.OPEN and any("dnat" in each.lower() for each in state.reasons):
        answer = Answer.UNSURE
    return Passage(answer, state.destination, state.port, tuple(state.chains), tuple(state.reasons))


def _base_chains(rules: Ruleset, hook: str, interface: str) -> list[tuple[Table, str, Chain]]:
    found = [
        (table, name, chain)
        for table in rules.tables
        if table.family in {"ip", "ip6", "inet", "netdev"}
        for name, chain in table.chains.items()
        if chain.hook == hook and (not chain.device or chain.device == interface)
    ]
    return sorted(found, key=lambda each: each[2].priority)


def _base_chain(state: _Walk, table: Table, name: str, chain: Chain) -> set[_End]:
    """Walk a base chain; ACCEPT or DROP come out."""
    version = state.packet.source.version
    if table.family in {"ip", "ip6"} and table.family != ("ip" if version == 4 else "ip6"):
        return {_End.ACCEPT}
    found = _chain(state, table, name)
    if found & {_End.ON, _End.RETURN}:
        found = found - {_End.ON, _End.RETURN} | {_End.DROP if chain.policy is Verdict.DROP else _End.ACCEPT}
    return found


def _chain(state: _Walk, table: Table, name: str) -> set[_End]:
    """Walk a chain; ON means that it came to its end."""
    chain = table.chains.get(name)
    if chain is None or state.deep >= DEEPEST:
        state.say(f"the chain {name}")
        return {_End.ON, _End.DROP}
    state.chains.append(f"{table.family} {table.name} {name}")
    state.deep += 1
    ends: set[_End] = set()
    for rule in chain.rules:
        found = _rule(state, table, rule)
        ends |= found - {_End.ON}
        if _End.ON not in found:
            break
    else:
        ends.add(_End.ON)
    state.deep -= 1
    return ends


def _rule(state: _Walk, table: Table, rule: Rule) -> set[_End]:
    """Walk a rule; ON means that the next rule is met."""
    ends: set[_End] = set()
    sure = True
    if any(_known_misfit(state, each) for each in rule.statements):
        return {_End.ON}
    for statement in rule.statements:
        if isinstance(statement, RateLimit):
            within = _within(rule, statement)
            if within is False:
                return ends | {_End.ON}
            if within is None:
                state.say("a rate limit")
                sure = False
            continue
        truth, found = _statement(state, table, statement, sure=sure)
        if truth is False:
            return ends | {_End.ON}
        if truth is None:
            sure = False
        ends |= found - {_End.ON}
        if _End.ON not in found:
            return ends if sure else ends | {_End.ON}
    return ends | {_End.ON}


def _within(rule: Rule, limit: RateLimit) -> bool | None:
    """Whether a rate limit fits, said so that open and closed hold for one packet and for many.

    A packet within the limit is let in by a rule that accepts: open. One above it would get past a rule that drops
    within the limit only: not sure. What is dropped above a limit is open to the first packet.
    """
    ends = {each for each in rule.statements if isinstance(each, Verdict)}
    elsewhere = any(isinstance(each, Jump | Dispatch | Unknown) for each in rule.statements)
    if elsewhere or (Verdict.DROP if not limit.over else Verdict.ACCEPT) in ends or Verdict.RETURN in ends:
        return None
    return not limit.over


def _known_misfit(state: _Walk, statement: Statement) -> bool:
    """Whether a condition surely does not fit, so that those left of it need not be understood."""
    if isinstance(statement, Constant):
        return not statement.truth
    return (
        isinstance(statement, Compare)
        and Field.MARK not in statement.fields
        and _compare(state, statement) is False
    )


def _statement(
    state: _Walk, table: Table, statement: Statement, *, sure: bool
) -> tuple[bool | None, set[_End]]:
    """Answer a condition, or do an action: what came of it, and whether the next statement is met."""
    match statement:
        case Constant():
            return statement.truth, {_End.ON}
        case Compare():
            truth = _compare(state, statement)
            if truth is None:
                state.say(", ".join(each.value for each in statement.fields))
            return truth, {_End.ON}
        case Unknown(text):
            state.say(text)
            return None, {_End.ON}
        case RateLimit():
            return None, {_End.ON}
        case Dispatch():
            return _dispatch(state, table, statement, sure=sure)
        case _:
            return True, _act(state, table, statement, sure=sure)


def _act(state: _Walk, table: Table, action: Action, *, sure: bool) -> set[_End]:
    match action:
        case Verdict.ACCEPT:
            return {_End.ACCEPT}
        case Verdict.DROP:
            return {_End.DROP}
        case Verdict.RETURN:
            return {_End.RETURN}
        case SetMark(value):
            state.mark = value if sure else None
            return {_End.ON}
        case Jump(chain, final):
            found = _chain(state, table, chain)
            if found & {_End.ON, _End.RETURN}:
                found = found - {_End.ON, _End.RETURN} | {_End.RETURN if final else _End.ON}
            return found
        case Translate():
            _translate(state, action, sure=sure)
            return {_End.ACCEPT}


def _translate(state: _Walk, action: Translate, *, sure: bool) -> None:
    if not sure:
        state.say("a dnat that may or may not apply")
        return
    state.translated = True
    state.destination = action.address or state.destination
    state.port = action.port or state.port


def _dispatch(
    state: _Walk, table: Table, statement: Dispatch, *, sure: bool
) -> tuple[bool | None, set[_End]]:
    if statement.entries is None:
        state.say("a verdict map that could not be read")
        return None, {_End.ON, _End.DROP}
    values = [_value(state, field) for field in statement.fields]
    if any(value == () for value in values):
        return True, {_End.ON}
    for element, action in statement.entries:
        if fits(values, element):
            return True, _act(state, table, action, sure=sure)
    return True, {_End.ON}


def _compare(state: _Walk, statement: Compare) -> bool | None:
    values = [_value(state, field) for field in statement.fields]
    if any(value == () for value in values):
        return False
    if statement.elements is None or any(value is None for value in values):
        return None
    return any(fits(values, element) for element in statement.elements) != statement.negated


def _value(state: _Walk, field: Field) -> Value:
    """What the packet has in a field."""
    packet = state.packet
    version = packet.source.version
    match field:
        case Field.INTERFACE:
            return packet.interface
        case Field.SOURCE_V4 | Field.SOURCE_V6:
            return packet.source if (field is Field.SOURCE_V4) == (version == 4) else ()
        case Field.DESTINATION_V4 | Field.DESTINATION_V6:
            return state.destination if (field is Field.DESTINATION_V4) == (version == 4) else ()
        case Field.TCP_PORT | Field.UDP_PORT:
            wanted = Protocol.TCP if field is Field.TCP_PORT else Protocol.UDP
            return state.port if packet.protocol is wanted else ()
        case Field.MARK:
            return state.mark
        case _:
            return _plain_value(state, field)


def _plain_value(  # noqa: PLR0911 - one line a field
    state: _Walk, field: Field
) -> Value:
    packet = state.packet
    match field:
        case Field.FAMILY:
            return "ipv4" if packet.source.version == 4 else "ipv6"
        case Field.PROTOCOL:
            return (packet.protocol.value, packet.protocol.number)
        case Field.PORT:
            return state.port
        case Field.SOURCE_PORT:
            return SOURCE_PORT
        case Field.STATE:
            return "new"
        case Field.STATUS:
            return ("dnat", "new") if state.translated else "new"
        case Field.DESTINATION_KIND:
            return "local" if state.here else "unicast"
        case Field.PACKET_KIND:
            return ("host", "unicast")
        case Field.OUT_INTERFACE:
            return _way_out(state)
        case _:
            return None


def _way_out(state: _Walk) -> Value:
    """By which interface a packet leaves that is sent on to a neighbour; None where that is not known."""
    found = [
        (network.prefixlen, name)
        for network, name in state.packet.networks
        if network.version == state.destination.version and state.destination in network
    ]
    return max(found)[1] if found and not state.here else None


SOURCE_PORT = 50000
"""Where a visitor's packets come from: no rule should care."""

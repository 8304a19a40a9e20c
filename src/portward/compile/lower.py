"""Policy → table: the chains that every packet meets, in the order of docs/meaning.md.

Doors, knocks and maps have modules of their own; this one puts them together. Numbers in comments are the lines of
"The order of judgement".
"""

from datetime import timedelta

import attrs

from portward.compile import cut, daemon_ports, doors, knocks, names, passes, people, rolling
from portward.compile.exempt import (
    entrance,
    grant_bits,
    has_grant,
    networks,
    never_knock,
    trusted,
    was_open_before,
)
from portward.compile.ir import (
    Accept,
    Chain,
    Count,
    Counter,
    Dispatch,
    Drop,
    DynamicSet,
    Goto,
    HasProtocol,
    Hook,
    InSet,
    Is,
    NetworkSet,
    Rule,
    Selector,
    Set,
    Table,
    Update,
)
from portward.compile.names import IpFamily
from portward.policy.net import Protocol
from portward.policy.policy import EVERYTHING, Mode, Policy


BEFORE_TRACKING = Hook("filter", "prerouting", -310)
"""Ten before other tables' `raw` (-300); connection tracking is at -200 (NF_IP_PRI_CONNTRACK)."""

BEHIND_TRACKING = Hook("filter", "prerouting", -150)
"""Between connection tracking (-200) and destination NAT (-100)."""

TRANSLATION = Hook("nat", "prerouting", -110)
"""Ten before other tables' `dstnat` (-100): the first translation of a connection counts."""


def lower(policy: Policy) -> Table:
    """Make the whole table of a policy that `check` finds no mistakes in."""
    numbers = names.StageNumbers()
    for sequence in policy.sequences:
        numbers.add(sequence)
    translation = doors.translations(policy)
    maps = (
        *doors.maps(policy, knocks.dispatch(policy)),
        *people.maps(policy),
        *passes.maps(policy),
        *rolling.maps(policy),
    )
    chains = [
        first_look(policy),
        second_look(policy),
        *(
            [Chain(names.TRANSLATE, translation, TRANSLATION, "published ports become the services' own")]
            if translation
            else []
        ),
        *cut.chains(policy),
        judge(policy),
        to_us(policy, {each.name for each in maps}),
        stale_tcp(policy),
        *doors.chains(policy),
        *knocks.chains(policy, numbers),
        *rolling.chains(policy, knocks.longest_step(policy)),
        *passes.chains(policy),
        *daemon_ports.chains(policy),
        *people.chains(policy),
        *([stray(policy)] if policy.strict else []),
        closed(policy),
        *([unasked(policy)] if policy.mode is Mode.LOCKDOWN else []),
    ]
    return Table(
        comment=f"portward: {policy.mode} mode, {'strict' if policy.strict else 'not strict'}",
        counters=counters(policy),
        sets=sets(policy),
        maps=maps,
        chains=tuple(chains),
    )


def counters(policy: Policy) -> tuple[Counter, ...]:
    """Name what is counted."""
    return (
        Counter(names.KNOCKS, "packets that were knocks"),
        Counter(names.OPENED, "last knocks that opened something"),
        *([Counter(names.STRAYS, "strays that earned a penalty")] if policy.strict else []),
        Counter(names.DROPPED, "packets dropped, doors aside"),
        *passes.counters(policy),
        *daemon_ports.counters(policy),
        *(
            Counter(names.refused(service.name), f"packets that the door of {service.name} dropped")
            for service in policy.services
        ),
    )


def sets(policy: Policy) -> tuple[Set, ...]:
    """Make all sets that rules use; both families are alike."""
    dynamic = [each for family in IpFamily for each in dynamic_sets(policy, family)]
    constant = [
        NetworkSet(names.always(family), family, networks(policy, family), "never need to knock")
        for family in IpFamily
        if networks(policy, family)
    ]
    return (
        *dynamic,
        *knocks.sets(policy),
        *people.sets(policy),
        *passes.sets(policy),
        *rolling.sets(policy),
        *daemon_ports.sets(policy),
        *constant,
        *doors.port_sets(policy),
        *cut.port_sets(policy),
    )


def dynamic_sets(policy: Policy, family: IpFamily) -> list[DynamicSet]:
    """Make the sets of one family that packets and commands fill."""
    address, sizes = family.address_type, policy.sizes
    prefix = grant_bits(policy, family)
    strict = [
        DynamicSet(names.midway(family), (address,), sizes.stages, "in mid-sequence"),
        DynamicSet(names.penalty(family), (address,), sizes.penalties, "no knock of theirs counts for now"),
    ]
    return [
        *(
            DynamicSet(
                names.grants(service, family), (address,), sizes.grants, names.grants_comment(service, prefix)
            )
            for service in (EVERYTHING, *(each.name for each in policy.services))
        ),
        DynamicSet(
            names.stages(family), (address, "mark"), sizes.stages, "how far each source is in each sequence"
        ),
        *(strict if policy.strict else []),
        DynamicSet(
            names.adopted(family),
            (address, "inet_service", "inet_service"),
            65536,
            "connections that were open before the gate was",
            from_packets=False,
        ),
    ]


def first_look(policy: Policy) -> Chain:
    """New TCP, before connection tracking: a stray costs least here; and datagrams that are to leave no trace there."""
    rules = [
        *entrance(policy),
        *never_knock(policy, Is.NEW_TCP),
        Rule((Is.NEW_TCP, Goto(names.JUDGE))),
        *passes.entries(policy),
        *daemon_ports.entries(policy),
    ]
    return Chain(names.FIRST_LOOK, tuple(rules), BEFORE_TRACKING, "new TCP")


def second_look(policy: Policy) -> Chain:
    """Lines 1 to 4 for all that the first look leaves."""
    rules = [
        *entrance(policy),
        *cut.entries(policy),
        Rule((Is.KNOWN, Accept()), "established and related"),
        Rule((Is.NEW_TCP, Accept()), f"judged by {names.FIRST_LOOK}"),
        *never_knock(policy),
        Rule((HasProtocol((Protocol.TCP,)), Goto(names.STALE_TCP))),
        Rule((Is.NEIGHBOUR_DISCOVERY, Accept()), "IPv6 cannot live without it"),
        Rule((Is.DHCPV6_REPLY, Accept()), "nor without this"),
        Rule((Goto(names.JUDGE),)),
    ]
    return Chain(names.SECOND_LOOK, tuple(rules), BEHIND_TRACKING, "all but new TCP")


def judge(policy: Policy) -> Chain:
    """Lines 5 to 7: where the packet goes."""
    rules = [Rule((Is.TO_THIS_HOST, Goto(names.TO_US)))]
    rules += doors.to_inside(policy)
    if policy.mode is Mode.LOCKDOWN:
        rules.append(Rule((Goto(names.UNASKED),)))
    return Chain(names.JUDGE, tuple(rules))


def to_us(policy: Policy, maps: set[str]) -> Chain:
    """Line 5: doors, knocks and public ports by one look into a map; what is left is a stray or a closed port."""
    where = (Selector.PROTOCOL, Selector.DESTINATION_PORT)
    rules = [Rule((Dispatch(where, name),)) for name in (names.PORTS, names.PORT_RANGES) if name in maps]
    rules += passes.echo_entries(policy)
    if names.ECHOES in maps:
        rules += [
            Rule((question, Dispatch((Selector.LENGTH,), names.ECHOES)))
            for question in (Is.ECHO_REQUEST_V4, Is.ECHO_REQUEST_V6)
        ]
    rules += doors.to_us_without_ports(policy)
    rules += rolling.entries(policy)
    if policy.strict:
        rules += [
            Rule((HasProtocol((protocol,)), Goto(names.STRAY))) for protocol in (Protocol.TCP, Protocol.UDP)
        ]
        if names.ECHOES in maps:
            rules += [
                Rule((question, Goto(names.STRAY))) for question in (Is.ECHO_REQUEST_V4, Is.ECHO_REQUEST_V6)
            ]
    rules.append(Rule((Goto(names.CLOSED),)))
    return Chain(names.TO_US, tuple(rules))


def stale_tcp(policy: Policy) -> Chain:
    """Line 4: TCP out of nowhere."""
    rules = was_open_before()
    rules += doors.stale(policy)
    if policy.mode is Mode.LOCKDOWN:
        if doors.public_with_ports(policy):
            rules.append(
                Rule((InSet((Selector.PROTOCOL, Selector.DESTINATION_PORT), names.PUBLIC_PORTS), Accept()))
            )
        if not policy.interfaces:
            rules.append(Rule((Is.TO_BE_FORWARDED, Accept()), "not ours to judge"))
        rules.append(Rule((Count(names.DROPPED), Drop())))
    return Chain(names.STALE_TCP, tuple(rules))


AT_ONCE = timedelta(milliseconds=1)
"""An element with this timeout is as good as gone; a `delete` in the packet path would make lookups slow."""


def stray(policy: Policy) -> Chain:
    """A stray from a source in mid-sequence earns a penalty, and ends mid-sequence if no stage can outlive it."""
    begins_anew = policy.penalty >= knocks.longest_step(policy)
    rules = [
        Rule(
            (
                InSet((Selector.source(family),), names.midway(family)),
                InSet((Selector.source(family),), names.penalty(family), negated=True),
                attrs.evolve(has_grant(policy, EVERYTHING, family), negated=True),
                Update((Selector.source(family),), names.penalty(family), policy.penalty),
                *([Update((Selector.source(family),), names.midway(family), AT_ONCE)] if begins_anew else []),
                Count(names.STRAYS),
            ),
            "",
            policy.places.nearest("defaults", "penalty"),
        )
        for family in IpFamily
    ]
    return Chain(names.STRAY, (*rules, Rule((Goto(names.CLOSED),))))


def closed(policy: Policy) -> Chain:
    """Line 5.6: nothing of ours is here."""
    if policy.mode is Mode.GUARD:
        return Chain(names.CLOSED, (Rule((Accept(),), "left to the host"),))
    return Chain(names.CLOSED, (*trusted(policy), Rule((Count(names.DROPPED), Drop()))))


def unasked(policy: Policy) -> Chain:
    """Line 7 in lockdown: broadcast, multicast, and what is to be forwarded."""
    rules = []
    if not policy.interfaces:
        rules.append(Rule((Is.TO_BE_FORWARDED, Accept()), "not ours to judge"))
    rules += trusted(policy)
    if doors.public_with_ports(policy):
        rules.append(
            Rule((InSet((Selector.PROTOCOL, Selector.DESTINATION_PORT), names.PUBLIC_PORTS), Accept()))
        )
    portless = tuple(each.protocol for each in policy.public if not each.protocol.has_ports)
    if portless:
        rules.append(Rule((HasProtocol(portless), Accept())))
    rules.append(Rule((Count(names.DROPPED), Drop())))
    return Chain(names.UNASKED, tuple(rules))

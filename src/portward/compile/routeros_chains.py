"""Policy → rules of one family's filter: the chains that every packet meets, in the order of docs/meaning.md.

*leave* is `return` where the policy has nothing to say, so that the router's other rules go on, and `accept` where it
lets somebody in, so that no drop below keeps him out. Numbers in comments are the lines of "The order of judgement".
"""

from collections.abc import Iterator

from portward.compile import routeros_doors as doors
from portward.compile import routeros_knocks as knocks
from portward.compile import routeros_names as names
from portward.compile.doors import behind
from portward.compile.exempt import networks
from portward.compile.names import IpFamily
from portward.compile.routeros_words import Pairs, Row, accept, back, drop, jump, on
from portward.policy.net import Protocol
from portward.policy.policy import Mode, Policy


LISTENER_QUERY = "130:0-255"
DISCOVERY = tuple(f"{kind}:0-255" for kind in range(133, 137))
"""ICMPv6 that IPv6 cannot live without: RFC 2710, RFC 4861."""


def own_chains(policy: Policy, family: IpFamily) -> tuple[Row, ...]:
    """Make all rules in chains of our own: each chain ends with a rule for every packet."""
    found = [
        *to_us(policy, family),
        *judge(policy, family),
        *knocks.rows(policy, family),
        *stale(policy, family),
        *doors.door_rows(policy, family),
    ]
    if looks_at_forwarded(policy, family):
        found += [*through(policy, family), *stale_behind(policy, family), *inside(policy, family)]
    if policy.mode is Mode.LOCKDOWN:
        found += rest(policy, family)
    return tuple(found)


def ways_in(policy: Policy, family: IpFamily) -> tuple[Row, ...]:
    """Make the rules by which packets come to our chains, from the built-in ones."""
    found = [*doors.by_interface(policy, Row("input", (), jump(names.TO_US), "packets to this router"))]
    if not looks_at_forwarded(policy, family):
        return tuple(found)
    about, does = "packets through this router", jump(names.THROUGH)
    if policy.mode is Mode.LOCKDOWN and policy.interfaces:
        return (*found, *doors.by_interface(policy, Row("forward", (), does, about)))
    for address in dict.fromkeys(each for _, each in behind(policy, family)):
        found += doors.by_interface(policy, Row("forward", doors.host(address), does, about))
    return tuple(found)


def looks_at_forwarded(policy: Policy, family: IpFamily) -> bool:
    """Whether packets through the router are judged at all."""
    everything = policy.mode is Mode.LOCKDOWN and bool(policy.interfaces)
    return everything or any(True for _ in behind(policy, family))


def to_us(policy: Policy, family: IpFamily) -> Iterator[Row]:
    """Lines 1 to 4, of packets to the router."""
    chain = names.TO_US
    fast = (("protocol", "tcp"), ("tcp-flags", "ack"), *names.KNOWN)
    yield Row(chain, fast, accept(), "established connections first")
    if not policy.interfaces:
        yield Row(chain, from_this_router(family), back(), "the router to itself")
    yield from always(policy, family, chain)
    yield Row(chain, names.NEW_TCP, jump(names.JUDGE), "new TCP, whatever connection tracking says")
    yield Row(chain, names.NEW_TCP, back(), "left to the rules below")
    yield Row(chain, names.KNOWN, accept(), "part of something known")
    yield Row(chain, (("protocol", "tcp"),), jump(names.STALE), "TCP out of nowhere")
    yield Row(chain, (("protocol", "tcp"),), back(), "left to the rules below")
    yield from vital(family, chain, accept())
    yield Row(chain, (), jump(names.JUDGE), "all but TCP")
    yield Row(chain, (), back(), "left to the rules below")


def from_this_router(family: IpFamily) -> Pairs:
    """Ask for packets that no other machine can have sent: a kernel throws them away where they come by a wire.

    Of IPv4 that is every address of the router's own (fib_validate_source), of IPv6 only ::1 (ip6_rcv).
    """
    return (("src-address-type", "local"),) if family is IpFamily.V4 else (("src-address", "::1"),)


def always(policy: Policy, family: IpFamily, chain: str) -> Iterator[Row]:
    """Line 3: those who never need to knock."""
    for network in networks(policy, family):
        single = network.prefixlen == network.max_prefixlen
        text = str(network.network_address) if single else str(network)
        yield Row(chain, (("src-address", text),), accept(), "always")


def vital(family: IpFamily, chain: str, does: Pairs) -> Iterator[Row]:
    """What IPv6 cannot live without, whatever its destination."""
    if family is IpFamily.V4:
        return
    for kind in (LISTENER_QUERY, *DISCOVERY):
        yield Row(
            chain, (("protocol", "icmpv6"), ("icmp-options", kind)), does, "IPv6 cannot live without it"
        )
    asks = (
        ("protocol", "udp"),
        ("src-port", "547"),
        ("dst-port", "546"),
        ("src-address", "fe80::/10"),
    )
    yield Row(chain, asks, does, "nor without this")


def judge(policy: Policy, family: IpFamily) -> Iterator[Row]:
    """Line 5, and line 7 for what is to many machines."""
    chain = names.JUDGE
    does = jump(names.REST) if policy.mode is Mode.LOCKDOWN else back()
    yield Row(chain, to_many(family), does, "to many machines")
    yield from doors.doors(policy, family)
    yield Row(chain, (), jump(names.KNOCKS), "knocks, public ports and strays")
    if policy.mode is Mode.GUARD:
        yield Row(chain, (), back(), "left to the rules below")
        return
    yield Row(chain, on(names.TRUSTED), accept(), "open to who may reach everything")
    yield Row(chain, (), drop(), "lockdown: a closed port")


def to_many(family: IpFamily) -> Pairs:
    """Ask for broadcast and multicast, of packets in `input`."""
    return (("dst-address-type", "!local"),) if family is IpFamily.V4 else (("dst-address", "ff00::/8"),)


def stale(policy: Policy, family: IpFamily) -> Iterator[Row]:
    """Line 4: TCP that belongs to no connection."""
    yield from doors.stale(policy, family)
    yield from stale_elsewhere(policy, family, names.STALE, drops=policy.mode is Mode.LOCKDOWN)


def stale_behind(policy: Policy, family: IpFamily) -> Iterator[Row]:
    """The same through the router."""
    yield from doors.stale_inside(policy, family)
    drops = policy.mode is Mode.LOCKDOWN and bool(policy.interfaces)
    yield from stale_elsewhere(policy, family, names.STALE_BEHIND, drops=drops)


def stale_elsewhere(policy: Policy, family: IpFamily, chain: str, *, drops: bool) -> Iterator[Row]:
    """Judge stale TCP to ports that nothing guards."""
    if not drops:
        yield Row(chain, (), back(), "its port is not guarded")
        return
    for each in policy.public:
        if each.protocol is Protocol.TCP:
            yield Row(chain, names.ports(each, family), accept(), "public")
    yield Row(chain, (), drop(), "lockdown: belongs to no connection")


def through(policy: Policy, family: IpFamily) -> Iterator[Row]:
    """Lines 2 to 4 and vital packets, through the router; known ones are left to rules that make them fast."""
    chain = names.THROUGH
    yield from always(policy, family, chain)
    yield Row(chain, names.NEW_TCP, jump(names.BEHIND), "new TCP, whatever connection tracking says")
    yield Row(chain, names.NEW_TCP, back(), "left to the rules below")
    yield Row(chain, names.KNOWN, back(), "part of something known")
    yield Row(chain, (("protocol", "tcp"),), jump(names.STALE_BEHIND), "TCP out of nowhere")
    yield Row(chain, (("protocol", "tcp"),), back(), "left to the rules below")
    yield from vital(family, chain, back())
    yield Row(chain, (), jump(names.BEHIND), "all but TCP")
    yield Row(chain, (), back(), "left to the rules below")


def inside(policy: Policy, family: IpFamily) -> Iterator[Row]:
    """Lines 6 and 7, through the router."""
    yield from doors.to_inside(policy, family)
    if policy.mode is Mode.LOCKDOWN and policy.interfaces:
        yield Row(names.BEHIND, (), jump(names.REST), "lockdown: nothing else")
    else:
        yield Row(names.BEHIND, (), back(), "left to the rules below")


def rest(policy: Policy, family: IpFamily) -> Iterator[Row]:
    """Line 7 in lockdown."""
    yield Row(names.REST, on(names.TRUSTED), accept(), "open to who may reach everything")
    for each in policy.public:
        yield Row(names.REST, names.ports(each, family), accept(), "public")
    yield Row(names.REST, (), drop(), "lockdown: nothing covers it")

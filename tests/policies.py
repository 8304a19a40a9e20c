"""Strategies: any policy that the reader of the policy file can build, sensible or not."""

from datetime import timedelta
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from hypothesis import strategies as st

from portward.policy.net import Knock, PortRange, Protocol
from portward.policy.notation import LONGEST_ROUTEROS, SHORTEST
from portward.policy.policy import Mode, Policy, Sequence, Service, Sizes


MS = timedelta(milliseconds=1)
names = st.from_regex(r"[a-z][a-z0-9_-]{0,31}", fullmatch=True)
durations = st.integers(SHORTEST // MS, LONGEST_ROUTEROS // MS).map(lambda count: count * MS)
ports = st.one_of(
    st.builds(
        lambda protocol, ends: PortRange(protocol, min(ends), max(ends)),
        st.sampled_from([each for each in Protocol if each.has_ports]),
        st.tuples(st.integers(1, 65535), st.integers(1, 65535)),
    ),
    st.sampled_from([PortRange(each) for each in Protocol if not each.has_ports]),
)
words = st.text(st.characters(codec="utf-8"), max_size=16).map(str.encode)
knocks = st.one_of(
    st.builds(Knock, st.just(Protocol.TCP), st.integers(1, 65535)),
    st.builds(Knock, st.just(Protocol.UDP), st.integers(1, 65535), words),
    st.builds(Knock, st.just(Protocol.ICMP), st.integers(28 + 64, 65535), words),
)
services = st.builds(
    Service,
    names,
    st.lists(ports, min_size=1, max_size=3).map(tuple),
    st.lists(ports, max_size=3).map(tuple),
    st.sampled_from(
        [(), (IPv4Address("192.0.2.1"),), (IPv6Address("2001:db8::1"), IPv4Address("192.0.2.1"))]
    ),
)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Any policy that the reader can build."""
    guarded = draw(st.lists(services, max_size=3, unique_by=lambda each: each.name))
    sequences = []
    for name in draw(st.lists(names, max_size=3, unique=True)):
        order = tuple(draw(st.lists(knocks, min_size=1, max_size=4)))
        some = (
            st.lists(st.sampled_from([each.name for each in guarded]), min_size=1, max_size=3)
            if guarded
            else None
        )
        sequences.append(
            Sequence(
                name,
                order,
                tuple(draw(durations) for _ in order[1:]),
                ("*",) if some is None or draw(st.booleans()) else tuple(draw(some)),
                draw(durations),
            )
        )
    return Policy(
        tuple(guarded),
        tuple(sequences),
        draw(st.sampled_from(Mode)),
        draw(st.booleans()),
        draw(durations),
        tuple(draw(st.lists(ports, max_size=3))),
        tuple(
            draw(st.lists(st.sampled_from([IPv4Network("192.0.2.0/24"), IPv6Network("::/0")]), max_size=2))
        ),
        tuple(draw(st.lists(st.sampled_from(["eth0", "ppp*"]), max_size=2))),
        draw(st.integers(8, 32)),
        draw(st.integers(32, 128)),
        draw(st.builds(Sizes, *[st.integers(64, 2**24)] * 3)),
    )

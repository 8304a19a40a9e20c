"""Strategies: any policy that the reader of the policy file can build, sensible or not."""

from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from hypothesis import strategies as st

from portward.policy.net import Knock, PortRange, Protocol
from portward.policy.notation import LONGEST_ROUTEROS, SHORTEST
from portward.policy.people import AddressRule, Fwknop, Passes, Person, Rolling, Sealed, Ways, Windows
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


networks: st.SearchStrategy[IPv4Network | IPv6Network] = st.sampled_from(
    [IPv4Network("192.0.2.0/24"), IPv6Network("::/0")]
)
moments = st.datetimes(datetime(2000, 1, 2), datetime(9998, 12, 31)).map(  # noqa: DTZ001 - the next line
    lambda each: each.replace(second=0, microsecond=0, tzinfo=UTC)
) | st.dates(datetime(2000, 1, 2).date(), datetime(9998, 12, 31).date()).map(  # noqa: DTZ001 - days only
    lambda each: datetime(each.year, each.month, each.day, tzinfo=UTC)
)
udp_ports = st.integers(1, 65535)


def spans(low: timedelta, high: timedelta) -> st.SearchStrategy[timedelta]:
    """Durations of whole seconds."""
    return st.integers(low // timedelta(seconds=1), high // timedelta(seconds=1)).map(
        lambda count: timedelta(seconds=count)
    )


MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
max_ages = spans(timedelta(seconds=10), HOUR)
ways = st.builds(
    Ways,
    st.builds(Windows, spans(2 * MINUTE, HOUR), spans(HOUR, 168 * HOUR)),
    st.none() | st.builds(Passes, udp_ports, st.integers(1, 32), st.booleans()),
    st.none()
    | st.builds(
        lambda ends, *more: Rolling(min(ends), max(ends), *more),
        st.tuples(udp_ports, udp_ports),
        st.integers(1, 256),
        st.integers(3, 8),
        durations,
        st.booleans(),
    ),
    st.none() | st.builds(Sealed, udp_ports, max_ages, st.integers(1, 1000)),
    st.none() | st.builds(Fwknop, udp_ports, max_ages, st.integers(1, 1000)),
)


def people(opens: st.SearchStrategy[tuple[str, ...]]) -> st.SearchStrategy[list[Person]]:
    """Some people who may open one of these."""
    person = st.builds(
        Person,
        names,
        opens,
        durations,
        st.lists(networks, max_size=2).map(tuple),
        st.none() | moments,
        st.booleans(),
        st.sampled_from(AddressRule),
    )
    return st.lists(person, max_size=3, unique_by=lambda each: each.name)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Any policy that the reader can build."""
    guarded = draw(st.lists(services, max_size=3, unique_by=lambda each: each.name))
    everything: st.SearchStrategy[tuple[str, ...]] = st.just(("*",))
    some = (
        st.lists(st.sampled_from([each.name for each in guarded]), min_size=1, max_size=3)
        if guarded
        else None
    )
    sequences = []
    for name in draw(st.lists(names, max_size=3, unique=True)):
        order = tuple(draw(st.lists(knocks, min_size=1, max_size=4)))
        sequences.append(
            Sequence(
                name,
                order,
                tuple(draw(durations) for _ in order[1:]),
                ("*",) if some is None or draw(st.booleans()) else tuple(draw(some)),
                draw(durations),
                draw(st.booleans()),
            )
        )
    return Policy(
        tuple(guarded),
        tuple(sequences),
        draw(st.sampled_from(Mode)),
        draw(st.booleans()),
        draw(durations),
        tuple(draw(st.lists(ports, max_size=3))),
        tuple(draw(st.lists(networks, max_size=2))),
        tuple(draw(st.lists(st.sampled_from(["eth0", "ppp*"]), max_size=2))),
        draw(st.integers(8, 32)),
        draw(st.integers(32, 128)),
        draw(st.builds(Sizes, *[st.integers(64, 2**24)] * 3)),
        tuple(draw(people(everything if some is None else everything | some.map(tuple)))),
        draw(ways),
    )

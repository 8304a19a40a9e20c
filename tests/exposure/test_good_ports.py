"""Other ports: at random, never in use, well known, famous or ephemeral."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portward.errors import UsageError
from portward.exposure.good_ports import EPHEMERAL, FAMOUS, choose_port, read_range
from portward.exposure.registry import KINDS
from portward.policy.net import Protocol


@given(
    st.integers(0, 10**6),
    st.sets(st.integers(1, 65535), max_size=50),
    st.sampled_from([Protocol.TCP, Protocol.UDP]),
)
def test_a_port_is_never_one_that_is_bad(chance: int, taken: set[int], protocol: Protocol) -> None:
    in_use = {(Protocol.UDP, port) for port in taken}
    port = choose_port(protocol, (1, 65535), in_use, lambda below: chance % below)
    assert port >= 1024
    assert port not in taken | FAMOUS
    assert not EPHEMERAL[0] <= port <= EPHEMERAL[1]
    assert not any(kind.usual(protocol, port) for kind in KINDS)


def test_every_good_port_of_the_range_can_be_chosen() -> None:
    taken = {(Protocol.TCP, 20002)}
    chosen = set()
    for place in range(3):
        chosen.add(choose_port(Protocol.TCP, (20001, 20004), taken, lambda _: place))  # noqa: B023
    assert chosen == {20001, 20003, 20004}


@pytest.mark.parametrize("span", [(40000, 50000), (12345, 12345), (1, 1023)])
def test_a_range_without_a_good_port_is_refused(span: tuple[int, int]) -> None:
    with pytest.raises(UsageError, match="no port of"):
        choose_port(Protocol.TCP, span, set(), lambda _: 0)


def test_ranges_are_read() -> None:
    assert read_range("10000-20000") == (10000, 20000)
    assert read_range("4711") == (4711, 4711)


@pytest.mark.parametrize("text", ["", "a-b", "5-", "20-10", "0-5", "1-70000", "1-2-3"])
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="FIRST-LAST"):
        read_range(text)

from hypothesis import given
from hypothesis import strategies as st

from portward.check.ground import Ground
from portward.policy.net import Knock, PortRange, Protocol


ends = st.tuples(st.integers(1, 40), st.integers(1, 40)).map(sorted)
ranges = st.builds(
    lambda protocol, pair: PortRange(protocol, *pair), st.sampled_from([Protocol.TCP, Protocol.UDP]), ends
)


@given(st.lists(ranges), ranges)
def test_a_range_meets_an_owner_exactly_if_it_overlaps_one_of_the_ranges(
    entries: list[PortRange], asked: PortRange
) -> None:
    owner = Ground((each, each) for each in entries).meets_range(asked)
    if owner is None:
        assert not any(each.overlaps(asked) for each in entries)
    else:
        assert owner.overlaps(asked)


def test_every_echo_request_meets_plain_icmp() -> None:
    ground = Ground([(PortRange(Protocol.ICMP), "icmp")])
    assert ground.meets_knock(Knock(Protocol.ICMP, 128)) == "icmp"
    assert ground.meets_knock(Knock(Protocol.TCP, 128)) is None


def test_an_owner_may_be_zero() -> None:
    assert Ground([(PortRange(Protocol.TCP, 1, 9), 0)]).meets_knock(Knock(Protocol.TCP, 5)) == 0

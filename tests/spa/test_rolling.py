from itertools import pairwise, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portward.policy.net import Protocol
from portward.policy.notation import write_knock
from portward.spa.rolling import NEAR, Shape, rolling_knocks


SECRET, SERVER = bytes(range(32)), bytes(32)
USUAL = Shape(20000, 39999, 32, 5)


@st.composite
def shapes(draw: st.DrawFn) -> Shape:
    """Every size from the smallest on."""
    slots, knocks = draw(st.integers(1, 256)), draw(st.integers(3, 8))
    least = 2 * slots * knocks
    width = draw(st.one_of(st.integers(least, least + 4 * slots), st.integers(least, 60000)))
    first = draw(st.integers(1, 65536 - width))
    return Shape(first, first + width - 1, slots, knocks)


def test_a_sequence_is_the_same_on_both_sides_and_for_ever() -> None:
    """A change of this value would shut out every client: it would need another label."""
    knocks = rolling_knocks(SECRET, SERVER, 2_833_333, 7, USUAL)
    assert " ".join(map(write_knock, knocks)) == "tcp/22575 udp/33647 udp/38959 udp/24879 udp/27503"


@given(st.binary(min_size=32, max_size=32), st.integers(0, 2**40), shapes(), st.data())
@settings(max_examples=300, deadline=None)
def test_every_sequence_is_a_good_one(secret: bytes, window: int, shape: Shape, data: st.DataObject) -> None:
    """In its class, all different, TCP and UDP, up and down, never near to the one before."""
    slot = data.draw(st.integers(0, shape.slots - 1))
    knocks = rolling_knocks(secret, SERVER, window, slot, shape)
    assert len(set(knocks)) == shape.knocks
    assert {knock.protocol for knock in knocks} == {Protocol.TCP, Protocol.UDP}
    for knock in knocks:
        assert shape.first <= knock.number <= shape.last
        assert (knock.number - shape.first) % (2 * shape.slots) == 2 * slot + window % 2
    steps = [after.number - before.number for before, after in pairwise(knocks)]
    assert min(steps) < 0 < max(steps)
    assert min(map(abs, steps)) > 2 * shape.slots
    if shape.width > 4 * NEAR:
        assert min(map(abs, steps)) > NEAR


@given(shapes(), st.integers(-5, 2**40))
def test_no_two_slots_and_no_two_neighbouring_windows_share_a_port(shape: Shape, window: int) -> None:
    ports = [set(shape.ports(slot, each)) for slot, each in product(range(shape.slots), (window, window + 1))]
    assert sum(map(len, ports)) == len(set().union(*ports)) == shape.width


def test_sequences_change_with_everything() -> None:
    """Another secret, gate, window or slot: another sequence, as far as chance goes."""
    cases = product((SECRET, bytes(32)), (SERVER, bytes(31) + b"1"), range(100), range(2))
    sequences = {
        rolling_knocks(secret, server, window, slot, USUAL) for secret, server, window, slot in cases
    }
    assert len(sequences) == 2 * 2 * 100 * 2


def test_all_ports_of_a_class_are_used_evenly() -> None:
    """Over 4,000 sequences each of 100 ports comes about 200 times."""
    shape = Shape(1000, 1199, 1, 5)
    seen = dict.fromkeys(shape.ports(0, 0), 0)
    for window in range(0, 8000, 2):
        for knock in rolling_knocks(SECRET, SERVER, window, 0, shape):
            seen[knock.number] += 1
    assert len(seen) == 100
    assert min(seen.values()) > 120
    assert max(seen.values()) < 320


@pytest.mark.parametrize(
    ("numbers", "sentence"),
    [
        ((0, 9, 1, 3), "0-9 is no range of ports"),
        ((1, 65536, 1, 3), "no range of ports"),
        ((9, 8, 1, 3), "no range of ports"),
        ((1, 9999, 0, 3), "slots, not 0"),
        ((1, 9999, 257, 3), "slots, not 257"),
        ((1, 9999, 1, 2), "knocks, not 2"),
        ((1, 9999, 1, 9), "knocks, not 9"),
        (
            (20000, 20318, 32, 5),
            "20000-20318 has 319 ports and needs 320: each of the 32 slots must have 10 choices",
        ),
    ],
)
def test_a_shape_that_cannot_be_is_refused(numbers: tuple[int, int, int, int], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Shape(*numbers)


@pytest.mark.parametrize("slot", [-1, 32])
def test_there_are_only_so_many_slots(slot: int) -> None:
    with pytest.raises(ValueError, match=r"not in 0\.\.31"):
        rolling_knocks(SECRET, SERVER, 0, slot, USUAL)

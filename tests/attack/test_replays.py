"""Replays: which tries are made of a sequence that was seen."""

from hypothesis import given
from hypothesis import strategies as st

from portward.attack.replays import all_but_one, other_orders
from portward.policy.net import Knock, Protocol


lists = st.lists(st.integers(1, 9).map(lambda port: Knock(Protocol.TCP, port)), min_size=1, max_size=8)


@given(lists)
def test_every_knock_is_left_out_once(knocks: list[Knock]) -> None:
    tries = list(all_but_one(knocks))
    assert len(tries) == len(knocks)
    assert all(len(each) == len(knocks) - 1 for each in tries)


@given(lists)
def test_another_order_is_never_the_right_one(knocks: list[Knock]) -> None:
    """All knocks are there, and no order comes twice where all fit."""
    orders = [tuple(each) for each in other_orders(knocks)]
    assert tuple(knocks) not in orders
    key = [(each.protocol, each.number) for each in knocks]
    assert all(sorted((k.protocol, k.number) for k in each) == sorted(key) for each in orders)
    assert len(knocks) > 6 or len(orders) == len(set(orders))


def test_all_orders_of_three_knocks() -> None:
    assert len(list(other_orders([Knock(Protocol.TCP, port) for port in (1, 2, 3)]))) == 5

"""Sweeps: which candidates they send; tests/net/test_attack.py sends them."""

from itertools import islice

import pytest

from portward.attack.sweeps import SWEEPS, candidates
from portward.simulate.sweep import ORDERS, Order, Space


SMALL = Space(ports=7, largest_echo=30)


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: order.name)
def test_what_is_sent_is_what_check_computes_with(order: Order) -> None:
    """Packet by packet, over several rounds."""
    wanted = [order.at(SMALL, index) for index in range(3 * SMALL.size * order.copies)]
    assert list(islice(candidates(order, SMALL), len(wanted))) == wanted


def test_every_kind_of_sweep_is_there_under_a_name_of_its_own() -> None:
    assert [each.name for each in SWEEPS] == [
        "ascending",
        "descending",
        "random",
        "repeated",
        "slow",
        "distributed",
        "slow and distributed",
    ]

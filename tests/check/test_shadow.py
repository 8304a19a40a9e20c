from collections.abc import Iterable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portward.check.shadow import counts_as, opened_on_the_way
from portward.policy.net import Knock
from portward.policy.notation import read_knock
from portward.policy.policy import Sequence


def sequence(name: str, knocks: Iterable[Knock]) -> Sequence:
    order = tuple(knocks)
    return Sequence(name, order, (timedelta(seconds=1),) * (len(order) - 1), ("*",), timedelta(hours=1))


def found(*texts: str) -> list[tuple[int, list[int]]]:
    return list(
        opened_on_the_way([sequence(str(i), map(read_knock, text.split())) for i, text in enumerate(texts)])
    )


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["tcp/1 tcp/2", "tcp/1 tcp/3"], []),
        (["tcp/1 tcp/2", "tcp/1 tcp/2 tcp/3"], [(1, [0])]),
        (["tcp/1 tcp/2 tcp/3", "tcp/1 tcp/2"], [(0, [1])]),
        (["tcp/1 tcp/2", "tcp/1 tcp/2", "tcp/1 tcp/2"], [(1, [0]), (2, [0, 1])]),
        (["tcp/1 tcp/3", "tcp/1 tcp/2 tcp/3"], [(1, [0])]),
        (["tcp/3 tcp/1", "tcp/1 tcp/2 tcp/3"], []),
        (["tcp/2", "tcp/1 tcp/2 tcp/3"], [(1, [0])]),
        (["tcp/1 tcp/1", "tcp/1 tcp/2"], []),
        (["tcp/1 udp/2", "tcp/1 tcp/2 icmp/100"], []),
        (["udp/1 tcp/2", "udp/1=open tcp/2"], [(1, [0])]),
        (["udp/1=open tcp/2", "udp/1 tcp/2"], [(0, [1])]),
        (["udp/1=op tcp/2", "udp/1=open tcp/2"], [(1, [0])]),
        (["udp/1=pen tcp/2", "udp/1=open tcp/2"], []),
    ],
)
def test_which_sequences_open_on_the_way(texts: list[str], expected: list[tuple[int, list[int]]]) -> None:
    assert found(*texts) == expected


def opens(packets: tuple[Knock, ...], knocks: tuple[Knock, ...]) -> bool:
    """Whether the knocks are among the packets, in order: the plain definition."""
    at = 0
    for packet in packets:
        if at < len(knocks) and counts_as(packet, knocks[at]):
            at += 1
    return at == len(knocks)


few_knocks = st.builds(
    lambda port, word: read_knock(f"udp/{port}={word}" if word else f"udp/{port}"),
    st.integers(1, 4),
    st.sampled_from(["", "", "a", "ab", "b"]),
)


@given(st.lists(st.lists(few_knocks, min_size=1, max_size=5), max_size=8))
def test_the_tree_finds_exactly_what_comparing_all_pairs_finds(orders: list[list[Knock]]) -> None:
    sequences = [sequence(str(index), order) for index, order in enumerate(orders)]
    expected = {}
    for index, longer in enumerate(sequences):
        others = [
            other
            for other, shorter in enumerate(sequences)
            if other != index
            and opens(longer.knocks, shorter.knocks)
            and (other < index or longer.knocks != shorter.knocks)
        ]
        if others:
            expected[index] = others
    assert dict(opened_on_the_way(sequences)) == expected


def test_ten_thousand_sequences_over_ten_ports_need_few_steps_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """All share their knocks, the worst case for an index by port; at most 2^4 places of the tree are met by each."""
    import portward.check.shadow as module

    steps = 0
    real = module._fitting

    def counting(packet: tuple[int, bytes]) -> Iterable[tuple[int, bytes]]:
        nonlocal steps
        steps += 1
        return real(packet)

    monkeypatch.setattr(module, "_fitting", counting)
    orders = [(a, b, c, d) for a in range(10) for b in range(10) for c in range(10) for d in range(10)]
    sequences = [sequence("s", (read_knock(f"tcp/{7000 + n}") for n in order)) for order in orders]
    assert list(opened_on_the_way(sequences)) == []
    assert steps <= len(sequences) * 2**4

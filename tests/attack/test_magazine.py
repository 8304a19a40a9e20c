"""Frames in any order: they come out as they were put in."""

import socket

from hypothesis import given
from hypothesis import strategies as st

from portward.attack.magazine import Magazine


@given(
    st.lists(st.binary(min_size=1, max_size=50), min_size=1, max_size=20).flatmap(
        lambda frames: st.tuples(st.just(frames), st.lists(st.integers(0, len(frames) - 1), max_size=60))
    )
)
def test_frames_go_out_in_the_order_that_is_asked_for(case: tuple[list[bytes], list[int]]) -> None:
    """Over a socket pair that keeps messages apart, as a cable does."""
    frames, order = case
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with here, there:
        magazine = Magazine(here, frames)
        magazine.send(order)
        assert [there.recv(100) for _ in order] == [frames[number] for number in order]
    assert len(magazine) == len(frames)

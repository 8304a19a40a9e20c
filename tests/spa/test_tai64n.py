import pytest
from hypothesis import given
from hypothesis import strategies as st

from portward.spa.tai64n import decode, encode


MOMENTS = st.integers(0, 2**61 * 10**9)


def test_the_epoch_is_ten_seconds_after_two_to_the_62nd() -> None:
    """WireGuard's base is the same: 0x400000000000000a."""
    assert encode(0) == bytes.fromhex("400000000000000a00000000")
    assert encode(1_700_000_000_123_456_789) == bytes.fromhex("400000006553f10a075bcd15")


@given(MOMENTS)
def test_a_label_is_taken_back_to_its_moment(moment: int) -> None:
    assert decode(encode(moment)) == moment


@given(MOMENTS, MOMENTS)
def test_labels_sort_as_their_moments(one: int, other: int) -> None:
    assert (encode(one) < encode(other)) == (one < other)


@given(st.binary(min_size=12, max_size=12))
def test_twelve_bytes_are_one_moments_label_or_refused(label: bytes) -> None:
    try:
        moment = decode(label)
    except ValueError:
        return
    assert encode(moment) == label


@pytest.mark.parametrize(
    "label",
    ["", "400000000000000a000000", "400000000000000a0000000000", "400000000000000900000000",
     "800000000000000000000000", "400000000000000a3b9aca00", "ffffffffffffffffffffffff"],
)  # fmt: skip
def test_nonsense_is_refused(label: str) -> None:
    with pytest.raises(ValueError, match="not a TAI64N label"):
        decode(bytes.fromhex(label))


@pytest.mark.parametrize("moment", [-1, 2**62 * 10**9])
def test_moments_without_a_label_are_refused(moment: int) -> None:
    with pytest.raises(ValueError, match="between 1970"):
        encode(moment)

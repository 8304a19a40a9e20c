"""The compact spellings, both ways."""

import contextlib
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portward.policy import notation
from portward.policy.net import Knock, PortRange, Protocol


@given(st.integers(100, notation.LONGEST_ROUTEROS // timedelta(milliseconds=1)))
def test_durations_go_round(milliseconds: int) -> None:
    """What is written is read back as the same length."""
    length = timedelta(milliseconds=milliseconds)
    assert notation.read_duration(notation.write_duration(length)) == length


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("7d", timedelta(days=7)),
        ("1w", timedelta(days=7)),
        ("90m", timedelta(minutes=90)),
        ("1h30m", timedelta(minutes=90)),
        ("500ms", timedelta(milliseconds=500)),
        ("35w3d13h13m56s", notation.LONGEST_ROUTEROS),
    ],
)
def test_durations_are_read(text: str, length: timedelta) -> None:
    """Whole numbers with units, added up."""
    assert notation.read_duration(text) == length


@pytest.mark.parametrize(
    "text",
    ["", "7", "d", "1.5h", "-1s", "1 h", "1h ", "1H", "0s", "99ms", "36w", "9" * 99 + "w", "٣s", "1h\n"],
)
def test_other_durations_are_refused(text: str) -> None:
    """One sentence, no other exception."""
    with pytest.raises(ValueError, match=r"\w"):
        notation.read_duration(text)


ports = st.one_of(
    st.sampled_from([Protocol.ESP, Protocol.ICMP, Protocol.GRE]).map(PortRange),
    st.builds(
        lambda protocol, ends: PortRange(protocol, min(ends), max(ends)),
        st.sampled_from([Protocol.TCP, Protocol.UDP, Protocol.SCTP]),
        st.tuples(st.integers(1, 65535), st.integers(1, 65535)),
    ),
)


@given(ports)
def test_ports_go_round(value: PortRange) -> None:
    """What is written is read back as the same ports."""
    assert notation.read_ports(notation.write_ports(value)) == value


knocks = st.one_of(
    st.builds(Knock, st.just(Protocol.TCP), st.integers(1, 65535)),
    st.builds(
        Knock,
        st.just(Protocol.UDP),
        st.integers(1, 65535),
        st.text(st.characters(codec="utf-8"), max_size=16).map(str.encode),
    ),
    st.builds(Knock, st.just(Protocol.ICMP), st.integers(28, 65535)),
)


@given(knocks)
def test_knocks_go_round(value: Knock) -> None:
    """What is written is read back as the same knock, whatever the word holds."""
    assert notation.read_knock(notation.write_knock(value)) == value


@given(st.text(max_size=20))
def test_any_text_is_read_or_refused_with_one_error(text: str) -> None:
    """Every reader takes it or raises ValueError."""
    readers = (
        notation.read_knock,
        notation.read_ports,
        notation.read_duration,
        notation.read_network,
        notation.read_address,
    )
    for read in readers:
        with contextlib.suppress(ValueError):
            read(text)


@pytest.mark.parametrize(
    "text", ["udp/70000=sesame", "udp/=sesame", "tcp/7=sesame", "upd/7=sesame", "icmp/30=sesame"]
)
def test_an_error_never_holds_the_word(text: str) -> None:
    """The secret stays out of error texts."""
    with pytest.raises(ValueError, match=r"\w") as caught:
        notation.read_knock(text)
    assert "sesame" not in str(caught.value)


def test_a_word_is_left_out_for_the_eyes_of_others() -> None:
    """`secret=False` shows that there is a word, not which."""
    assert notation.write_knock(Knock(Protocol.UDP, 7, b"sesame"), secret=False) == "udp/7=…"


def test_a_network_with_host_bits_is_refused_with_what_to_write() -> None:
    """192.0.2.1/24 is a slip; the error names 192.0.2.0/24."""
    with pytest.raises(ValueError, match=r"write 192\.0\.2\.0/24"):
        notation.read_network("192.0.2.1/24")


def test_an_address_with_a_zone_is_refused() -> None:
    """The kernel's sets have no zones."""
    with pytest.raises(ValueError, match="zone"):
        notation.read_address("fe80::1%eth0")

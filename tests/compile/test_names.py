"""Names and numbers of the kernel's table."""

from datetime import timedelta
from ipaddress import ip_address

import attrs
from hypothesis import given
from hypothesis import strategies as st

from portward.compile import names
from portward.compile.names import IpFamily, StageNumbers
from portward.policy.notation import read_knock
from portward.policy.policy import EVERYTHING, Sequence


def sequence(name: str, *knocks: str) -> Sequence:
    """A sequence of these knocks."""
    steps = (timedelta(seconds=10),) * (len(knocks) - 1)
    return Sequence(name, tuple(map(read_knock, knocks)), steps, ("ssh",), timedelta(hours=1))


def numbered(*sequences: Sequence) -> StageNumbers:
    """The numbers of the stages of these."""
    numbers = StageNumbers()
    for each in sequences:
        numbers.add(each)
    return numbers


def test_a_stage_keeps_its_number_while_it_means_the_same() -> None:
    """Later knocks and other sequences may change; an earlier knock, its word or the name may not."""
    before = numbered(sequence("a", "tcp/1", "udp/2=x", "tcp/3"))
    longer = numbered(sequence("b", "tcp/9", "tcp/8"), sequence("a", "tcp/1", "udp/2=x", "udp/7", "tcp/3"))
    assert longer["a", 1] == before["a", 1]
    assert longer["a", 2] == before["a", 2]
    for other in (sequence("a", "tcp/2", "udp/2=x", "tcp/3"), sequence("z", "tcp/1", "udp/2=x", "tcp/3")):
        assert numbered(other)[other.name, 2] != before["a", 2]
    assert numbered(sequence("a", "tcp/1", "udp/2=y", "tcp/3"))["a", 2] != before["a", 2]


@given(st.integers(2, 400))
def test_numbers_are_different_and_never_zero(count: int) -> None:
    """Two stages never share a number, and 0 is the mark of a packet that nobody marked."""
    numbers = numbered(*(sequence(f"s{each}", "tcp/1", "tcp/2", "tcp/3") for each in range(count)))
    assert len(numbers.names()) == 2 * count
    assert 0 not in numbers.names()


def test_only_a_sequence_that_opens_once_has_a_number_for_its_last_knock() -> None:
    """It is another one as soon as any knock, the last one too, or the name is another; what it opens is no matter."""
    usual = sequence("a", "tcp/1", "tcp/2")
    once = attrs.evolve(usual, once=True)
    assert (*numbered(usual).names().values(),) == (("a", 1),)
    assert (*numbered(once).names().values(),) == (("a", 1), ("a", 2))
    assert numbered(once)["a", 1] == numbered(usual)["a", 1]
    assert numbered(attrs.evolve(once, opens=("web",)))["a", 2] == numbered(once)["a", 2]
    others = (sequence("a", "tcp/1", "tcp/3"), sequence("b", "tcp/1", "tcp/2"))
    for other in others:
        assert numbered(attrs.evolve(other, once=True))[other.name, 2] != numbered(once)["a", 2]


def test_the_service_of_a_grant_set_is_found_again() -> None:
    """Also where the service's name looks like a family."""
    for service in ("ssh", "a-b_c", "v4", "x_v6", "trusted", EVERYTHING):
        for family in IpFamily:
            assert names.service_of(names.grants(service, family)) == service
    assert names.service_of(names.stages(IpFamily.V4)) is None


def test_the_prefix_is_read_back_from_the_comment() -> None:
    """`grant` and `revoke` know from the live set how much of an address counts."""
    assert names.grant_prefix(names.grants_comment("ssh", 64)) == 64
    assert names.grant_prefix("something else") is None


def test_the_family_of_an_address() -> None:
    """IPv4 and IPv6."""
    assert IpFamily.of(ip_address("192.0.2.1")) is IpFamily.V4
    assert IpFamily.of(ip_address("2001:db8::1")) is IpFamily.V6


def test_a_chain_serves_all_words_of_a_port() -> None:
    """`udp/7=a` and `udp/7=b` are judged in one chain."""
    knock = read_knock("udp/7=a")
    assert names.knock_chain(knock) == names.knock_chain(attrs.evolve(knock, word=b"b")) == "knock_udp_7"

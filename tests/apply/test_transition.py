"""From one table to another, as text."""

from datetime import timedelta
from ipaddress import ip_address, ip_network

from hypothesis import given
from hypothesis import strategies as st

from portward.apply import transition
from portward.apply.listing import Block, Listing, read_listing, same
from portward.apply.live import Element
from portward.apply.transition import (
    Carry,
    additions,
    carried,
    carry,
    loadable,
    removals,
    time_span,
    timed,
    transaction,
)


def grants(prefix: int = 32, size: int = 64, name: str = "grant_ssh_v4") -> Block:
    """A set of grants."""
    kind = "ipv4_addr" if name.endswith("v4") else "ipv6_addr"
    said = (f"type {kind}", f"size {size}", "flags dynamic,timeout", f'comment "may reach ssh, by /{prefix}"')
    return Block("set", name, said)


KNOCKS = Block("counter", "knocks", ('comment "packets that were knocks"',))
PORTS = Block("map", "ports", ("type inet_service : verdict",), ("22 : goto door",))
DOOR = Block("chain", "door", ("drop",))
PUBLIC = Block("set", "public", ("type inet_service",), ("80",))
ADOPTED = Block(
    "set", "adopted_v4", ("type ipv4_addr . inet_service . inet_service", "size 64", "flags timeout")
)


def table(*blocks: Block, comment: str = "guard") -> Listing:
    """A table of these objects."""
    return Listing((f'comment "{comment}"',), {block.key: block for block in blocks})


def left(key: str, seconds: float) -> Element:
    """An element and the time it has left."""
    return Element((key,), timedelta(seconds=seconds))


def test_a_set_whose_definition_is_the_same_is_not_touched() -> None:
    live, wanted = table(KNOCKS, grants(), PORTS, DOOR), table(KNOCKS, grants(), DOOR)
    assert carry(live, wanted) == Carry(frozenset({KNOCKS.key, grants().key}), frozenset())
    assert not any(
        "grant" in line or "knocks" in line for line in removals(live, wanted, carry(live, wanted).kept)
    )


def test_what_goes_goes_in_an_order_that_the_kernel_takes() -> None:
    """Rules first, then maps, sets, chains, and the rest."""
    live = table(KNOCKS, DOOR, PUBLIC, PORTS)
    assert removals(live, table(), frozenset()) == [
        "flush table inet portward",
        "delete map inet portward ports",
        "delete set inet portward public",
        "delete chain inet portward door",
        "delete counter inet portward knocks",
    ]


def test_a_set_of_another_size_is_made_anew_with_its_elements() -> None:
    assert carry(table(grants()), table(grants(size=128))).remade == {"grant_ssh_v4"}


def test_when_the_table_itself_changes_every_set_is_made_anew() -> None:
    live, wanted = table(KNOCKS, grants()), table(KNOCKS, grants(), comment="lockdown")
    assert carry(live, wanted) == Carry(frozenset(), frozenset({"grant_ssh_v4"}))
    assert removals(live, wanted, frozenset()) == ["add table inet portward", "delete table inet portward"]


def test_a_set_for_other_keys_takes_nothing_over() -> None:
    other = Block("set", "grant_ssh_v4", ("type ipv6_addr", "flags dynamic,timeout"))
    assert carry(table(grants()), table(other)) == Carry(frozenset(), frozenset())


def test_what_is_spent_stays_or_is_taken_over() -> None:
    """It has no timeout, as no other set that packets fill."""
    spent = Block("set", "spent", ("type mark", "size 65536", "flags dynamic", 'comment "sequences"'))
    assert carry(table(spent), table(spent, DOOR)).kept == {spent.key}
    assert carry(table(spent), table(spent, comment="lockdown")).remade == {"spent"}
    assert additions({"spent": [Element((7,), None), Element((9,), None)]}) == [
        "add element inet portward spent { 7, 9 }"
    ]


def test_adopted_connections_are_found_anew_each_time() -> None:
    assert carry(table(ADOPTED), table(ADOPTED)) == Carry(frozenset(), frozenset())
    assert "delete set inet portward adopted_v4" in removals(table(ADOPTED), table(ADOPTED), frozenset())


def test_with_nothing_there_nothing_is_removed() -> None:
    text, above = transaction(None, table(DOOR), "table inet portward {\n}\n", {})
    assert (text, above) == ("table inet portward {\n}\n", 0)


def test_the_lines_above_the_compiled_text_are_counted() -> None:
    """So that a refusal finds the policy's place."""
    text, above = transaction(
        table(DOOR), table(DOOR), "first\nsecond\n", {"grant_ssh_v4": [left("192.0.2.7", 9)]}
    )
    lines = text.splitlines()
    assert lines[above] == "first"
    assert lines[-1] == "add element inet portward grant_ssh_v4 { 192.0.2.7 timeout 9s }"


def test_a_wider_prefix_takes_addresses_together_and_the_longest_stays() -> None:
    elements = [left("2001:db8::1", 5), left("2001:db8::2", 50), left("2001:db8:0:1::1", 7)]
    found = carried(grants(128, name="grant_ssh_v6"), grants(64, name="grant_ssh_v6"), elements)
    assert set(found) == {left("2001:db8::", 50), left("2001:db8:0:1::", 7)}


def test_a_narrower_prefix_cannot_tell_whose_grants_they_were() -> None:
    assert carried(grants(24), grants(32), [left("192.0.2.0", 5)]) == ()


def test_a_smaller_set_keeps_those_with_the_most_time_left() -> None:
    elements = [Element(("10.0.0.9",), None), *(left(f"10.0.0.{n}", n) for n in range(1, 5))]
    assert [each.key[0] for each in carried(grants(size=64), grants(size=2), elements)] == [
        "10.0.0.9",
        "10.0.0.4",
    ]


def test_what_has_run_out_is_not_given_back() -> None:
    assert transition.additions({"s": [left("192.0.2.7", 0.9), left("192.0.2.8", -5)]}) == []
    assert timed(Element(("192.0.2.7",), None)) == "192.0.2.7"


@given(st.timedeltas(timedelta(milliseconds=1), timedelta(days=250)))
def test_a_length_is_spelled_to_the_millisecond(length: timedelta) -> None:
    units = {"d": timedelta(days=1), "s": timedelta(seconds=1), "ms": timedelta(milliseconds=1)}
    rest, total = time_span(length), timedelta()
    while rest:
        number = "".join(char for char in rest[: len(rest) - len(rest.lstrip("0123456789"))])
        unit = "ms" if rest[len(number) :].startswith("ms") else rest[len(number)]
        total += int(number) * units[unit]
        rest = rest[len(number) + len(unit) :]
    assert total == length - timedelta(microseconds=length.microseconds % 1000)


@given(st.ip_addresses(), st.data())
def test_a_masked_address_is_the_networks(address: object, data: st.DataObject) -> None:
    known = ip_address(str(address))
    prefix = data.draw(st.integers(1, known.max_prefixlen))
    network = ip_network((str(known), prefix), strict=False)
    assert transition.masked(str(known), prefix) == str(network.network_address)


def test_a_table_that_is_spelled_is_the_same_when_read() -> None:
    whole = table(KNOCKS, grants(), PORTS, PUBLIC, DOOR)
    assert same(read_listing(loadable(whole)), whole)


def test_how_often_sources_send_is_not_taken_over() -> None:
    """Such a set has a timeout of its own; its elements hold counts that cannot be given back."""
    rate = Block(
        "set", "rate_sealed_v4", ("type ipv4_addr", "size 64", "flags dynamic,timeout", "timeout 1m")
    )
    assert carry(table(rate), table(rate, comment="lockdown")) == Carry(frozenset(), frozenset())
    assert carry(table(rate), table(rate)).kept == {rate.key}

"""What nft lists, as a value."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portward.apply.listing import Block, Listing, difference, read_listing, same, summary


LISTED = """table inet filter {
\tchain input {
\t\ttcp dport 25 drop
\t}
}
# Warning: table ip nat is managed by iptables-nft, do not touch!
table inet portward {
\tcomment "portward: guard mode"
\tcounter knocks {
\t\tcomment "packets that were knocks"
\t}

\tset grant_ssh_v4 {
\t\ttype ipv4_addr
\t\tsize 64
\t\tflags dynamic,timeout
\t\tcomment "may reach ssh, by /32"
\t\telements = { 192.0.2.7 timeout 1h }
\t}

\tmap ports {
\t\ttype inet_proto . inet_service : verdict
\t\telements = { tcp . 22 : goto door_ssh comment "a, b } c",
\t\t\t     udp . 7000 : goto knock }
\t}

\tchain door_ssh {
\t\tip saddr { 192.0.2.1, 192.0.2.2 } accept
\t\tdrop
\t}
}
table inet zoo {
\tchain door_ssh {
\t}
}
"""


def listed(text: str = LISTED) -> Listing:
    """Read a listing that holds our table."""
    found = read_listing(text)
    assert found is not None
    return found


def test_only_our_table_is_read() -> None:
    table = listed()
    assert table.header == ('comment "portward: guard mode"',)
    assert [block.key for block in table.blocks.values()] == [
        ("counter", "knocks"),
        ("set", "grant_ssh_v4"),
        ("map", "ports"),
        ("chain", "door_ssh"),
    ]
    assert table.blocks["chain", "door_ssh"].lines == ("ip saddr { 192.0.2.1, 192.0.2.2 } accept", "drop")


def test_no_table_of_ours_is_none() -> None:
    assert read_listing("") is None
    assert read_listing("table ip portward {\n}\ntable inet portward_x {\n}\n") is None


def test_a_constant_map_has_elements_and_a_set_that_packets_fill_has_none() -> None:
    table = listed()
    assert table.blocks["map", "ports"].elements == (
        'tcp . 22 : goto door_ssh comment "a, b } c"',
        "udp . 7000 : goto knock",
    )
    grants = table.blocks["set", "grant_ssh_v4"]
    assert grants.elements == ()
    assert (grants.dynamic, grants.size, grants.comment) == (True, 64, "may reach ssh, by /32")


def test_elements_in_another_order_and_layout_are_the_same() -> None:
    other = LISTED.replace(
        'elements = { tcp . 22 : goto door_ssh comment "a, b } c",\n\t\t\t     udp . 7000 : goto knock }',
        'elements = {\n\t\t\tudp . 7000 : goto knock,\n\t\t\ttcp . 22 : goto door_ssh comment "a, b } c"\n\t\t}',
    )
    assert same(listed(), listed(other))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\t\tdrop\n", "\t\taccept\n"),
        ("size 64", "size 65"),
        ("udp . 7000", "udp . 7001"),
        ("guard mode", "lockdown mode"),
        ("counter knocks", "counter knock"),
        ("192.0.2.2 }", "192.0.2.3 }"),
    ],
)
def test_whatever_changes_the_rules_shows(old: str, new: str) -> None:
    changed = listed(LISTED.replace(old, new))
    assert not same(listed(), changed)
    assert difference(listed(), changed, ("live", "wanted"))
    assert summary(listed(), changed)


def test_the_difference_names_the_object() -> None:
    lines = difference(
        listed(), listed(LISTED.replace("\t\tdrop\n", "\t\taccept\n")), ("live", "policy.toml")
    )
    assert lines[:2] == ["--- live", "+++ policy.toml"]
    assert lines[2].endswith("@@ chain door_ssh")
    assert "-\tdrop" in lines
    assert "+\taccept" in lines


def test_the_summary_counts_and_tells_nothing() -> None:
    told = summary(
        listed(), listed(LISTED.replace("udp . 7000", "udp . 7001").replace("counter knocks", "counter k"))
    )
    assert told == "1 new, 1 changed, 1 gone"


NAMES = st.text("abc_", min_size=1, max_size=4)
LINES = st.lists(st.sampled_from(["drop", "accept", "type ipv4_addr", 'comment "x"']), max_size=3).map(tuple)
BLOCKS = st.builds(Block, st.sampled_from(["chain", "counter", "map"]), NAMES, LINES)
TABLES = st.lists(BLOCKS, max_size=6).map(lambda blocks: Listing((), {block.key: block for block in blocks}))


@given(TABLES, TABLES, st.randoms(use_true_random=False))
def test_there_is_a_difference_exactly_when_tables_are_not_the_same(
    one: Listing, other: Listing, chance: random.Random
) -> None:
    """Whatever the order of the objects."""
    assert bool(difference(one, other, ("a", "b"))) is not same(one, other)
    keys = list(one.blocks)
    chance.shuffle(keys)
    assert same(one, Listing((), {key: one.blocks[key] for key in keys}))
    assert difference(one, None, ("a", "b"))


@given(st.lists(st.sampled_from(LISTED.splitlines())).map("\n".join))
def test_any_text_is_read_without_an_exception(text: str) -> None:
    read_listing(text)
    read_listing(f"table inet portward {{\n{text}")

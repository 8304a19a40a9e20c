import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.simulate.router import knocker, script

from portward.simulate.routeros import Router
from portward.simulate.routeros_interfaces import EVERY, NONE, Interfaces, interfaces_of, named, renamed
from portward.sources.routeros_rules import InterfaceList, Script


names = st.sampled_from(["a", "b", "c", "d"])
lists = st.sampled_from(["one", "two", "three", "all", "none", "unknown"])
scripts = st.builds(
    lambda found: Script(interface_lists=tuple(found)),
    st.lists(
        st.builds(
            InterfaceList,
            st.sampled_from(["one", "two", "three"]),
            st.lists(names).map(tuple),
            st.lists(lists, max_size=2).map(tuple),
            st.lists(lists, max_size=2).map(tuple),
        ),
        unique_by=lambda each: each.name,
    ),
)


def test_the_lists_that_routeros_has_itself() -> None:
    assert interfaces_of(Script(), "all") == EVERY
    assert interfaces_of(Script(), "none") == NONE
    assert interfaces_of(Script(), "nobody made it") == NONE


def test_included_lists_come_in_and_excluded_ones_go_out_again() -> None:
    made = Script(
        interface_lists=(
            InterfaceList("LAN", ("bridge",)),
            InterfaceList("rest", (), include=("all",), exclude=("LAN",)),
        )
    )
    assert interfaces_of(made, "rest") == Interfaces(frozenset({"bridge"}), others=True)


@given(scripts, lists, names)
def test_who_is_in_a_list_is_found_whatever_the_lists_include(
    made: Script, name: str, interface: str
) -> None:
    """Even where lists include each other in a circle; members that no list excludes are in."""
    found = interfaces_of(made, name)
    for each in made.interface_lists:
        if each.name == name and not each.exclude:
            assert set(each.members) <= {one for one in each.members if one in found}
    assert isinstance(interface in found, bool)


RULES = """add chain=input in-interface=ether1 protocol=tcp action=drop
add chain=input in-interface-list=WAN protocol=udp action=drop"""


def test_interfaces_are_called_what_they_are_called_here() -> None:
    assert named(script(RULES)) == {"ether1", "WAN"}
    ours = renamed(script(RULES), {"ether1": ("eth0", "eth1"), "WAN": ("ppp0",)})
    made = Router(ours)
    memory = made.start()
    endings = [
        str(made.advance(memory, knocker(what), 0).ending)
        for what in ("tcp/1 on eth0", "tcp/1 on eth1", "tcp/1 on ether1", "udp/1 on ppp0", "udp/1 on eth0")
    ]
    assert endings == ["drop", "drop", "accept", "drop", "accept"]


@pytest.mark.parametrize("name", ["ether1", "WAN"])
def test_what_is_not_named_stays_as_it_is(name: str) -> None:
    assert renamed(script(RULES), {}) == script(RULES)
    assert name in named(script(RULES))

import pytest
from tests.sources.routeros_texts import script

from portward.policy.notation import write_knock
from portward.sources.routeros_knocks import ancestors, ordered, paths, survey
from portward.sources.routeros_paths import meetings
from portward.sources.routeros_rules import Family


ADD = "add chain=input action=add-src-to-address-list address-list-timeout=9s"


def found(lines: str) -> dict[str, list[str]]:
    """The ways onto each list, as knocks."""
    source = script("/ip firewall filter\n" + lines)
    uses = survey(meetings(source, Family.V4), source.entries)
    return {
        name: [
            " ".join("|".join(write_knock(each) for each in step.knocks) for step in path)
            for path in paths(uses, name)
        ]
        for name in uses.fills
    }


def test_ways_onto_lists_are_found_in_any_order_of_rules() -> None:
    """Reverse order, as one packet must not pass two stages."""
    lines = (
        f"{ADD} address-list=in src-address-list=two protocol=icmp packet-size=333\n"
        f"{ADD} address-list=two src-address-list=one protocol=udp dst-port=2002\n"
        f"{ADD} address-list=one protocol=tcp dst-port=1001\n"
    )
    assert found(lines)["in"] == ["tcp/1001 udp/2002 icmp/333"]


def test_port_lists_and_lists_filled_by_several_rules_are_alternatives() -> None:
    """Each way is one."""
    lines = (
        f"{ADD} address-list=one protocol=tcp dst-port=1001,1003\n{ADD} address-list=one protocol=udp dst-port=1005\n"
        f"{ADD} address-list=in src-address-list=one protocol=tcp dst-port=2002\n"
    )
    assert found(lines)["in"] == ["tcp/1001|tcp/1003 tcp/2002", "udp/1005 tcp/2002"]


def test_lists_that_refer_to_each_other_in_a_circle_lead_nowhere() -> None:
    """And end."""
    lines = (
        f"{ADD} address-list=a src-address-list=b protocol=tcp dst-port=1\n"
        f"{ADD} address-list=b src-address-list=a protocol=tcp dst-port=2\n"
    )
    assert found(lines) == {"a": [], "b": []}


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ("protocol=icmp", "every ping counts"),
        ("protocol=tcp", "every tcp packet counts"),
        ("", "every packet counts, not one that is a secret"),
        ("protocol=tcp dst-port=1-100", "it counts for too many ports to be a secret"),
        ("protocol=udp dst-port=0", "port 0 cannot be knocked at"),
        ("protocol=tcp dst-port=7 limit=1,1", "it also asks about a rate"),
        ("protocol=tcp dst-port=7 src-address=192.0.2.1", "it is only for some addresses"),
        ("protocol=tcp dst-port=7 content=x", "a TCP knock is a SYN"),
        ("protocol=icmp icmp-options=0:0 packet-size=99", "no echo requests"),
    ],
)
def test_rules_that_are_no_knock_say_why(asked: str, why: str) -> None:
    """One packet that is a secret is a knock; these are none."""
    source = script(f"/ip firewall filter\n{ADD} address-list=k {asked}\n")
    (step,) = survey(meetings(source, Family.V4), ()).steps
    assert step.knocks == ()
    assert why in step.why_not


def test_order_may_be_enforced_by_drops_above() -> None:
    """The lists that these demand come first, in the order of their rules."""
    lines = (
        f"{ADD} address-list=a protocol=tcp dst-port=11\n{ADD} address-list=b protocol=tcp dst-port=12\n"
        "add chain=input action=drop protocol=tcp dst-port=13 src-address-list=!a\n"
        f"{ADD} address-list=in src-address-list=b protocol=tcp dst-port=13\n"
    )
    assert found(lines)["in"] == ["tcp/11 tcp/12 tcp/13"]


def test_ancestors_are_not_asked_for_twice() -> None:
    """A list that leads to another needed one stands for nothing of its own."""
    source = script(
        f"/ip firewall filter\n{ADD} address-list=a protocol=tcp dst-port=1\n"
        f"{ADD} address-list=b src-address-list=a protocol=tcp dst-port=2\n"
    )
    uses = survey(meetings(source, Family.V4), ())
    assert ancestors(uses, "b") == {"a"}
    assert ordered(uses, frozenset({"a", "b"})) == ["b"]

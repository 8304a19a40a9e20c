import pytest
from tests.sources.routeros_texts import rules, script

from portward.sources.routeros_rules import Fate, Verdict


THREE = (
    "/ip firewall filter\nadd chain=input comment=one\nadd chain=input comment=two dst-port=2 protocol=tcp\n"
    "add chain=forward comment=three\n"
)


@pytest.mark.parametrize(
    ("command", "comments"),
    [
        ("remove [find comment=two]", ["one", "three"]),
        ('remove [find comment~"^t"]', ["one"]),
        ("remove [find chain=input dst-port]", ["one", "three"]),
        ("remove [find]", []),
        ("add chain=x comment=new place-before=[find comment=two]", ["one", "new", "two", "three"]),
        ("add chain=x comment=new place-before=([find chain=forward]->0)", ["one", "two", "new", "three"]),
        ("add chain=x comment=new place-before=three", ["one", "two", "new", "three"]),
        ("add chain=x comment=new place-before=0", ["new", "one", "two", "three"]),
        ("add chain=x comment=new place-before=[find comment=gone]", ["one", "two", "three", "new"]),
    ],
)
def test_lists_are_built_as_a_router_builds_them(command: str, comments: list[str]) -> None:
    """`find`, `remove` and `place-before`."""
    assert [each.comment for each in rules(THREE + command)] == comments


def test_set_enable_and_disable_change_what_find_finds() -> None:
    """And nothing else."""
    found = rules(
        THREE + "set [find comment=one] action=drop disabled=yes\nenable [find comment=one]\n"
        "disable [find chain=forward]\nset [find comment=two] !dst-port"
    )
    assert [(each.action, each.disabled, len(each.matchers)) for each in found] == [
        (Verdict.DROP, False, 0),
        (Verdict.ACCEPT, False, 1),
        (Verdict.ACCEPT, True, 0),
    ]


@pytest.mark.parametrize(
    "command",
    [
        "set 0 action=drop",
        "remove 1,2",
        "set [find comment=$x] log=yes",
        "move 1 0",
        "set [find chain=a or log] log=yes",
    ],
)
def test_what_needs_the_router_is_listed(command: str) -> None:
    """Numbers, variables, conditions that are not answered."""
    told = script(THREE + command).told[-1]
    assert told.fate is Fate.LISTED
    assert told.decides


def test_value_that_only_the_router_knows_is_listed() -> None:
    """The rule is not made with a guess."""
    source = script("/ip firewall filter add chain=input src-address=[/ip address get 0 address]")
    assert source.rules == ()
    assert source.told[0].reason == "only the router knows the value of src-address"


def test_services_by_name_list_number_and_find() -> None:
    """Fixed items, in the order that version 6 numbers them."""
    source = script(
        "/ip service\nset telnet,ftp disabled=yes\ndisable www\nset [find name=ssh] port=2222\n"
        "set 6 address=10.0.0.0/8,2001:db8::/32\nset numbers=api disabled=yes\nset api-ssl available-from=192.0.2.1\n"
    )
    assert {each.name: (each.disabled, each.port, each.addresses) for each in source.services} == {
        "telnet": (True, None, ()),
        "ftp": (True, None, ()),
        "www": (True, None, ()),
        "ssh": (None, 2222, ()),
        "winbox": (None, None, ("10.0.0.0/8", "2001:db8::/32")),
        "api": (True, None, ()),
        "api-ssl": (None, None, ("192.0.2.1",)),
    }


def test_service_that_no_router_has_is_refused() -> None:
    """With its name."""
    (told,) = script("/ip service set gopher disabled=yes").told
    assert (told.fate, told.reason) == (Fate.REFUSED, "there is no service 'gopher'")

import pytest
from tests.apply.routeros_case import FIRST, Clock, new_device, wanted

from lab.routeros_device import Refusal
from lab.routeros_direct import DirectLink
from portward.apply.ros_link import show_if_there
from portward.apply.routeros_state import (
    for_this_router,
    lists_that_matter,
    read_rules,
    refuse_while_on_trial,
)
from portward.errors import TargetError


def test_menus_that_a_router_does_not_have_are_left_out() -> None:
    rules = read_rules(DirectLink(new_device(Clock(), version=6, ipv6=True)))
    assert "/ipv6/firewall/filter" in rules
    assert "/ipv6/firewall/nat" not in rules


def test_menus_that_are_not_shown_are_not_taken_for_missing() -> None:
    device = new_device(Clock())

    def hook(_count: int, path: str, phase: str) -> None:
        if path == "/ip/firewall/raw/print" and phase == "before":
            raise Refusal(400, "not enough permissions (9)")

    device.hook = hook
    with pytest.raises(TargetError, match="not enough permissions"):
        read_rules(DirectLink(device))
    assert show_if_there(DirectLink(device), "/ip/firewall/raw") == ()


def test_what_is_for_ipv6_is_left_out_where_there_is_none() -> None:
    what = wanted(FIRST)
    kept, told = for_this_router(what, read_rules(DirectLink(new_device(Clock()))))
    assert told
    assert kept.menus == ("/ip/firewall/filter",)
    same, told = for_this_router(what, read_rules(DirectLink(new_device(Clock(), ipv6=True))))
    assert (same, told) == (what, False)


def test_the_lists_that_matter_are_those_that_rules_name() -> None:
    names = lists_that_matter(wanted(FIRST), {}, "/ip")
    assert ("/ip", "portward-grant-ssh") in names
    assert ("/ip", "portward-stage-admin-1") in names


def test_a_push_under_way_is_seen() -> None:
    device = new_device(Clock())
    refuse_while_on_trial(DirectLink(device))
    device.add("/system/scheduler", {"name": "portward-undo", "next-run": "14:00:00"})
    with pytest.raises(TargetError, match="goes back at 14:00:00"):
        refuse_while_on_trial(DirectLink(device))

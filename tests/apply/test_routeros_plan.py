import copy

import pytest
from tests.apply.routeros_case import FIRST, SECOND, Clock, new_device, only_v4, push_to, wanted

from lab.routeros_device import Device
from portward.apply.routeros_items import SERVICES, Setting, Wanted
from portward.apply.routeros_plan import Plan, after, in_place, make_plan, named_row, plan_settings
from portward.errors import TargetError


FILTER = "/ip/firewall/filter"


def pushed() -> Device:
    """A router that holds the first policy."""
    clock = Clock()
    device = new_device(clock)
    push_to(device, only_v4(wanted(FIRST)), clock)
    return device


def plan(device: Device, text: str = FIRST, before: str = "") -> Plan:
    return make_plan(
        only_v4(wanted(text)), {menu: tuple(rows) for menu, rows in device.menus.items()}, before
    )


def test_what_is_there_is_no_change() -> None:
    assert not plan(pushed()).changes
    assert plan(pushed()).lines == ()


@pytest.mark.parametrize(
    "edit",
    [
        {"disabled": "true"},
        {"dst-port": "2222"},
        {"comment": "portward: something"},
        {"src-address": "203.0.113.0/24"},
        {"action": "return"},
    ],
)
def test_whatever_somebody_changes_in_a_rule_of_ours_is_a_change(edit: dict[str, str]) -> None:
    device = pushed()
    row = next(row for row in device.menus[FILTER] if row.get("dst-port") == "22")
    row.update(edit)
    assert plan(device).changes


def test_a_rule_of_ours_that_is_gone_double_or_out_of_order_is_a_change() -> None:
    for edit in (list.pop, lambda rows: rows.append({**rows[-1], ".id": "*FF"}), list.reverse):
        device = pushed()
        edit(device.menus[FILTER])
        assert plan(device).changes


def test_only_chains_that_differ_are_touched() -> None:
    change = plan(pushed(), SECOND)
    chains = {each.item.properties["chain"] for each in change.additions}
    assert "portward-tcp-4444" in chains
    assert "portward-door-ssh" not in chains
    assert "input" not in chains


def test_rules_that_slipped_below_others_go_up_again() -> None:
    device = pushed()
    rows = device.menus[FILTER]
    hook = next(row for row in rows if row["chain"] == "input")
    rows.remove(hook)
    rows.append(hook)
    change = plan(device)
    assert [each.item.properties["chain"] for each in change.additions] == ["input"]
    assert change.lines == ("~ /ip/firewall/filter: 1 rules go to another place, or are enabled",)


def test_the_user_may_name_the_rule_to_go_before() -> None:
    device = new_device(Clock())
    rows = tuple(device.menus[FILTER])
    change = plan(device, before="drop the rest")
    hook = next(each for each in change.additions if each.item.properties["chain"] == "input")
    assert hook.before == rows[-1][".id"]
    comments = [row["comment"] for row in after(FILTER, rows, change) if row["chain"] == "input"]
    assert comments == ["known", "management", "portward: packets to this router", "drop the rest"]
    with pytest.raises(TargetError, match="no rule in input with the comment 'nonsense'"):
        plan(device, before="nonsense")


def test_services_are_compared_by_what_is_wanted_of_them() -> None:
    change = plan(pushed(), SECOND).settings
    assert [(each.setting.name, each.setting.properties, each.before) for each in change] == [
        ("ssh", {"port": "12345"}, {"port": "22"})
    ]


def test_services_alone_leave_all_rules_and_are_set_back_as_one_types_it() -> None:
    rows = (
        {"name": "www", "disabled": "false", ".id": "*1"},
        {"name": "ftp", "disabled": "true", ".id": "*2"},
    )
    off = [Setting(name, {"disabled": "yes"}) for name in ("www", "ftp")]
    found = plan_settings(off, {SERVICES: rows, FILTER: ({"comment": "portward: x", ".id": "*3"},)})
    assert [(each.setting.name, each.before) for each in found.settings] == [("www", {"disabled": "no"})]
    assert (found.additions, found.retired) == ((), {})
    assert found.lines == ("~ /ip/service www: disabled=no → yes",)


def test_recent_versions_list_connections_among_services() -> None:
    rows = ({"name": "ssh", "dynamic": "true", ".id": "*9"}, {"name": "ssh", ".id": "*1"})
    found = named_row(rows, "ssh")
    assert found is not None
    assert found[".id"] == "*1"


def test_a_router_without_a_menu_that_is_needed_is_told() -> None:
    live = {menu: tuple(rows) for menu, rows in pushed().menus.items() if not menu.endswith("/filter")}
    with pytest.raises(TargetError, match="no /ip/firewall/filter"):
        make_plan(only_v4(wanted(FIRST)), live)


def test_in_place_is_about_order_and_not_about_spelling() -> None:
    device = pushed()
    what = only_v4(wanted(FIRST))
    live = {menu: tuple(rows) for menu, rows in device.menus.items()}
    assert in_place(what, live)
    odd = copy.deepcopy(live)
    odd[FILTER][0]["tcp-flags"] = "spelled in another way"
    assert in_place(what, odd)
    assert not in_place(what, {**live, FILTER: live[FILTER][1:]})
    assert not in_place(what, {**live, FILTER: tuple(reversed(live[FILTER]))})


def test_what_leaves_nothing_takes_everything_away() -> None:
    device = pushed()
    live = {menu: tuple(rows) for menu, rows in device.menus.items()}
    change = make_plan(Wanted(), live)
    assert not change.additions
    left = after(FILTER, live[FILTER], change)
    assert [row["comment"] for row in left] == ["known", "management", "drop the rest"]

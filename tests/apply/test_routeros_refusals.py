import pytest
from tests.apply.routeros_case import FIRST, OURS, SECOND, Clock, new_device, only_v4, wanted

from lab.routeros_device import Device
from lab.routeros_direct import DirectLink
from portward.apply.routeros_arrival import find_arrival
from portward.apply.routeros_plan import after, make_plan
from portward.apply.routeros_refusals import Reason, Refusal, Scene, refusals
from portward.apply.routeros_state import lists_that_matter, read_entries, read_rules


FILTER = "/ip/firewall/filter"
LOCKED = FIRST.replace("strict = false", 'strict = false\nmode = "lockdown"').replace(
    "schema = 1", 'schema = 1\ninterfaces = ["ether1"]'
)


def judged(device: Device, text: str = FIRST, service: str = "www-ssl") -> tuple[Refusal, ...]:
    """All reasons not to push a policy to a router, from our address."""
    what = only_v4(wanted(text))
    link = DirectLink(device, judged=False)
    rules = read_rules(link)
    change = make_plan(what, rules)
    rows = {menu: after(menu, each, change) for menu, each in rules.items()}
    entries = {"/ip": tuple(read_entries(link, lists_that_matter(what, rows, "/ip")))}
    return refusals(Scene(rows, entries, find_arrival(link, "portward", OURS), service), what, change)


def reasons(device: Device, text: str = FIRST, service: str = "www-ssl") -> list[Reason]:
    return [each.reason for each in judged(device, text, service)]


@pytest.fixture
def device() -> Device:
    device = new_device(Clock())
    device.add(
        "/ip/route", {"dst-address": "0.0.0.0/0", "active": "true", "immediate-gw": "192.0.2.254%ether1"}
    )
    return device


def test_a_router_that_goes_on_letting_us_in_is_fine(device: Device) -> None:
    assert judged(device) == ()


def test_without_a_rule_that_lets_us_in_above_the_drop_nothing_is_pushed(device: Device) -> None:
    del device.menus[FILTER][1]
    (found,) = judged(device)
    assert found.reason is Reason.WAY_IN
    assert "a new connection from 198.51.100.7 to port 443 is not sure to get past" in found.message
    assert "drop the rest" in found.message


def test_a_rule_that_may_not_fit_is_no_way_in(device: Device) -> None:
    device.menus[FILTER][1]["time"] = "8h-17h,mon,tue"
    assert reasons(device) == [Reason.WAY_IN]


def test_a_way_in_through_a_list_of_interfaces_is_seen(device: Device) -> None:
    device.add("/interface/list/member", {"list": "MGMT", "interface": "ether1"})
    device.menus[FILTER][1] = {**device.menus[FILTER][1], "in-interface-list": "MGMT", "src-address": ""}
    assert judged(device) == ()


def test_lockdown_shuts_us_out_unless_we_are_among_those_who_always_may(device: Device) -> None:
    assert reasons(device, LOCKED) == [Reason.WAY_IN]
    assert reasons(device, LOCKED.replace("schema = 1", f'schema = 1\nalways = ["{OURS}"]')) == []


def test_a_grant_is_a_way_in_that_ends(device: Device) -> None:
    device.add("/ip/firewall/address-list", {"list": "portward-trusted", "address": OURS, "timeout": "7d"})
    (found,) = judged(device, LOCKED)
    assert "only a grant lets it in, and that ends" in found.message


def test_open_connections_must_go_on(device: Device) -> None:
    """A policy's own rules accept them; where others drop them first, nothing is pushed."""
    device.add(
        "/ip/firewall/raw", {"chain": "prerouting", "action": "drop", "connection-state": "established"}
    )
    assert reasons(device) == [Reason.ESTABLISHED]


@pytest.mark.parametrize(
    ("menu", "row", "reason"),
    [
        ("/ip/firewall/raw", {"chain": "prerouting", "action": "notrack"}, Reason.NOTRACK),
        (
            "/ip/firewall/raw",
            {"chain": "prerouting", "action": "notrack", "dst-address": "203.0.113.1"},
            None,
        ),
        ("/ip/firewall/raw", {"chain": "output", "action": "notrack"}, None),
        (
            "/ip/firewall/mangle",
            {"chain": "input", "action": "accept", "src-address-list": "portward-grant-ssh"},
            Reason.LISTS,
        ),
        (
            FILTER,
            {"chain": "x", "action": "add-src-to-address-list", "address-list": "portward-grant-ssh"},
            Reason.LISTS,
        ),
        ("/ip/firewall/address-list", {"list": "portward-grant-ssh", "address": "203.0.113.1"}, Reason.LISTS),
        (
            "/ip/firewall/address-list",
            {"list": "portward-grant-ssh", "address": "203.0.113.1", "timeout": "1h"},
            None,
        ),
        (FILTER, {"chain": "portward-judge", "action": "accept"}, Reason.CHAINS),
    ],
)
def test_what_others_do_that_would_undermine_ours(
    device: Device, menu: str, row: dict[str, str], reason: Reason | None
) -> None:
    device.add(menu, row)
    assert reasons(device) == ([reason] if reason else [])


def test_fast_connections_are_looked_at_only_above_our_rules(device: Device) -> None:
    behind = FIRST.replace('ports = ["tcp/22"]', 'ports = ["tcp/22"]\nhost = "192.0.2.9"')
    device.add(FILTER, {"chain": "forward", "action": "fasttrack-connection"})
    assert reasons(device, behind) == []
    device.menus[FILTER][-1]["comment"] = "fast"
    what = only_v4(wanted(behind))
    rules = read_rules(DirectLink(device))
    rows = {menu: after(menu, each, make_plan(what, rules)) for menu, each in rules.items()}
    forward = [row for row in rows[FILTER] if row["chain"] == "forward"]
    scene = Scene({FILTER: tuple(reversed(forward))}, {}, find_arrival(DirectLink(device), "x", OURS), "api")
    assert [each.reason for each in refusals(scene, what, make_plan(what, rules))] == [Reason.FASTTRACK]


def test_the_service_that_carries_the_push_is_not_changed_by_it(device: Device) -> None:
    assert reasons(device, SECOND, service="ssh") == [Reason.OWN_SERVICE]
    assert reasons(device, SECOND, service="www-ssl") == []

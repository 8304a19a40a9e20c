from datetime import timedelta
from ipaddress import ip_address

import pytest
from tests.apply.routeros_case import FIRST, STRANGER, Clock, new_device, push_to, wanted

from lab.routeros_device import Device
from lab.routeros_direct import DirectLink
from portward.apply.ros_link import Link
from portward.apply.routeros_grants import Kind, give, read_ours, take
from portward.errors import TargetError, UsageError


WHO, WHO_6 = ip_address(STRANGER), ip_address("2001:db8::7")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def device(clock: Clock) -> Device:
    device = new_device(clock, ipv6=True)
    push_to(device, wanted(FIRST), clock)
    return device


@pytest.fixture
def link(device: Device) -> Link:
    return DirectLink(device)


def test_a_grant_opens_and_ends_by_itself(device: Device, link: Link, clock: Clock) -> None:
    device.menus["/ip/firewall/filter"][-1]["disabled"] = "true"  # our own rules alone
    assert not device.admits(STRANGER, 22)
    give(link, "ssh", WHO, timedelta(hours=1))
    assert device.admits(STRANGER, 22)
    clock.now += 3601
    assert not device.admits(STRANGER, 22)


def test_a_grant_given_again_gets_its_new_time(link: Link) -> None:
    for hours in (2, 1):
        give(link, "ssh", WHO, timedelta(hours=hours))
    (entry,) = read_ours(link)
    assert (entry.kind, entry.about, entry.address, entry.left) == (
        Kind.GRANT,
        "ssh",
        STRANGER,
        timedelta(hours=1),
    )


def test_both_families_are_read_and_revoked(link: Link) -> None:
    for who in (WHO, WHO_6):
        give(link, "ssh", who, timedelta(hours=1))
        give(link, "*", who, timedelta(hours=1))
    assert len(read_ours(link)) == 4
    assert take(link, "ssh", WHO_6) == ("ssh",)
    assert set(take(link, "*", WHO)) == {"ssh", "*"}
    assert [each.about for each in read_ours(link)] == ["*"]
    assert take(link, "ssh", WHO) == ()


def test_stages_mid_sequence_and_penalties_are_told_apart(device: Device, link: Link) -> None:
    menu = "/ip/firewall/address-list"
    rows = {"portward-stage-admin-1": "10s", "portward-midway": "10s", "portward-penalty": "1m"}
    ours = [row for row in device.menus["/ip/firewall/filter"] if row["comment"].startswith("portward: ")]
    ours[0]["src-address-list"], ours[1]["src-address-list"] = "portward-midway", "portward-penalty"
    for name, timeout in rows.items():
        device.add(menu, {"list": name, "address": STRANGER, "timeout": timeout})
    found = {(each.kind, each.about, each.stage) for each in read_ours(link)}
    assert found == {(Kind.STAGE, "admin", 1), (Kind.MIDWAY, "", 0), (Kind.PENALTY, "", 0)}


def test_lists_of_others_are_none_of_our_business(device: Device, link: Link) -> None:
    device.add("/ip/firewall/address-list", {"list": "blacklist", "address": STRANGER})
    device.menus["/ip/firewall/filter"][0]["src-address-list"] = "blacklist"
    assert read_ours(link) == ()


def test_a_service_that_is_not_guarded_is_not_opened(link: Link) -> None:
    with pytest.raises(UsageError, match=r"no service 'web'.*it has: \*, ssh"):
        give(link, "web", WHO, timedelta(hours=1))


def test_a_router_without_our_rules_is_told() -> None:
    with pytest.raises(TargetError, match="no rules of portward"):
        read_ours(DirectLink(new_device(Clock())))

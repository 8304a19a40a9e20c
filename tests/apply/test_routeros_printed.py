"""What is found in an export is found in the router that it is of."""

import pytest
from tests.apply.routeros_case import Clock, new_device

from lab.routeros_device import Device, Refusal
from lab.routeros_direct import DirectLink
from portward.apply.routeros_printed import read_printed
from portward.exposure.router import audit_script
from portward.exposure.router_live import audit_printed


def set_well(device: Device) -> Device:
    """Switch off all that an audit complains of."""
    for menu in ("/tool/mac-server", "/tool/mac-server/mac-winbox"):
        device.command(f"{menu}/set", {"allowed-interface-list": "none"})
    device.command("/ip/neighbor/discovery-settings/set", {"discover-interface-list": "LAN"})
    device.command("/tool/bandwidth-server/set", {"enabled": "no"})
    device.command("/ip/ssh/set", {"strong-crypto": "yes"})
    for name in ("telnet", "ftp", "www", "api"):
        device.command("/ip/service/set", {".id": name, "disabled": "yes"})
    device.command("/user/disable", {".id": device.find("/user", "admin")[".id"]})
    return device


def found(device: Device) -> set[tuple[str, str]]:
    findings, _ = audit_printed(read_printed(DirectLink(device, judged=False)), "edge")
    return {(each.code, each.subject) for each in findings}


def test_a_router_that_is_set_well_has_no_findings() -> None:
    assert found(set_well(new_device(Clock(), ipv6=True))) == set()
    assert found(set_well(new_device(Clock(), version=6))) == set()


MENUS = {
    "/tool mac-server": {"allowed-interface-list": "all"},
    "/tool mac-server mac-winbox": {"allowed-interface-list": "all"},
    "/ip neighbor discovery-settings": {"discover-interface-list": "all"},
    "/ip proxy": {"enabled": "yes"},
    "/ip socks": {"enabled": "yes"},
    "/tool bandwidth-server": {"enabled": "yes"},
    "/ip cloud": {"ddns-enabled": "yes"},
    "/ip ssh": {"strong-crypto": "no"},
    "/ip upnp": {"enabled": "yes"},
    "/snmp": {"enabled": "yes"},
}


@pytest.mark.parametrize("menu", MENUS)
def test_what_a_script_switches_on_is_found_in_a_router_that_took_it(menu: str) -> None:
    device = set_well(new_device(Clock()))
    ((name, value),) = MENUS[menu].items()
    device.command(f"/{menu[1:].replace(' ', '/')}/set", MENUS[menu])
    script, _ = audit_script(f"{menu} set {name}={value}".encode(), "r.rsc")
    assert found(device) == {(each.code, each.subject) for each in script}
    assert len(script) == 1


@pytest.mark.parametrize("name", ["telnet", "ftp", "www", "api"])
def test_a_service_that_a_script_switches_on_too(name: str) -> None:
    device = set_well(new_device(Clock()))
    device.command("/ip/service/set", {".id": name, "disabled": "no"})
    assert found(device) == {("PX501", f"/ip service {name}")}


def test_the_user_whose_name_everybody_tries() -> None:
    device = set_well(new_device(Clock()))
    device.command("/user/enable", {".id": device.find("/user", "admin")[".id"]})
    assert found(device) == {("PX510", "/user admin")}


def test_filter_rules_that_leave_it_open_and_what_they_open() -> None:
    device = set_well(new_device(Clock()))
    device.command("/ip/dns/set", {"allow-remote-requests": "yes"})
    assert found(device) == set()
    device.menus["/ip/firewall/filter"][-1]["disabled"] = "true"
    logins = {("PX502", f"/ip service {name}") for name in ("ssh", "winbox", "www-ssl", "api-ssl")}
    assert found(device) == {("PX511", "/ip firewall filter"), ("PX507", "/ip dns"), *logins}


def test_lists_are_read_without_what_ends() -> None:
    """Who is on a list for a time is no stranger any more; who is there for good decides about strangers."""
    device = set_well(new_device(Clock()))
    first = device.menus["/ip/firewall/filter"][0][".id"]
    device.add("/ip/firewall/filter", {"chain": "input", "src-address-list": "in", "place-before": first})
    device.add("/ip/firewall/address-list", {"list": "in", "address": "0.0.0.0/1", "timeout": "1h"})
    device.add("/ip/firewall/address-list", {"list": "other", "address": "0.0.0.0/0"})
    assert found(device) == set()
    device.add("/ip/firewall/address-list", {"list": "in", "address": "0.0.0.0/0"})
    assert ("PX511", "/ip firewall filter") in found(device)


def test_nothing_is_ever_set() -> None:
    device = new_device(Clock())
    seen: list[str] = []
    device.hook = lambda _count, path, _phase: seen.append(path)
    read_printed(DirectLink(device, judged=False))
    assert {path.rpartition("/")[2] for path in seen} == {"print"}


def test_what_a_router_lacks_is_left_out_and_what_it_refuses_is_named() -> None:
    device = new_device(Clock())

    def hook(_count: int, path: str, phase: str) -> None:
        if path.startswith(("/user/", "/ip/firewall/address-list/")) and phase == "before":
            raise Refusal(400, "not enough permissions (9)")

    device.hook = hook
    device.menus["/ip/firewall/filter"][0]["src-address-list"] = "in"
    printed = read_printed(DirectLink(device, judged=False))
    assert "/ipv6/firewall/filter" not in printed.rows
    assert printed.refused.keys() == {"/user", "/ip/firewall/address-list"}
    assert "not enough permissions" in printed.refused["/user"]

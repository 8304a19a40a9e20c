"""The router that pushes are tried on answers as the manual says; these sentences are the manual's."""

import pytest
from tests.apply.routeros_case import Clock

from lab.routeros_device import Device, Refusal


FILTER, LIST, JOBS = "/ip/firewall/filter", "/ip/firewall/address-list", "/system/scheduler"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def device(clock: Clock) -> Device:
    return Device(clock)


def test_an_item_goes_to_the_end_or_before_another(device: Device) -> None:
    last = device.add(FILTER, {"chain": "input", "action": "drop"})
    first = device.add(FILTER, {"chain": "input", "place-before": last})
    device.command(f"{FILTER}/move", {".id": last, "destination": first})
    rows, _ = device.command(f"{FILTER}/print", {})
    assert [row[".id"] for row in rows] == [last, first]
    with pytest.raises(Refusal, match="no such item"):
        device.add(FILTER, {"chain": "input", "place-before": "*FF"})


@pytest.mark.parametrize(
    ("menu", "words", "message"),
    [
        (FILTER, {"action": "drop"}, "missing value.*chain"),
        (FILTER, {"chain": "input", "dst-port": "22"}, "ports can be specified if proto is tcp"),
        (FILTER, {"chain": "input", "protocol": "tcp", "dst-port": "113322"}, "out of range"),
        (FILTER, {"chain": "input", "colour": "red"}, "unknown parameter colour"),
        (FILTER, {"chain": "input", "address-list-timeout": "36w"}, "out of range"),
        (LIST, {"list": "a"}, "missing value.*address"),
        (LIST, {"list": "a", "address": "192.0.2.1", "timeout": "soon"}, "invalid time"),
        (JOBS, {"interval": "1m"}, "missing value.*name"),
        ("/ip/service", {"name": "x"}, "no such command"),
        ("/ip/nothing", {}, "no such command"),
    ],
)
def test_what_a_router_refuses(device: Device, menu: str, words: dict[str, str], message: str) -> None:
    with pytest.raises(Refusal, match=message):
        device.command(f"{menu}/add", words)


def test_an_entry_that_is_there_already_is_refused(device: Device) -> None:
    device.add(LIST, {"list": "a", "address": "192.0.2.1"})
    with pytest.raises(Refusal, match="failure: already have such entry"):
        device.add(LIST, {"list": "a", "address": "192.0.2.1", "timeout": "1h"})


def test_an_entry_with_a_timeout_counts_down_and_goes(device: Device, clock: Clock) -> None:
    device.add(LIST, {"list": "a", "address": "192.0.2.1", "timeout": "1m"})
    device.add(LIST, {"list": "a", "address": "192.0.2.2"})
    clock.now += 20
    rows, _ = device.command(f"{LIST}/print", {}, ["list=a"])
    assert [(row["dynamic"], row.get("timeout")) for row in rows] == [("true", "40s"), ("false", None)]
    clock.now += 41
    rows, _ = device.command(f"{LIST}/print", {})
    assert [row["address"] for row in rows] == ["192.0.2.2"]


def test_a_job_runs_when_its_time_is_up_and_again(device: Device, clock: Clock) -> None:
    device.add(FILTER, {"chain": "input", "comment": "x"})
    device.add(
        JOBS,
        {"name": "j", "interval": "1m", "on-event": '/ip firewall filter disable [find where comment="x"]'},
    )
    clock.now += 59
    device.tick()
    assert device.menus[FILTER][0]["disabled"] == "false"
    clock.now += 1
    device.tick()
    assert device.menus[FILTER][0]["disabled"] == "true"
    device.menus[FILTER][0]["disabled"] = "false"
    clock.now += 60
    device.tick()
    assert device.menus[FILTER][0]["disabled"] == "true"


def test_a_start_forgets_what_is_dynamic_and_runs_only_jobs_for_the_start(device: Device) -> None:
    device.add(LIST, {"list": "a", "address": "192.0.2.1", "timeout": "1h"})
    device.add(FILTER, {"chain": "input", "comment": "x"})
    device.add(
        JOBS,
        {"name": "i", "interval": "1m", "on-event": '/ip firewall filter remove [find where comment="x"]'},
    )
    device.boot()
    assert device.menus[LIST] == []
    assert len(device.menus[FILTER]) == 1


def test_values_come_back_in_the_routers_spelling(device: Device) -> None:
    device.add(
        FILTER,
        {
            "chain": "input",
            "connection-state": "related,established",
            "disabled": "no",
            "address-list-timeout": "7d",
        },
    )
    row = device.menus[FILTER][0]
    assert (row["connection-state"], row["disabled"], row["address-list-timeout"]) == (
        "established,related",
        "false",
        "1w",
    )


def test_the_firewall_judges_who_connects(device: Device) -> None:
    device.add(FILTER, {"chain": "input", "connection-state": "established"})
    device.add(LIST, {"list": "friends", "address": "198.51.100.0/24"})
    device.add(FILTER, {"chain": "input", "src-address-list": "friends"})
    device.add(FILTER, {"chain": "input", "action": "drop", "comment": "rest"})
    assert device.admits("198.51.100.7", 443)
    assert not device.admits("203.0.113.1", 443)
    assert device.admits("203.0.113.1", 443, "established")


def test_a_menu_of_settings_is_one_row_without_an_id(device: Device) -> None:
    rows, _ = device.command("/ip/ssh/print", {})
    assert [(".id" in row, row["strong-crypto"]) for row in rows] == [(False, "false")]
    device.command("/ip/ssh/set", {"strong-crypto": "yes"})
    assert device.command("/ip/ssh/print", {})[0][0]["strong-crypto"] == "true"

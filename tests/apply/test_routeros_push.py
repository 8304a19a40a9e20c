import contextlib
import copy
from collections.abc import Callable
from typing import Any

import pytest
from tests.apply.routeros_case import (
    FIRST,
    FUSE,
    OURS,
    SECOND,
    STRANGER,
    Clock,
    is_clean,
    new_device,
    only_v4,
    push_to,
    wanted,
)

from lab.routeros_device import Cut, Device, Refusal
from lab.routeros_direct import DirectLink
from portward.apply.routeros_items import Wanted
from portward.errors import PeerError, PortwardError, TargetError


Rules = dict[str, list[dict[str, str]]]


class Killed(BaseException):
    """The client is gone, and with it all that it would have done."""


def first_pushed(clock: Clock) -> Device:
    """A router that holds the first policy."""
    device = new_device(clock)
    push_to(device, only_v4(wanted(FIRST)), clock)
    return device


def goal(text: str) -> Wanted:
    return only_v4(wanted(text)) if text else Wanted()


def results(text: str) -> tuple[int, Rules, Rules]:
    """How many commands a push takes, and the rules before and after it."""
    clock = Clock()
    device = first_pushed(clock)
    before, count = device.rules(), device.count
    push_to(device, goal(text), clock)
    return device.count - count, before, device.rules()


def at(number: int, phase: str, what: BaseException) -> Callable[[int, str, str], None]:
    """Let something happen at one command, once."""

    def hook(count: int, _path: str, now: str) -> None:
        if (count, now) == (number, phase):
            raise what

    return hook


def test_a_push_changes_the_router_and_leaves_nothing_behind() -> None:
    clock = Clock()
    device = new_device(clock)
    assert push_to(device, goal(FIRST), clock)
    assert is_clean(device)
    assert not device.admits(OURS, 22)
    assert not device.admits(STRANGER, 22)
    assert device.admits(OURS, 443)


def test_a_second_push_finds_nothing_to_do() -> None:
    clock = Clock()
    device = first_pushed(clock)
    count, rules = device.count, device.rules()
    assert not push_to(device, goal(FIRST), clock)
    assert device.rules() == rules
    assert device.count - count < 25  # it only reads


def test_rules_that_are_not_ours_stay_as_they_are() -> None:
    clock = Clock()
    device = new_device(clock)
    foreign = copy.deepcopy(device.menus["/ip/firewall/filter"])
    push_to(device, goal(FIRST), clock)
    push_to(device, goal(SECOND), clock)
    push_to(device, Wanted(), clock)
    assert device.menus["/ip/firewall/filter"] == foreign


def test_ours_stand_above_all_others_of_their_chain() -> None:
    device = first_pushed(Clock())
    comments = [row["comment"] for row in device.menus["/ip/firewall/filter"] if row["chain"] == "input"]
    assert comments == ["portward: packets to this router", "known", "management", "drop the rest"]


def test_open_doors_stay_and_stages_are_forgotten() -> None:
    clock = Clock()
    device = first_pushed(clock)
    menu = "/ip/firewall/address-list"
    device.add(menu, {"list": "portward-grant-ssh", "address": STRANGER, "timeout": "1h"})
    device.add(menu, {"list": "portward-stage-admin-1", "address": STRANGER, "timeout": "10s"})
    push_to(device, goal(SECOND), clock)
    assert [row["list"] for row in device.menus[menu]] == ["portward-grant-ssh"]


def test_a_push_waits_for_the_end_of_another() -> None:
    """And does not touch the other's rules."""
    clock = Clock()
    device = first_pushed(clock)
    device.hook = at(device.count + 40, "before", Killed())
    with pytest.raises(Killed):
        push_to(device, goal(SECOND), clock)
    rows = copy.deepcopy(device.menus)
    with pytest.raises(TargetError, match="another push to this router is on trial"):
        push_to(device, goal(SECOND), clock)
    assert device.menus == rows


@pytest.mark.parametrize("text", [SECOND, ""], ids=["change", "removal"])
@pytest.mark.parametrize("phase", ["before", "after"])
@pytest.mark.parametrize("end", ["time", "boot"])
def test_a_client_that_is_killed_at_any_command_leaves_the_old_state_or_the_new(
    text: str, phase: str, end: str
) -> None:
    """The router itself brings the old one back, when the time is up or when it starts anew; the next push succeeds."""
    steps, old, new = results(text)
    seen = set()
    for step in range(1, steps + 1):
        clock = Clock()
        device = first_pushed(clock)
        device.hook = at(device.count + step, phase, Killed())
        with pytest.raises(Killed):
            push_to(device, goal(text), clock)
        if end == "boot":
            device.boot()
        else:
            clock.now += FUSE.total_seconds() + 1
            device.tick()
        assert device.rules() in (old, new), f"command {step} of {steps}"
        seen.add(device.rules() == new)
        clock.now += FUSE.total_seconds() + 1
        push_to(device, goal(text), clock)
        assert device.rules() == new
        assert is_clean(device)
    assert seen == {True, False}


@pytest.mark.parametrize("text", [SECOND, ""], ids=["change", "removal"])
@pytest.mark.parametrize("phase", ["before", "after"])
def test_a_line_that_is_cut_at_any_command_leaves_the_old_state_or_the_new_at_once(
    text: str, phase: str
) -> None:
    """The client connects anew, and undoes or says that it was confirmed."""
    steps, old, new = results(text)
    for step in range(1, steps + 1):
        clock = Clock()
        device = first_pushed(clock)
        device.hook = at(device.count + step, phase, Cut())
        with pytest.raises(PeerError):
            push_to(device, goal(text), clock)
        assert device.rules() in (old, new), f"command {step} of {steps}"


@pytest.mark.parametrize("phase", ["before", "after"])
def test_a_line_that_stays_cut_leaves_the_old_state_or_the_new_when_the_time_is_up(phase: str) -> None:
    steps, old, new = results(SECOND)
    for step in range(1, steps + 1):
        clock = Clock()
        device = first_pushed(clock)
        last = device.count + step

        def hook(count: int, _path: str, now: str, last: int = last) -> None:
            if count > last or (count, now) == (last, phase):
                raise Cut

        device.hook = hook
        with pytest.raises(PeerError):
            push_to(device, goal(SECOND), clock)
        clock.now += FUSE.total_seconds() + 1
        device.tick()
        assert device.rules() in (old, new), f"command {step} of {steps}"


def test_a_refusal_at_any_command_leaves_the_old_state_or_the_new_at_once() -> None:
    steps, old, new = results(SECOND)
    for step in range(1, steps + 1):
        clock = Clock()
        device = first_pushed(clock)
        device.hook = at(device.count + step, "before", Refusal(400, "failure: no"))
        with contextlib.suppress(PortwardError):
            push_to(device, goal(SECOND), clock)
        assert device.rules() in (old, new), f"command {step} of {steps}"


def test_at_no_moment_is_a_door_open_or_are_we_shut_out() -> None:
    clock = Clock()
    device = first_pushed(clock)
    seen = 0

    def hook(_count: int, path: str, phase: str) -> None:
        nonlocal seen
        if phase == "after" and not path.endswith("/print"):
            seen += 1
            assert not device.admits(STRANGER, 22), path
            assert device.admits(OURS, 443), path
            assert device.admits(OURS, 443, "established"), path

    device.hook = hook
    push_to(device, goal(SECOND), clock)
    assert seen > 50


def test_a_router_that_does_not_let_a_new_connection_in_gets_its_old_rules_back() -> None:
    """The open connection undoes it, since a new one cannot."""
    clock = Clock()
    device = first_pushed(clock)
    old = device.rules()
    calls: list[int] = []

    def connect() -> Any:
        calls.append(1)
        if len(calls) > 1:
            raise PeerError("no connection: timed out")
        return DirectLink(device)

    with pytest.raises(PeerError, match=r"timed out; the router is as before"):
        push_to(device, goal(SECOND), clock, connect)
    assert device.rules() == old
    assert is_clean(device)


def test_what_takes_too_long_is_not_confirmed() -> None:
    """Near the end of the trial the router may act at any moment."""
    clock = Clock()
    device = first_pushed(clock)
    old = device.rules()

    def hook(_count: int, _path: str, _phase: str) -> None:
        clock.now += 1

    device.hook = hook
    with pytest.raises(TargetError, match="it took too long for a trial of 120s; the router is as before"):
        push_to(device, goal(SECOND), clock)
    device.hook = lambda _number, _path, _phase: None
    assert device.rules() == old
    assert is_clean(device)


def test_a_router_that_runs_no_jobs_is_left_alone() -> None:
    clock = Clock()
    device = first_pushed(clock)
    old = copy.deepcopy(device.menus)

    def hook(_count: int, path: str, _phase: str) -> None:
        if path == "/system/scheduler/add":
            raise Refusal(400, "failure: not allowed by device-mode")

    device.hook = hook
    with pytest.raises(TargetError, match="device-mode; nothing was changed"):
        push_to(device, goal(SECOND), clock)
    assert device.menus == old


def test_a_rule_that_somebody_disabled_stays_disabled_when_a_push_is_taken_back() -> None:
    clock = Clock()
    device = first_pushed(clock)
    device.menus["/ip/firewall/filter"][-1]["disabled"] = "true"
    old = device.rules()
    device.hook = at(device.count + 60, "before", Killed())
    with pytest.raises(Killed):
        push_to(device, goal(SECOND), clock)
    clock.now += FUSE.total_seconds() + 1
    device.tick()
    assert device.rules() == old


def test_services_of_the_router_are_set_back_too() -> None:
    clock = Clock()
    device = first_pushed(clock)
    ssh = next(row for row in device.menus["/ip/service"] if row["name"] == "ssh")

    def connect() -> Any:
        if ssh["port"] == "12345":
            raise Killed
        return DirectLink(device)

    with pytest.raises(Killed):
        push_to(device, goal(SECOND), clock, connect)
    assert ssh["port"] == "12345"
    clock.now += FUSE.total_seconds() + 1
    device.tick()
    assert ssh["port"] == "22"


def test_the_person_is_told_each_step() -> None:
    clock = Clock()
    told: list[str] = []
    push_to(new_device(clock), goal(FIRST), clock, told=told)
    assert told == [
        "armed: the router takes everything back in 120s unless it is confirmed",
        "prepared, and no packet has seen a difference yet; switching over",
        "a new connection gets in; confirming",
    ]

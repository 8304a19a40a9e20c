"""A router, two policies for it, and a push from one to the other: what the tests of pushes share."""

from collections.abc import Callable
from datetime import timedelta

import attrs

from lab.routeros_device import Device
from lab.routeros_direct import DirectLink
from portward.apply.ros_link import Link
from portward.apply.routeros_items import MENUS, Wanted, mark_of
from portward.apply.routeros_plan import Snapshot, in_place, make_plan
from portward.apply.routeros_push import Push, carry_out, settle
from portward.apply.routeros_state import read_rules, refuse_while_on_trial
from portward.apply.routeros_wanted import wanted_of
from portward.errors import TargetError
from portward.policy.policy import Policy
from portward.sources.policy_reader import read_policy


OURS = "198.51.100.7"
STRANGER = "203.0.113.66"
FUSE = timedelta(seconds=120)

FIRST = """
schema = 1
[defaults]
strict = false
[services.ssh]
ports = ["tcp/22"]
[sequences.admin]
knocks = ["tcp/33333", "udp/22222"]
opens = ["ssh"]
"""
SECOND = FIRST.replace("udp/22222", "tcp/4444").replace('["tcp/22"]', '["tcp/22"]\npublished = ["tcp/12345"]')


@attrs.define
class Clock:
    """A clock that stands still until it is moved."""

    now: float = 1000.0

    def __call__(self) -> float:
        """The time."""
        return self.now


def policy_of(text: str) -> Policy:
    """Read a policy that has no mistakes."""
    policy, _ = read_policy(text, "policy.toml")
    assert policy is not None
    return policy


def wanted(text: str, version: int = 7) -> Wanted:
    """What a router is to hold for a policy."""
    return wanted_of(policy_of(text), version)


def new_device(clock: Callable[[], float], *, version: int = 7, ipv6: bool = False) -> Device:
    """A router as many are: established connections, our network, and nothing else gets in."""
    device = Device(clock, version=version, ipv6=ipv6)
    device.add("/ip/address", {"address": "192.0.2.1/24", "interface": "ether1"})
    for words in (
        {"connection-state": "established,related", "comment": "known"},
        {"src-address": "198.51.100.0/24", "comment": "management"},
        {"action": "drop", "comment": "drop the rest"},
    ):
        device.add("/ip/firewall/filter", {"chain": "input", **words})
    return device


def only_v4(what: Wanted) -> Wanted:
    """What is wanted without IPv6."""
    return attrs.evolve(what, items=tuple(each for each in what.items if each.menu.startswith("/ip/")))


def push_to(
    device: Device,
    what: Wanted,
    clock: Callable[[], float],
    connect: Callable[[], Link] | None = None,
    told: list[str] | None = None,
) -> bool:
    """Push as the command does, without its checks of the way in; whether there was anything to do."""
    connect = connect or (lambda: DirectLink(device))
    link = connect()
    refuse_while_on_trial(link)
    settle(link, read_rules(link))
    plan = make_plan(what, read_rules(link))

    def judge(_link: Link, rules: Snapshot) -> None:
        if not in_place(what, rules):
            raise TargetError("not in place")

    if plan.changes:
        carry_out(Push(connect, clock, (told if told is not None else []).append, FUSE, judge), link, plan)
    return plan.changes


def is_clean(device: Device) -> bool:
    """Whether nothing of an unfinished push is left."""
    marks = any(mark_of(row) for menu in MENUS for row in device.menus.get(menu, []))
    return not marks and not device.menus["/system/scheduler"]

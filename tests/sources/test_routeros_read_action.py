from datetime import timedelta
from ipaddress import ip_address

import pytest
from tests.sources.routeros_texts import only_rule, refusal

from portward.sources.routeros_matchers import AddressRange, Range, Side
from portward.sources.routeros_rules import (
    Action,
    AddToList,
    Forever,
    Jump,
    OtherAction,
    Reject,
    Translate,
    Verdict,
)


HOST = AddressRange(ip_address("192.0.2.9"), ip_address("192.0.2.9"))


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("", Verdict.ACCEPT),
        ("action=drop", Verdict.DROP),
        ("action=tarpit", Verdict.TARPIT),
        ("action=jump jump-target=k", Jump("k")),
        ("action=reject", Reject("icmp-network-unreachable")),
        ("action=reject reject-with=tcp-reset", Reject("tcp-reset")),
        (
            "action=add-src-to-address-list address-list=k address-list-timeout=1m30s",
            AddToList(Side.SOURCE, "k", timedelta(seconds=90)),
        ),
        (
            "action=add-dst-to-address-list address-list=k",
            AddToList(Side.DESTINATION, "k", Forever.UNTIL_REBOOT),
        ),
        (
            "action=add-src-to-address-list address-list=k address-list-timeout=none-static",
            AddToList(Side.SOURCE, "k", Forever.SAVED),
        ),
        (
            "action=add-src-to-address-list address-list=k address-list-timeout=00:00:00",
            AddToList(Side.SOURCE, "k", Forever.UNTIL_REBOOT),
        ),
        ("action=fasttrack-connection", Verdict.FASTTRACK),
    ],
)
def test_actions_are_typed(text: str, action: Action) -> None:
    """Accept where none is given; a list without a timeout is for ever."""
    assert only_rule(text).action == action


def test_actions_of_nat_and_mangle() -> None:
    """Translations with their target; marks as text."""
    nat = only_rule(
        "action=dst-nat protocol=tcp dst-port=99 to-addresses=192.0.2.9 to-ports=22",
        "/ip firewall nat",
        "dstnat",
    )
    assert nat.action == Translate("dst-nat", HOST, Range(22, 22))
    mark = only_rule("action=mark-packet new-packet-mark=x passthrough=no", "/ip firewall mangle", "forward")
    assert mark.action == OtherAction("mark-packet", passthrough=False)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("/ip firewall filter add chain=input action=explode", "filter has no action 'explode'"),
        ("/ip firewall filter add chain=input action=notrack", "filter has no action 'notrack'"),
        ("/ipv6 firewall filter add chain=input action=tarpit", "filter has no action 'tarpit'"),
        ("/ip firewall filter add chain=input action=jump", "jump needs a jump-target"),
        ("/ip firewall filter add chain=input action=add-src-to-address-list", "needs an address-list"),
        ("/ip firewall filter add action=drop", "missing value of argument chain"),
        (
            "/ip firewall filter add chain=i action=add-src-to-address-list address-list=k address-list-timeout=52w",
            "the timeout 52w is out of range",
        ),
        ("/ip firewall filter add chain=input action=reject reject-with=smile", "reject-with has no 'smile'"),
    ],
)
def test_what_a_router_refuses_is_told(line: str, reason: str) -> None:
    """Actions that the table does not have, or that lack something."""
    assert reason in refusal(line)

"""The daemon's ports: what of all that comes there never leaves the kernel."""

from datetime import timedelta

import attrs
from tests.compile.keyed import ALICE, chain, has_chain, policy

from portward.compile.daemon_ports import chains, counters, entries, sets, ways
from portward.compile.nft import compile_policy
from portward.policy.people import Fwknop, Sealed, Ways
from portward.policy.policy import Policy


SEALED = Ways(sealed=Sealed(62203, per_second=7))
BOTH = Ways(sealed=Sealed(62203), fwknop=Fwknop(62201, timedelta(minutes=1), 3))


def test_datagrams_are_judged_before_connection_tracking_and_kept_out_of_it() -> None:
    """A flood from forged sources shuts nobody out."""
    look = chain(policy(BOTH), "first_look")
    assert "udp dport 62203 fib daddr type local goto sealed" in look
    assert "udp dport 62201 fib daddr type local goto fwknop" in look
    for name in ("sealed", "fwknop"):
        assert chain(policy(BOTH), name).split('"', 2)[2].startswith(" notrack")


def test_a_sealed_knock_has_its_length_and_its_word() -> None:
    """232 bytes behind the UDP header."""
    rules = chain(policy(SEALED), "sealed")
    assert 'udp length != 240 counter name "junk" drop' in rules
    assert '@th,64,64 != @words counter name "junk" drop' in rules
    assert rules.endswith('accept comment "to the daemon"')


def test_a_packet_of_fwknops_has_its_length_and_begins_as_all_do() -> None:
    rules = chain(policy(BOTH), "fwknop")
    assert "udp length != 148-407 " in rules
    assert "@th,64,8 != { 0x2b, 0x2f, 0x38, 0x39 } " in rules
    assert "@words" not in rules


def test_rates_are_counted_last_and_by_network_in_ipv6() -> None:
    """So junk of a forged source takes nothing from it."""
    rules = chain(policy(SEALED), "sealed")
    assert "update @rate_sealed_v4 { ip saddr limit rate over 7/second burst 14 packets }" in rules
    assert (
        "update @rate_sealed_v6 { ip6 saddr & ffff:ffff:ffff:ffff:: limit rate over 7/second burst 14 packets }"
        in rules
    )
    assert rules.index("@words") < rules.index("@rate_sealed_v4")


def test_what_passes_is_let_in_behind_connection_tracking_too() -> None:
    text = compile_policy(policy(BOTH)).text
    assert "udp . 62203 : accept" in text
    assert "udp . 62201 : accept" in text


def test_each_port_has_sets_of_its_own() -> None:
    assert [each.name for each in sets(policy(BOTH))] == [
        "words",
        "rate_sealed_v4",
        "rate_sealed_v6",
        "rate_fwknop_v4",
        "rate_fwknop_v6",
    ]


def test_without_people_the_ports_are_any_ports() -> None:
    kept = Policy(ways=BOTH)
    assert not [*ways(kept), *sets(kept), *counters(kept), *entries(kept), *chains(kept)]


def test_the_daemon_hears_those_who_are_revoked() -> None:
    """It is the daemon that knows whom a sealed knock is from."""
    assert has_chain(policy(SEALED, attrs.evolve(ALICE, revoked=True)), "sealed")

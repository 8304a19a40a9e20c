"""Passes, as transcripts."""

from datetime import timedelta
from ipaddress import ip_network

import attrs
import pytest
from tests.simulate.keyed import ALICE, BOB, BOBS_PASS, PASS, PORT, SECOND_PASS, WAYS, gate, opened
from tests.simulate.transcript import OTHER, VISITOR, VISITOR_6, sequence

from portward.policy.notation import read_ports
from portward.policy.people import Passes, Ways
from portward.policy.policy import Mode, Service
from portward.simulate.packet import ConnectionState


def test_a_pass_opens_once_whoever_sends_it() -> None:
    here = gate()
    assert opened(here.hears_data(PASS)) == [("ssh", "alice")]
    replay = here.hears_data(PASS, source=OTHER)
    assert not replay.granted
    assert replay.reasons[0].text == "it carries a pass of alice that was used up before"
    assert here.hears_data(SECOND_PASS, source=VISITOR_6).granted


@pytest.mark.parametrize("data", [b"", PASS[:15], bytes(16), b" " + PASS])
def test_another_datagram_is_one_to_a_closed_port(data: bytes) -> None:
    here = gate(mode=Mode.LOCKDOWN)
    judgement = here.hears_data(data)
    assert (judgement.verdict, judgement.line, judgement.stray) == ("drop", "5.6", False)


def test_what_follows_the_pass_does_not_matter() -> None:
    assert gate().hears_data(PASS + b"\n").granted


def test_a_pass_to_another_port_is_nothing() -> None:
    assert not gate().hears_data(PASS, port=PORT + 1).granted


def test_a_pass_counts_only_in_its_window() -> None:
    here = gate()
    here.now = 1000.0
    assert not here.hears_data(PASS).granted


def test_it_goes_on_as_to_a_closed_port() -> None:
    """Left alone in guard mode; in lockdown dropped, unless it has opened everything."""
    assert gate().hears_data(PASS).verdict == "leave"
    assert gate(mode=Mode.LOCKDOWN).hears_data(PASS).verdict == "drop"
    assert gate(mode=Mode.LOCKDOWN).hears_data(BOBS_PASS).verdict == "leave"


def test_neither_always_nor_connection_tracking_is_asked_before() -> None:
    here = gate(mode=Mode.LOCKDOWN, always=(ip_network(f"{VISITOR}/32"),))
    judgement = here.hears_data(PASS, state=ConnectionState.ESTABLISHED)
    assert judgement.granted
    assert judgement.verdict == "drop"


def test_an_interface_that_is_not_guarded_has_no_passes() -> None:
    here = gate(interfaces=("wan0",))
    assert here.hears_data(PASS, interface="lan0").line == "1"
    assert here.hears_data(PASS, interface="wan0").granted


def test_one_for_another_machine_is_nothing() -> None:
    assert not gate().hears_data(PASS, local=False).granted


@pytest.mark.parametrize("before", [b"", bytes(16)], ids=["at the start", "where ping puts it"])
def test_an_echo_request_may_carry_it(before: bytes) -> None:
    here = gate()
    judgement = here.hears_echo(before + PASS)
    assert opened(judgement) == [("ssh", "alice")]
    assert [reason.line for reason in judgement.reasons] == ["5.0", "5.6"]
    assert not gate().hears_echo(bytes(17) + PASS).granted


def test_of_two_in_an_echo_request_the_first_is_meant() -> None:
    here = gate()
    assert opened(here.hears_echo(PASS + BOBS_PASS)) == [("ssh", "alice")]
    assert not here.hears_echo(PASS + BOBS_PASS).granted


def test_without_echo_an_echo_request_is_any() -> None:
    ways = attrs.evolve(WAYS, passes=Passes(PORT))
    assert not gate(ways=ways).hears_echo(PASS).granted


def test_an_echo_request_with_a_pass_is_neither_a_knock_nor_at_a_door() -> None:
    """Even where pings are guarded: the pass could not come in otherwise."""
    here = gate(sequences=(sequence(knocks="icmp/120 tcp/1"),))
    assert not here.hears_echo(PASS).reached
    assert here.hears_echo(bytes(16)).reached
    ping = Service("ping", (read_ports("icmp"),))
    kept = attrs.evolve(here.machine.policy, services=(ping,), people=(attrs.evolve(ALICE, opens=("ping",)),))
    guarded = type(here)(attrs.evolve(kept, sequences=()))
    assert guarded.hears_echo(bytes(16)).verdict == "drop"
    assert guarded.hears_echo(PASS).granted
    assert guarded.hears_echo(bytes(16)).verdict == "leave"


def test_penalties_do_not_touch_passes() -> None:
    here = gate(sequences=(sequence(),))
    here.hears("tcp/33333")
    assert here.hears("tcp/9").penalised
    assert here.hears_data(PASS).granted


def test_in_mid_sequence_a_pass_is_no_stray() -> None:
    """Nor is any datagram to its port."""
    here = gate(sequences=(sequence(),))
    here.hears("tcp/33333")
    for data in (PASS, PASS, b"junk"):
        assert not here.hears_data(data).stray
    assert not here.hears_echo(PASS).stray


def test_a_pass_of_somebody_who_is_gone_is_used_up() -> None:
    """It was loaded before its person was revoked."""
    here = gate(ALICE, attrs.evolve(BOB, revoked=True))
    assert not here.hears_data(BOBS_PASS).granted
    assert "used up before" in here.hears_data(BOBS_PASS).reasons[0].text


def test_where_nobody_has_any_the_port_is_closed_but_no_stray() -> None:
    """The port stays taken as long as there are people."""
    here = gate(attrs.evolve(ALICE, revoked=True), sequences=(sequence(),))
    here.hears("tcp/33333")
    judgement = here.hears_data(PASS)
    assert (judgement.granted, judgement.stray) == ((), False)
    nobody = gate(
        ALICE, ways=Ways(rolling=WAYS.rolling), sequences=(sequence(),), penalty=timedelta(seconds=9)
    )
    nobody.hears("tcp/33333")
    assert nobody.hears_data(PASS).stray

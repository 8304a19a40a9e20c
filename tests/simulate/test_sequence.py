"""Stages, strays, penalties and full sets, as transcripts."""

from datetime import timedelta

import pytest
from tests.simulate.transcript import OTHER, VISITOR, VISITOR_6, Gate, policy, sequence

from portward.policy.notation import read_ports
from portward.policy.policy import Sizes
from portward.simulate.sequence import longest_step


def test_knocks_in_the_wrong_order_open_nothing() -> None:
    gate = Gate(policy(strict=False))
    gate.hears_all("tcp/11111 icmp/128 udp/22222 tcp/33333")
    assert not gate.is_open()


def test_a_knock_that_comes_too_late_is_a_knock_out_of_turn() -> None:
    gate = Gate(policy(sequence(steps=(2, 10, 10))))
    gate.hears("tcp/33333")
    late = gate.hears("udp/22222", after=2.1)
    assert late.stray
    assert late.penalised  # mid-sequence lasts the longest step of the policy, 10 s
    assert not late.reached


def test_a_repeat_renews_its_stage_and_is_no_stray() -> None:
    """A SYN comes up to four times in 4 s; the last of them counts for the time."""
    gate = Gate(policy(sequence(steps=3)))
    for _ in range(4):
        assert not gate.hears("tcp/33333", after=1.3).stray
    assert gate.hears("udp/22222", after=2.9).reached
    for _ in range(3):
        assert not gate.hears("udp/22222", after=0.9).stray
    assert gate.hears_all("icmp/128 tcp/11111").granted


def test_a_repeat_of_the_last_knock_renews_the_grant_while_its_stage_is_alive() -> None:
    gate = Gate(policy(sequence(steps=5, open_for=60)))
    gate.hears_all("tcp/33333 udp/22222 icmp/128 tcp/11111")
    again = gate.hears("tcp/11111", after=3)
    assert again.granted[0].until == pytest.approx(gate.now + 60)
    late = gate.hears("tcp/11111", after=3)
    assert not late.granted
    assert not late.stray  # the grant is alive


def test_a_sequence_that_opens_once_opens_for_nobody_after_that() -> None:
    """Neither for another source, nor over IPv6, nor anew for who is in; and its last knock is no stray."""
    gate = Gate(policy(sequence(knocks="tcp/1 udp/2", once=True)))
    first = gate.hears_all("tcp/1 udp/2")
    assert first.granted
    for source in (VISITOR, OTHER, VISITOR_6):
        late = gate.hears_all("tcp/1 udp/2", source=source)
        assert not late.granted
        assert not late.stray
        assert any(each.text.endswith("it opens once, and has opened before") for each in late.reasons)
    assert gate.is_open()
    assert not gate.is_open(source=OTHER)


def test_it_is_spent_even_if_the_door_has_no_room() -> None:
    gate = Gate(policy(sequence(knocks="tcp/1", once=True), sizes=Sizes(grants=0)))
    assert not gate.hears("tcp/1").granted
    assert len(gate.state.spent.ends) == 1


def test_where_what_is_spent_cannot_be_remembered_nothing_opens() -> None:
    gate = Gate(policy(sequence(knocks="tcp/1", once=True)))
    gate.state.spent.size = 0
    full = gate.hears("tcp/1")
    assert not full.granted
    assert not full.stray


def test_the_newer_grant_replaces_the_older_even_if_it_ends_earlier() -> None:
    gate = Gate(
        policy(
            sequence("long", "tcp/1 tcp/2", open_for=3600),
            sequence("short", "tcp/3 tcp/4", open_for=10),
            strict=False,
        )
    )
    gate.hears_all("tcp/1 tcp/2 tcp/3 tcp/4")
    gate.now += 11
    assert not gate.is_open()


def test_a_stray_in_mid_sequence_costs_a_penalty() -> None:
    gate = Gate(policy(penalty=timedelta(seconds=30)))
    gate.hears("tcp/33333")
    assert gate.hears("tcp/9").penalised
    assert not gate.hears("udp/22222").reached
    gate.now += 31
    assert gate.hears_all("tcp/33333 udp/22222 icmp/128 tcp/11111").granted


def test_a_stray_of_somebody_else_costs_nobody_anything() -> None:
    gate = Gate(policy())
    gate.hears("tcp/33333")
    assert not gate.hears("tcp/9", source=OTHER).penalised
    assert gate.hears("udp/22222").reached


def test_a_stray_under_penalty_does_not_prolong_it() -> None:
    gate = Gate(policy(penalty=timedelta(seconds=6)))
    gate.hears("tcp/33333")
    gate.hears("tcp/9", after=1)
    assert not gate.hears("tcp/9", after=5).penalised
    assert gate.hears("tcp/33333", after=1.1).reached


def test_a_penalty_ends_no_grant() -> None:
    gate = Gate(policy())
    gate.hears_all("tcp/33333 udp/22222 icmp/128 tcp/11111")
    assert gate.hears("tcp/9").penalised
    assert gate.is_open()


@pytest.mark.parametrize("what", ["tcp/22", "udp/51820", "tcp/8080"])
def test_guarded_and_public_ports_are_no_strays(what: str) -> None:
    gate = Gate(policy(public=(read_ports("tcp/8080"),)))
    gate.hears("tcp/33333")
    assert not gate.hears(what).stray


@pytest.mark.parametrize(("knocks", "stray"), [("tcp/1 icmp/100", True), ("tcp/1 tcp/2", False)])
def test_an_echo_request_is_a_stray_only_where_echo_requests_are_knocks(knocks: str, *, stray: bool) -> None:
    gate = Gate(policy(sequence(knocks=knocks)))
    gate.hears("tcp/1")
    assert gate.hears("icmp/84").stray is stray


def test_without_strict_there_are_no_strays() -> None:
    gate = Gate(policy(strict=False))
    for what in ("tcp/33333", "tcp/9", "udp/22222", "udp/9", "icmp/128", "icmp/99", "tcp/11111"):
        judgement = gate.hears(what)
        assert not judgement.stray
    assert judgement.granted
    assert not gate.state.midway[4].ends


def test_one_packet_never_advances_two_stages() -> None:
    """The same knock three times over needs three packets."""
    gate = Gate(policy(sequence(knocks="tcp/7 tcp/7 tcp/7")))
    assert [stage.place for stage in gate.hears("tcp/7").reached] == [1]
    assert [stage.place for stage in gate.hears("tcp/7").reached] == [2, 1]
    assert gate.hears("tcp/7").granted


def test_one_packet_counts_for_several_sequences() -> None:
    gate = Gate(
        policy(sequence("one", "tcp/1 tcp/2"), sequence("two", "tcp/1 tcp/3", opens=("vpn",)), strict=False)
    )
    assert {stage.sequence for stage in gate.hears("tcp/1").reached} == {"one", "two"}
    assert gate.hears("tcp/2").granted[0].service == "ssh"
    assert gate.hears("tcp/3").granted[0].service == "vpn"


def test_stages_of_different_sequences_never_mix() -> None:
    gate = Gate(
        policy(sequence("one", "tcp/1 tcp/2 tcp/3"), sequence("two", "tcp/4 tcp/5 tcp/6"), strict=False)
    )
    gate.hears_all("tcp/1 tcp/5 tcp/3")
    assert not gate.is_open()


def test_a_word_must_fit() -> None:
    gate = Gate(policy(sequence(knocks="udp/7000=mellon tcp/1")))
    assert not gate.hears("udp/7000").reached
    assert not gate.hears("udp/7000=mello").reached
    assert gate.hears("udp/7000=mellon!").reached
    assert gate.hears("udp/7000").stray


def test_two_words_on_one_port_are_two_knocks() -> None:
    gate = Gate(policy(sequence("one", "udp/1=a tcp/1"), sequence("two", "udp/1=ab tcp/2")))
    assert {stage.sequence for stage in gate.hears("udp/1=ab").reached} == {"one", "two"}
    assert {stage.sequence for stage in gate.hears("udp/1=ac", source=OTHER).reached} == {"one"}


def test_a_grant_covers_the_prefix_and_stages_do_not() -> None:
    gate = Gate(policy(grant_prefix_v6=64))
    neighbour = VISITOR_6 + 1
    gate.hears("tcp/33333", source=neighbour)
    assert not gate.hears("udp/22222", source=VISITOR_6).reached
    opened = gate.hears_all("tcp/33333 udp/22222 icmp/128 tcp/11111", source=VISITOR_6)
    assert str(opened.granted[0].network) == "2001:db8:1::/64"
    assert gate.is_open(source=neighbour)
    assert not gate.is_open(source=VISITOR)


def test_all_services_of_a_sequence_open() -> None:
    gate = Gate(policy(sequence(opens=("ssh", "vpn"))))
    opened = gate.hears_all("tcp/33333 udp/22222 icmp/128 tcp/11111")
    assert [grant.service for grant in opened.granted] == ["ssh", "vpn"]
    assert gate.hears("udp/51820").verdict == "leave"


def fill(gate: Gate, what: str, count: int) -> None:
    """As many other sources send the packet."""
    for number in range(count):
        gate.hears(what, after=0, source=OTHER + 1 + number)


def test_when_the_set_of_stages_is_full_a_first_knock_does_not_count() -> None:
    """Those who are in go on; the newcomer is not in; when an old one ends there is room again."""
    gate = Gate(policy(sizes=Sizes(stages=64)))
    fill(gate, "tcp/33333", 64)
    full = gate.hears("tcp/33333", source=VISITOR)
    assert not full.reached
    assert "full" in full.reasons[0].text
    assert gate.hears("tcp/33333", source=OTHER + 1).reached
    assert gate.hears("tcp/33333", source=VISITOR_6).reached
    gate.now += 11
    assert gate.hears("tcp/33333", source=VISITOR).reached


def test_when_the_set_of_grants_is_full_the_last_knock_opens_nothing() -> None:
    gate = Gate(policy(sequence(knocks="tcp/1"), sizes=Sizes(grants=64)))
    fill(gate, "tcp/1", 64)
    assert not gate.hears("tcp/1", source=VISITOR).granted
    assert not gate.is_open()
    assert gate.hears("tcp/1", source=OTHER + 5).granted


def test_when_the_set_of_penalties_is_full_a_stray_goes_unpunished() -> None:
    gate = Gate(policy(sizes=Sizes(penalties=64)))
    fill(gate, "tcp/33333", 64)
    fill(gate, "tcp/9", 64)
    gate.hears("tcp/33333", source=VISITOR)
    stray = gate.hears("tcp/9", source=VISITOR)
    assert stray.stray
    assert not stray.penalised


def test_mid_sequence_lasts_the_longest_step_of_the_policy() -> None:
    kept = policy(sequence("one", "tcp/1 tcp/2", steps=2), sequence("two", "tcp/3 tcp/4", steps=20))
    assert longest_step(kept) == timedelta(seconds=20)
    assert longest_step(policy(sequence(knocks="tcp/1"))) == timedelta()

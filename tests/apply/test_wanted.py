"""What is wanted of the kernel, and its stored form."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portward.apply.wanted import StageName, Wanted, from_json, to_json, want
from portward.compile.nft import compile_policy
from portward.errors import HostError
from portward.policy.net import Knock, Protocol
from portward.policy.notation import read_address, read_ports
from portward.policy.policy import Expiry, Mode, Policy, Sequence, Service


def rules(mode: Mode = Mode.GUARD) -> Wanted:
    """What a policy with every kind of service wants."""
    services = (
        Service("ssh", (read_ports("tcp/22"),), (read_ports("tcp/12345"),)),
        Service("vpn", (read_ports("udp/51820"), read_ports("esp"))),
        Service("cameras", (read_ports("tcp/443"),), hosts=(read_address("192.168.1.10"),)),
    )
    knocks = tuple(Knock(Protocol.TCP, port) for port in (33333, 22222, 11111))
    steps = (timedelta(seconds=10),) * 2
    hour = timedelta(hours=1)
    sequences = (
        Sequence("admin", knocks, steps, ("*",), hour),
        Sequence("guest", knocks[1:], steps[1:], ("ssh",), hour),
    )
    policy = Policy(services=services, sequences=sequences, mode=mode)
    return want(policy, compile_policy(policy), "policy.toml")


def test_the_gate_cuts_tcp_at_the_ports_of_this_hosts_services() -> None:
    """Their own and the published ones; not those of machines behind it, whose connections are not seen here."""
    found = rules().guarded
    assert [port for port in (22, 12345, 51820, 443, 80) if found.covers(port)] == [22, 12345]
    assert rules(Mode.LOCKDOWN).guarded.covers(80)


def test_doors_are_where_visitors_come_to() -> None:
    doors = {door.service: door for door in rules().doors}
    assert doors["ssh"].ports == ("tcp/12345",)
    assert doors["ssh"].opened_by == ("admin", "guest")
    assert doors["cameras"].hosts == ("192.168.1.10",)


def test_stages_are_named_by_the_numbers_that_the_rules_use() -> None:
    found = rules()
    assert sorted((each.sequence, each.stage, each.knocks) for each in found.stages.values()) == [
        ("admin", 1, 3),
        ("admin", 2, 3),
        ("guest", 1, 2),
    ]
    assert all(f"{number:#010x}" in found.text for number in found.stages)


def test_the_stored_form_comes_back_the_same() -> None:
    assert from_json(to_json(rules()), "confirmed.json") == rules()


def test_a_secret_word_is_not_shown() -> None:
    """The text of the rules holds it."""
    assert "table inet" not in repr(rules())


@pytest.mark.parametrize("stored", [None, [], {}, {"format": 2}, "text"])
def test_what_another_version_wrote_is_refused(stored: Any) -> None:
    with pytest.raises(HostError, match="another version"):
        from_json(stored, "confirmed.json")


@given(st.sampled_from(sorted(to_json(rules()))), st.sampled_from([None, 5, "x", [5], {"a": 5}, [["a"]]]))
def test_damage_is_one_error(key: str, value: Any) -> None:
    stored = to_json(rules()) | {key: value}
    try:
        found = from_json(stored, "confirmed.json")
    except HostError:
        return
    assert isinstance(found, Wanted)
    assert all(isinstance(each, StageName) for each in found.stages.values())


def test_ports_whose_connections_end_with_the_grant_are_kept_in_the_stored_form() -> None:
    """An older stored form has none."""
    ssh = Service("ssh", (read_ports("tcp/22"),), (read_ports("tcp/12345"),), on_expiry=Expiry.CUT)
    policy = Policy((ssh, Service("web", (read_ports("tcp/80"),))))
    wanted = want(policy, compile_policy(policy), "policy.toml")
    assert [port for port in (22, 12345, 80) if wanted.guarded.cuts(port)] == [22, 12345]
    stored = to_json(wanted)
    assert from_json(stored, "f").guarded == wanted.guarded
    del stored["cut"]
    assert not from_json(stored, "f").guarded.cuts(22)

"""Plan, apply, grants and their kin on the real kernel."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from live_gate import NEW, OLD, POLICY, LiveGate, live_gates, live_town, policy, wanted

from lab.namespaces import GATE_V4, GATE_V6, Town
from portward.apply import listing
from portward.apply.gate import Plan, load, plan, take_down
from portward.apply.transition import loadable
from portward.apply.wanted import Wanted
from portward.errors import TargetError
from portward.policy.notation import read_ports
from portward.policy.policy import Mode, Sizes


pytestmark = pytest.mark.net


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[LiveGate]:
    """A namespace without a table."""
    with live_gates(tmp_path) as (made,):
        yield made


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    """Two policy files that differ in one knock."""
    paths = (tmp_path / "old.toml", tmp_path / "new.toml")
    for path, first in zip(paths, (33333, 44444), strict=True):
        path.write_text(POLICY.format(first=first))
        path.chmod(0o600)
    return str(paths[0]), str(paths[1])


def planned(gate: LiveGate, rules: Wanted) -> Plan:
    """Plan in the gate's namespace."""
    with gate.here.entered():
        return plan(rules)


def test_a_plan_is_empty_exactly_when_nothing_would_change(gate: LiveGate) -> None:
    assert planned(gate, wanted(*OLD)).changes
    gate.load(wanted(*OLD))
    assert planned(gate, wanted(*OLD)).difference() == []
    assert not planned(gate, wanted(*OLD)).changes
    assert any("44444" in line for line in planned(gate, wanted(*NEW)).difference())


@pytest.mark.parametrize(
    "tampering",
    [
        "flush chain inet portward door_ssh",
        "insert rule inet portward door_ssh ip saddr 192.0.2.66 accept",
        "add element inet portward ports { tcp . 4711 : drop }",
        "delete element inet portward guarded_tcp { 22 }",
        "add chain inet portward extra",
        "add set inet portward more { type ipv4_addr; }",
        "add table inet portward { flags dormant; }",
        "add quota inet portward much { over 10 mbytes }",
    ],
)
def test_tampering_by_hand_shows_and_the_next_apply_mends_it(gate: LiveGate, tampering: str) -> None:
    gate.load(wanted(*OLD))
    gate.add("grant_ssh_v4", "192.0.2.7 timeout 1h")
    gate.here.nft(tampering)
    assert planned(gate, wanted(*OLD)).difference()
    gate.load(wanted(*OLD))
    assert not planned(gate, wanted(*OLD)).changes
    assert "192.0.2.7" in gate.elements("grant_ssh_v4")


def test_what_packets_and_people_put_into_sets_is_no_change(gate: LiveGate) -> None:
    gate.load(wanted(*OLD))
    gate.add("grant_ssh_v4", "192.0.2.7 timeout 1h")
    gate.add("stages_v6", "2001:db8::7 . 0x11 timeout 1m")
    assert not planned(gate, wanted(*OLD)).changes


@pytest.mark.parametrize("mode", list(Mode))
def test_apply_keeps_grants_stages_and_counted_packets(gate: LiveGate, mode: Mode) -> None:
    """Also when the mode changes, for which the table itself has to be made anew."""
    gate.load(wanted(*OLD))
    gate.add("grant_ssh_v4", "192.0.2.7 timeout 1h")
    gate.add("trusted_v6", "2001:db8::7 timeout 1h")
    gate.add("stages_v4", "192.0.2.8 . 0x11 timeout 1m")
    gate.load(wanted(*NEW, mode=mode))
    assert 3590 < (gate.elements("grant_ssh_v4")["192.0.2.7"] or 0) <= 3600
    assert 3590 < (gate.elements("trusted_v6")["2001:db8::7"] or 0) <= 3600
    assert len(gate.elements("stages_v4")) == 1
    assert not planned(gate, wanted(*NEW, mode=mode)).changes


def test_a_set_of_another_size_gets_its_elements_back(gate: LiveGate) -> None:
    gate.load(wanted(*OLD))
    for number in range(70):
        gate.add("grant_ssh_v4", f"192.0.2.{number} timeout {number + 100}s")
    gate.load(wanted(*OLD, sizes=Sizes(grants=64)))
    left = gate.elements("grant_ssh_v4")
    assert len(left) == 64
    assert "192.0.2.69" in left, "who has the most time left stays"
    assert "192.0.2.0" not in left


def test_a_wider_prefix_keeps_the_grants_and_a_narrower_one_cannot(gate: LiveGate) -> None:
    gate.load(wanted(*OLD))
    gate.add("grant_ssh_v6", "2001:db8::7 timeout 1h")
    gate.load(wanted(*OLD, grant_prefix_v6=64))
    assert list(gate.elements("grant_ssh_v6")) == ["2001:db8::"]
    gate.load(wanted(*OLD))
    assert not gate.elements("grant_ssh_v6"), "whose of the network it was is not known"


def test_a_service_that_goes_takes_its_grants_along(gate: LiveGate) -> None:
    gate.load(wanted(*OLD))
    ssh = policy(*OLD).services[0]
    gate.load(wanted(*OLD, services=(ssh,)))
    assert ("set", "grant_web_v4") not in (gate.table() or pytest.fail("no table")).blocks


def test_a_refused_text_changes_nothing_and_names_the_policys_place(gate: LiveGate) -> None:
    gate.load(wanted(*OLD))
    gate.add("grant_ssh_v4", "192.0.2.7 timeout 1h")
    before = gate.ruleset()
    rules = wanted(*NEW)
    line = next(number for number, text in enumerate(rules.text.splitlines(), 1) if "chain door_ssh" in text)
    lines = rules.text.splitlines()
    lines.insert(line, "\t\tip saddr @no_such_set accept")
    broken = Wanted("\n".join(lines) + "\n", "policy.toml", rules.guarded)
    goal = listing.read_listing(broken.text)
    assert goal is not None
    with gate.here.entered(), pytest.raises(TargetError, match=f"line {line + 1} of the compiled text"):
        load(Plan(broken, gate.table(), goal))
    with gate.here.entered(), pytest.raises(TargetError):
        plan(broken)
    assert gate.ruleset() == before


def test_other_tables_are_never_touched(gate: LiveGate) -> None:
    gate.here.nft(
        "table inet filter { chain input { type filter hook input priority 0; tcp dport 25 drop; }; }"
    )
    gate.here.nft("table ip portward { set mine { type ipv4_addr; elements = { 192.0.2.1 } }; }")
    before = gate.ruleset()
    gate.load(wanted(*OLD))
    gate.load(wanted(*NEW))
    with gate.here.entered():
        assert take_down()
        assert not take_down()
    assert gate.ruleset() == before


def test_our_own_text_is_close_enough_to_nfts_listing_to_do_without_a_namespace(gate: LiveGate) -> None:
    """Where no namespace can be made, sets are compared by our own text; grants must stay there too."""
    rules = wanted(*OLD)
    gate.load(rules)
    own, live = listing.read_listing(rules.text), gate.table()
    assert own is not None
    assert live is not None
    assert {block.key: block for block in own.dynamic_sets()} == {
        block.key: block for block in live.dynamic_sets()
    }


@pytest.mark.parametrize("mode", list(Mode))
def test_what_nft_lists_it_takes_back(gate: LiveGate, mode: Mode) -> None:
    """The rollback depends on it."""
    rules = wanted(
        "udp/7000=open sesame", "icmp/128", "tcp/1", mode=mode, public=(read_ports("tcp/100-300"),)
    )
    gate.load(rules)
    before = gate.table()
    assert before is not None
    gate.here.nft(f"delete table inet portward\n{loadable(before)}")
    after = gate.table()
    assert listing.same(before, after), listing.difference(before, after, ("before", "after"))


def established(town: Town, version: int) -> tuple[socket.socket, socket.socket]:
    """A TCP connection from the visitor to the gate's port 22, both its ends."""
    family, address = (socket.AF_INET, GATE_V4) if version == 4 else (socket.AF_INET6, GATE_V6)
    with town.gate.socket(socket.AF_INET6) as listener, town.visitors["visitor"].entered():
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.bind(("::", 22))
        listener.listen()
        client = socket.socket(family)
        client.settimeout(5)
        client.connect((address, 22))
        server, _ = listener.accept()
        server.settimeout(5)
    return client, server


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("version", [4, 6])
def test_a_connection_that_was_open_before_the_gate_goes_on(tmp_path: Path, version: int, mode: Mode) -> None:
    """An idle one, on a host whose connection tracking never saw it; the client speaks first. New ones are shut out."""
    with live_town(tmp_path) as (gate, town):
        client, server = established(town, version)
        with client, server:
            gate.load(wanted(*OLD, mode=mode))
            name = f"adopted_v{version}"
            assert len(gate.elements(name)) == 1
            client.sendall(b"still there?")
            assert server.recv(100) == b"still there?"
            server.sendall(b"yes")
            assert client.recv(100) == b"yes"
            with town.visitors["visitor"].socket() as stranger:
                stranger.settimeout(0.5)
                with pytest.raises(TimeoutError):
                    stranger.connect((GATE_V4, 22))
        gate.load(wanted(*NEW, mode=mode))


def test_without_adoption_that_connection_would_be_cut(tmp_path: Path) -> None:
    """The test above can fail."""
    with live_town(tmp_path) as (gate, town):
        client, server = established(town, 4)
        with client, server:
            gate.here.nft(wanted(*OLD).text)
            client.sendall(b"still there?")
            server.settimeout(0.7)
            with pytest.raises(TimeoutError):
                server.recv(100)


def test_the_command_line_from_plan_to_down(gate: LiveGate, files: tuple[str, str]) -> None:
    old, new = files
    assert gate.portward("plan", old)["result"]["changes"]
    gate.portward("plan", old, "--detailed-exitcode", code=2)
    refused = gate.portward("apply", old, code=2)
    assert "--yes" in refused["errors"][0]["message"]
    assert gate.table() is None
    assert gate.portward("apply", old, "--yes")["changed"]
    assert not gate.portward("apply", old)["changed"], "nothing to do is nothing to ask"
    gate.portward("plan", old, "--detailed-exitcode", code=0)
    assert gate.portward("apply", new, "--yes")["changed"]
    gate.portward("down", code=2)
    assert gate.portward("down", "--yes")["changed"]
    assert gate.table() is None
    assert not gate.portward("down", "--yes")["changed"]


def test_a_boot_comes_up_on_what_was_confirmed_last(gate: LiveGate, files: tuple[str, str]) -> None:
    old, _ = files
    nothing = gate.portward("apply", "--confirmed", code=4)
    assert "nothing has been confirmed" in nothing["errors"][0]["message"]
    gate.portward("apply", old, "--yes")
    before = gate.table()
    gate.portward("grant", "ssh", "192.0.2.7", "--for", "2h")
    gate.portward("save")
    gate.here.nft("flush ruleset")
    Path(old).unlink()
    assert gate.portward("apply", "--confirmed")["changed"]
    assert listing.same(gate.table(), before)
    assert gate.portward("restore")["changed"]
    assert 7180 < (gate.elements("grant_ssh_v4")["192.0.2.7"] or 0) <= 7200
    assert not gate.portward("restore")["changed"]


def test_apply_without_a_person_says_nothing_of_the_rules(gate: LiveGate, files: tuple[str, str]) -> None:
    """A unit's output goes to a log, and knocks are secrets."""
    said = json.dumps(gate.portward("apply", files[0], "--yes"))
    assert "33333" not in said


def test_grant_lets_in_and_renews_both_ways(gate: LiveGate) -> None:
    gate.load(wanted(*OLD))
    for length, low, high in (("2h", 7190, 7200), ("30m", 1790, 1800), ("3h", 10790, 10800)):
        assert gate.portward("grant", "ssh", "192.0.2.7", "--for", length)["changed"]
        assert low < (gate.elements("grant_ssh_v4")["192.0.2.7"] or 0) <= high
    gate.portward("grant", "ssh", "::ffff:192.0.2.9")
    assert set(gate.elements("grant_ssh_v4")) == {"192.0.2.7", "192.0.2.9"}


def test_a_grant_covers_the_gates_prefix(gate: LiveGate) -> None:
    gate.load(wanted(*OLD, grant_prefix_v6=64))
    result = gate.portward("grant", "ssh", "2001:db8::1:2:3:4")["result"]
    assert result["address"] == "2001:db8::/64"
    assert list(gate.elements("grant_ssh_v6")) == ["2001:db8::"]
    assert gate.portward("revoke", "ssh", "2001:db8::9")["changed"], "the same network"


def test_revoke_ends_one_grant_or_all_of_an_address(gate: LiveGate) -> None:
    gate.load(wanted(*OLD))
    assert not gate.portward("revoke", "ssh", "192.0.2.7")["changed"]
    for service in ("ssh", "web", "*"):
        gate.portward("grant", service, "192.0.2.7")
    one = gate.portward("revoke", "ssh", "192.0.2.7")
    assert one["result"]["services"] == ["ssh"]
    assert "still reach everything" in one["warnings"][0]["message"]
    rest = gate.portward("revoke", "*", "192.0.2.7")
    assert sorted(rest["result"]["services"]) == ["*", "web"]


def test_a_misspelt_service_is_told_with_the_one_that_was_meant(gate: LiveGate) -> None:
    gate.load(wanted(*OLD))
    told = gate.portward("grant", "shs", "192.0.2.7", code=2)["errors"][0]["message"]
    assert "did you mean ssh?" in told


def test_a_gate_that_is_not_up_is_told_as_such(gate: LiveGate) -> None:
    for words in (["status"], ["grant", "ssh", "192.0.2.7"], ["revoke", "*", "192.0.2.7"], ["save"]):
        told = gate.portward(*words, code=4)["errors"][0]["message"]
        assert "the gate is not up" in told


def test_status_tells_who_is_where(gate: LiveGate, files: tuple[str, str]) -> None:
    gate.portward("apply", files[0], "--yes")
    gate.portward("grant", "ssh", "192.0.2.7")
    gate.add("penalty_v4", "192.0.2.8 timeout 1m")
    stage = int(next(iter(json.loads((gate.state.file("confirmed.json")).read_text())["wanted"]["stages"])))
    gate.add("stages_v6", f"2001:db8::9 . {stage:#x} timeout 10s")
    result = gate.portward("status")["result"]
    assert result["doors"][0] == {"service": "ssh", "ports": ["tcp/22"], "hosts": [], "opened_by": ["admin"]}
    assert [(each["address"], each["service"]) for each in result["grants"]] == [("192.0.2.7", "ssh")]
    assert result["mid_sequence"][0]["sequence"] == "admin"
    assert result["mid_sequence"][0]["knocks"] == 3
    assert result["penalties"][0]["address"] == "192.0.2.8"
    assert result["counters"]["refused_ssh"] == 0
    assert result["trial"] is None


def test_status_shows_people_no_more_than_they_can_read(gate: LiveGate) -> None:
    gate.load(wanted(*OLD))
    gate.add("penalty_v4", ", ".join(f"10.0.{n >> 8}.{n & 255} timeout 1h" for n in range(2000)))
    gate.state.remove("confirmed.json")
    result = gate.portward("status")["result"]
    assert len(result["penalties"]) == 1000
    assert result["totals"]["penalties"] == 2000
    assert len(gate.portward("status", "--all")["result"]["penalties"]) == 2000


def test_a_policy_with_mistakes_changes_nothing(
    gate: LiveGate, files: tuple[str, str], tmp_path: Path
) -> None:
    gate.portward("apply", files[0], "--yes")
    before = gate.ruleset()
    bad = tmp_path / "bad.toml"
    bad.write_text(POLICY.format(first=70000))
    told = gate.portward("apply", str(bad), "--yes", code=1)["errors"][0]
    assert told["line"] == 7
    assert gate.ruleset() == before


def test_restoring_leaves_out_services_that_are_gone_and_says_so(gate: LiveGate) -> None:
    gate.load(wanted(*OLD))
    gate.portward("grant", "web", "192.0.2.7")
    gate.portward("save")
    gate.load(wanted(*OLD, services=(policy(*OLD).services[0],)))
    done = gate.portward("restore")
    assert done["result"]["lost"] == {"web": 1}
    assert "no service web" in done["warnings"][0]["message"]
    assert not done["changed"]

"""Passes and rolling knocks in `portward simulate`, with the keys that are beside the policy."""

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.simulate.transcript import GATE, VISITOR
from tests.simulate.wire import pcap, to_bytes

from portward.apply.keystore import KeyStore
from portward.cli.environment import Environment
from portward.cli.main import main
from portward.cli.simulated_keys import load_keys
from portward.policy.net import Protocol
from portward.simulate.packet import datagram
from portward.sources.policy_file import load_policy
from portward.spa.keyring import Keyring, Term, TokenKey
from portward.spa.passes import pass_of
from portward.spa.rolling import Shape, rolling_knocks
from portward.spa.sealed import DAY, word
from portward.spa.windows import window_at


POLICY = """\
schema = 1

[services.ssh]
ports = ["tcp/22"]

[people.alice]
opens = ["ssh"]
open_for = "1h"

[passes]
port = 62202
echo = true

[rolling]
ports = "20000-24999"

[sealed]
port = 62203

[fwknop]
port = 62201
"""

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
LENGTH = timedelta(minutes=10)
ALICE = TokenKey("alice", b"a" * 32, 0, Term(datetime(2020, 1, 1, tzinfo=UTC)))


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """A policy with keys beside it."""
    path = tmp_path / "policy.toml"
    path.write_text(POLICY)
    store = KeyStore.beside(path)
    store.make_server()
    store.save("alice", Keyring(tokens=(ALICE,)))
    return path


def server_id(policy: Path) -> bytes:
    """The public key of the gate."""
    server = KeyStore.beside(policy).server()
    assert server
    return server.public


def token(policy: Path, moment: datetime = NOON, counter: int = 0) -> str:
    """A pass of alice's, in hexadecimal digits."""
    return pass_of(ALICE.secret, server_id(policy), window_at(moment, LENGTH), counter).hex()


def simulate(policy: Path, trace: str, *words: str) -> tuple[str, str]:
    """Run the command on a trace; stdout and stderr."""
    out, err = io.StringIO(), io.StringIO()
    environment = Environment(io.StringIO(trace), out, err, {})
    assert main(["simulate", str(policy), "-", *words], environment) == 0
    return out.getvalue(), err.getvalue()


def test_a_pass_is_explained(policy: Path) -> None:
    """And its replay, and the door."""
    line = f"192.0.2.7 > 198.51.100.1 udp/62202 hex:{token(policy)}"
    out, err = simulate(
        policy, f"0 {line}\n1 {line}\n2 192.0.2.7 > 198.51.100.1 tcp/22\n", "--at", "2026-07-01T12:00"
    )
    assert "second 0 is 2026-07-01 12:00:00 UTC" in err
    assert f"1.1  a pass of alice opens ssh ({policy}:6" in out
    assert "chains: first_look > pass > use_pass > person_alice > after_key > closed" in out
    assert "1.1  it carries a pass of alice that was used up before" in out
    assert "chains: first_look > pass > use_pass > closed" in out
    assert "5.1  its source may reach ssh" in out
    assert "192.0.2.7/32 may reach ssh until 3600.000 s" in out
    assert token(policy) not in out + err


def test_a_pass_counts_at_its_time_only(policy: Path) -> None:
    """Half a window before and after; the windows of later packets are loaded too."""
    line = f"192.0.2.7 > 198.51.100.1 udp/62202 hex:{token(policy, NOON + timedelta(hours=30))}"
    out, _ = simulate(policy, f"0 {line}\n{30 * 3600 - 301} {line}\n+2 {line}\n", "--at", "2026-07-01T12:00Z")
    assert out.count("a pass of alice") == 1
    assert out.index("107701.000") < out.index("a pass of alice")


def test_an_echo_request_with_a_pass_is_explained(policy: Path) -> None:
    trace = f"0 192.0.2.7 > 198.51.100.1 icmp/84 hex:{token(policy)}\n"
    out, _ = simulate(policy, trace, "--at", "2026-07-01T14:00+02:00")
    assert "5.0  a pass of alice opens ssh" in out
    assert "second_look > judge > to_us > pass_echo > use_pass > person_alice > after_key > closed" in out


def test_rolling_knocks_are_explained(policy: Path) -> None:
    shape = Shape(20000, 24999, 32, 5)
    knocks = rolling_knocks(ALICE.secret, server_id(policy), window_at(NOON, LENGTH), 0, shape)
    lines = [f"+1 192.0.2.7 > 198.51.100.1 {each.protocol}/{each.number}\n" for each in knocks]
    out, _ = simulate(policy, "".join(lines), "--at", "2026-07-01T12:00")
    assert "5.3  knock 1 of 5 of a rolling sequence of alice counts" in out
    look = "first_look" if knocks[1].protocol is Protocol.TCP else "second_look"
    assert f"chains: {look} > judge > to_us > rolling > rolling_1 > after_key > closed" in out
    assert "rolling > rolling_4 > person_alice > after_key > closed" in out
    assert "192.0.2.7 has reached stage 4 of a rolling sequence until 14.000 s" in out
    wrong, _ = simulate(policy, lines[0] + lines[2], "--at", "2026-07-01T12:00")
    assert "a stray: it is a rolling knock out of turn; its source is under penalty now" in wrong
    assert "rolling > rolling_2 > stray > closed" in wrong


def test_the_daemons_ports_are_explained(policy: Path) -> None:
    right = word(server_id(policy), int(NOON.timestamp()) // DAY).ljust(232, b"x").hex()
    out, _ = simulate(
        policy,
        f"0 192.0.2.7 > 198.51.100.1 udp/62203 hex:{right}\n+1 192.0.2.7 > 198.51.100.1 udp/62203\n"
        "+1 192.0.2.7 > 198.51.100.1 udp/62201\n",
        "--at",
        "2026-07-01T12:00",
    )
    assert "with 232 bytes: leave\n    1.1  it goes to the daemon\n    chains: first_look > sealed" in out
    assert "udp/62203: drop\n    1.1  it is no sealed knock" in out
    assert "chains: first_look > fwknop" in out


def test_the_same_for_programs(policy: Path) -> None:
    trace = f"0 192.0.2.7 > 198.51.100.1 udp/62202 hex:{token(policy)}\n"
    out, _ = simulate(policy, trace, "--at", "2026-07-01T12:00", "--json")
    (found,) = json.loads(out)["result"]["packets"]
    assert found["reasons"][0]["person"] == "alice"
    assert found["granted"][0] | {"until": 0} == {
        "service": "ssh",
        "network": "192.0.2.7/32",
        "until": 0,
        "person": "alice",
    }


def test_a_capture_has_its_own_time(policy: Path) -> None:
    sent = datagram(VISITOR, GATE, 62202, bytes.fromhex(token(policy)))
    capture = policy.parent / "visit.pcap"
    capture.write_bytes(pcap([(int(NOON.timestamp()), to_bytes(sent))]))
    out = io.StringIO()
    environment = Environment(io.StringIO(), out, io.StringIO(), {})
    main(["simulate", str(policy), str(capture), "--host", str(GATE)], environment)
    assert "a pass of alice opens ssh" in out.getvalue()


def notes(path: str, kept: Path) -> list[str]:
    """What is said of the keys of a policy."""
    return [each.message for each in load_keys(path, load_policy(str(kept)).policy, NOON, [0.0]).notes]


def test_keys_that_are_missing_or_open_to_others_are_no_obstacle(policy: Path, tmp_path: Path) -> None:
    """The rest of the policy can be tried all the same."""
    assert not notes("-", policy)
    assert "there are none in" in notes(str(tmp_path / "elsewhere" / "policy.toml"), policy)[0]
    (policy.parent / "keys").chmod(0o755)
    (found,) = notes(str(policy), policy)
    assert found.startswith("people's keys are not known: ")


def test_a_trace_of_centuries_is_no_obstacle(policy: Path) -> None:
    kept: Any = load_policy(str(policy)).policy
    assert load_keys(str(policy), kept, NOON, [0.0, 1e15]).loaded.windows

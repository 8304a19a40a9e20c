"""The daemon, from outside: real datagrams into a real kernel, killed and started anew."""

import os
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from served_gate import LONG_AGO, ServedGate, served_gate, visitor

from portward.spa.crypto import new_private, public_of
from portward.spa.keyring import Keyring, SealedKey
from portward.spa.passes import pass_of
from portward.spa.request import Request
from portward.spa.windows import window_at


pytestmark = pytest.mark.net


@pytest.fixture
def here(tmp_path: Path) -> Iterator[ServedGate]:
    """A gate with policy, keys and listeners, without a daemon."""
    with served_gate(tmp_path) as made:
        yield made


@pytest.mark.parametrize("version", [4, 6])
def test_a_sealed_knock_opens_its_persons_service(here: ServedGate, version: int) -> None:
    """Shut; one datagram; open for that source and service. Its replay is silence, from wherever it comes."""
    here.start()
    assert not here.reaches(22, version=version)
    knock = here.knock()
    here.send(knock, version=version)
    assert here.soon_reaches(22, version=version)
    assert not here.reaches(80, version=version)
    here.send(knock, "stranger", version)
    here.wait_for("1 replay", 20)
    assert not here.reaches(22, "stranger", version)
    assert visitor("client", version) in here.log()


def test_status_says_who_is_in(here: ServedGate) -> None:
    """By name: who came by a key, and which people open which door."""
    here.start()
    here.send(here.knock())
    assert here.soon_reaches(22)
    result = here.portward("status")["result"]
    assert [(each["address"], each["person"]) for each in result["people"]] == [(visitor("client"), "alice")]
    assert {door["service"]: door["opened_by"] for door in result["doors"]} == {
        "ssh": ["alice"],
        "web": ["bob"],
    }


def test_others_messages_open_nothing(here: ServedGate) -> None:
    """An unknown key, one bit altered, too old, too new, another service or address, other lengths: silence."""
    here.start()
    mine = here.knock()
    altered = bytearray(mine)
    altered[120] ^= 1
    hour = 3600 * 10**9
    for datagram in (
        here.knock(new_private()),
        bytes(altered),
        here.knock(ns=time.time_ns() - hour),
        here.knock(ns=time.time_ns() + hour),
        here.knock(request=Request(("web",))),
        here.knock(request=Request(address=ip_address("203.0.113.9"))),
        mine[:-1],
        mine + b"\0",
        bytes(232),
    ):
        here.send(datagram)
        time.sleep(0.15)  # within the rate
    here.wait_for("not-open", 20)
    assert not here.reaches(22)
    assert not here.reaches(80)
    assert " open for " not in here.log()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["KILL", "TERM"])
def test_a_daemon_that_comes_back_remembers(here: ServedGate, number: signal.Signals) -> None:
    """Killed and started anew: the grant is there, the replay is refused, a new knock opens."""
    here.start()
    first = here.knock()
    here.send(first)
    assert here.soon_reaches(22)
    here.kill(number)
    assert here.reaches(22)
    here.shut()
    here.start()
    here.send(first)
    here.wait_for("1 replay", 20)
    assert not here.reaches(22)
    here.send(here.knock())
    assert here.soon_reaches(22)


def test_what_was_accepted_but_not_opened_is_opened_later(here: ServedGate) -> None:
    """The table is gone when the knock comes: the door opens when there is one again, without a second knock."""
    here.start()
    here.town.gate.run("nft", "delete", "table", "inet", "portward")
    here.send(here.knock())
    here.wait_for("cannot open", 20)
    here.kill()
    here.portward("apply", str(here.policy), "--yes")
    assert not here.reaches(22)
    here.start()
    assert here.soon_reaches(22)


def test_a_reader_that_dies_is_replaced(here: ServedGate) -> None:
    """The process that reads strangers' datagrams is killed; what was sent meanwhile waits in the socket."""
    here.start()
    os.kill(here.reader(), signal.SIGKILL)
    here.send(here.knock())
    here.wait_for("starting it anew", 20)
    assert here.soon_reaches(22)


def test_the_reader_can_do_nothing_but_read(here: ServedGate) -> None:
    """It is nobody, without any capability, and can never gain one."""
    here.start()
    child = here.reader()
    status = dict(
        line.split(":\t", 1)
        for line in Path(f"/proc/{child}/status").read_text().splitlines()
        if ":\t" in line
    )
    assert status["Uid"].split() == ["65534"] * 4
    assert {status[each] for each in ("CapInh", "CapPrm", "CapEff", "CapAmb", "CapBnd")} == {"0" * 16}
    assert status["NoNewPrivs"] == "1"


def test_a_reload_takes_new_keys_and_keeps_the_old_policy_when_the_new_one_is_bad(here: ServedGate) -> None:
    """SIGHUP: a person that was added may knock; a bad file changes nothing and says where it is bad."""
    here.start()
    newcomer = new_private()
    sealed = SealedKey("bob", public_of(newcomer), b"", LONG_AGO)
    here.store.save("bob", Keyring((sealed,)))
    here.send(here.knock(newcomer))
    time.sleep(0.5)
    assert not here.reaches(80)
    here.hang_up()
    here.wait_for("reloaded")
    here.send(here.knock(newcomer))
    assert here.soon_reaches(80)
    here.policy.write_text(here.policy.read_text().replace('ports = ["tcp/22"]', 'ports = ["tcp/99999"]'))
    here.hang_up()
    here.wait_for("not reloaded")
    assert "policy.toml:3:" in here.log()
    here.send(here.knock())
    assert here.soon_reaches(22)


def test_a_pass_opens_while_no_process_of_ours_runs(here: ServedGate) -> None:
    """The daemon loads ahead; then everything is killed; the kernel does the rest, once."""
    here.start()
    here.kill()
    one = pass_of(b"a" * 32, here.server_public, window_at(datetime.now(UTC), timedelta(minutes=10)), 0)
    here.send(one, port=62202)
    assert here.reaches(22)
    here.send(one, "stranger", port=62202)
    assert not here.reaches(22, "stranger")
    here.start()
    here.send(one, "stranger", port=62202)
    assert not here.reaches(22, "stranger")


def test_a_new_table_is_loaded_again(here: ServedGate) -> None:
    """Somebody's `flush ruleset`, then apply: within seconds the windows that cannot have been used are there again."""
    here.start()
    here.town.gate.run("nft", "flush", "ruleset")
    here.portward("apply", str(here.policy), "--yes")
    here.wait_for("loaded", 20)
    assert "passes" in here.town.gate.run("nft", "list", "set", "inet", "portward", "passes").stdout


def test_junk_never_reaches_the_daemon(here: ServedGate) -> None:
    """Strangers' datagrams end in the kernel, those of the right length too."""
    here.start()
    for length in (0, 1, 140, 231, 232, 233, 1400):
        here.send(os.urandom(length), "stranger")
    counted = here.town.gate.run("nft", "list", "counter", "inet", "portward", "junk").stdout
    assert "packets 7 " in counted


def test_a_source_that_sends_too_often_is_not_heard(here: ServedGate) -> None:
    """Knocks of one source beyond the rate end in the kernel; another source's are heard."""
    here.start()
    for _ in range(40):
        here.send(here.knock(new_private()), "stranger")
    counted = here.town.gate.run("nft", "list", "counter", "inet", "portward", "junk").stdout
    assert int(counted.split("packets ")[1].split()[0]) >= 20
    here.send(here.knock())
    assert here.soon_reaches(22)


def test_another_mode_keeps_grants_and_knocks_go_on(here: ServedGate) -> None:
    """Every set is made anew then: who is in stays in, and the next sealed knock counts at once."""
    here.start()
    here.send(here.knock())
    assert here.soon_reaches(22)
    here.policy.write_text(
        here.policy.read_text().replace("[windows]", '[defaults]\nmode = "lockdown"\n[windows]')
    )
    here.portward("apply", str(here.policy), "--yes")
    assert here.reaches(22)
    here.shut()
    here.send(here.knock())
    assert here.soon_reaches(22)

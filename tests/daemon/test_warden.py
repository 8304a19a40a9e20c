"""The process that touches the firewall, without a reader: what it opens, what it does not, what waits."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import attrs
import pytest
from tests.daemon_case import HOUR, KEYRING, SERVER, opening, policy

from lab.namespaces import namespaces
from portward.apply.libnft import Libnft
from portward.compile.nft import compile_policy
from portward.daemon.ahead_store import AheadStore
from portward.daemon.loader import Loader
from portward.daemon.notify import Notifier
from portward.daemon.opening import Opening
from portward.daemon.setup import Setup
from portward.daemon.warden import TICK, Tools, Warden
from portward.errors import Diagnostic, PolicyError, Severity
from portward.policy.people import Passes, Ways
from portward.policy.policy import Policy, Sizes


pytestmark = pytest.mark.net

POLICY = policy(ways=Ways(passes=Passes(62202)), sizes=Sizes(grants=64))


@attrs.define
class Case:
    """A warden in a namespace of its own.

    Attributes:
        nft: the firewall.
        warden: under test.
        said: its log.
        setup: what it reads.
        wrong: whether there are mistakes in it.
        trace: differs when the keys on the disk have changed.
    """

    nft: Libnft
    said: list[str]
    setup: Setup
    wrong: bool = False
    trace: int = 0
    warden: Warden | None = None

    def put(self, wanted: Policy) -> None:
        """Put a policy's table in place of what is there."""
        self.nft.run(f"table inet portward\ndelete table inet portward\n{compile_policy(wanted).text}")

    def load(self) -> Setup:
        """Read policy and keys."""
        if self.wrong:
            raise PolicyError([Diagnostic("PW101", Severity.ERROR, "not TOML")])
        return self.setup

    def open(self, *openings: Opening) -> None:
        """Ask for doors."""
        assert self.warden
        self.warden._carry_out(list(openings))

    def members(self, name: str = "grant_ssh_v4") -> str:
        """What is in a set."""
        return self.nft.run(f"list set inet portward {name}\n")


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    """Make one; the table is there."""
    with namespaces("warden", prefix="pwl") as (here,), here.entered():
        nft, store = Libnft(), AheadStore(tmp_path / "ahead.db")
        made = Case(nft, [], Setup(POLICY, KEYRING, SERVER))
        tools = Tools(nft, Loader(nft, store), Notifier({}), made.load, lambda: made.trace, made.said.append)
        made.warden = Warden(tools, tmp_path)
        made.put(POLICY)
        yield made
        store.close()
        nft.close()


def wanted(person: str = "alice", *services: str, **more: Any) -> Opening:
    """An opening of now."""
    return opening(person, *services, **({"until": datetime.now(UTC) + HOUR} | more))


def test_doors_are_opened_together_and_told(case: Case) -> None:
    case.open(wanted(), wanted("root", "ssh", "web", number=2, address=ip_address("2001:db8::7")))
    assert "192.0.2.7" in case.members()
    assert "2001:db8::7" in case.members("trusted_v6")
    assert "192.0.2.7" in case.members("people_v4")
    assert any("alice: ssh open for 192.0.2.7" in line for line in case.said)


def test_what_is_not_allowed_is_not_opened(case: Case) -> None:
    """Whatever the reader says."""
    case.open(
        wanted("alice", "web"), wanted("carol", number=2), wanted("alice", "ssh", number=3, length=2 * HOUR)
    )
    assert "192.0.2.7" not in case.members() + case.members("grant_web_v4")
    assert sum("not allowed" in line for line in case.said) == 3


def test_one_that_fails_does_not_stop_the_others_and_waits(case: Case) -> None:
    """IPv4 doors of ssh are full: the IPv6 one is opened, the other waits and is opened when there is room."""
    full = ", ".join(f"198.51.100.{number} timeout 1h" for number in range(64))
    case.nft.run(f"add element inet portward grant_ssh_v4 {{ {full} }}\n")
    case.open(wanted(), wanted(number=2, address=ip_address("2001:db8::7")))
    assert "2001:db8::7" in case.members("grant_ssh_v6")
    assert "192.0.2.7" not in case.members()
    case.nft.run("flush set inet portward grant_ssh_v4\n")
    case.open()
    assert "192.0.2.7" in case.members()


def during(case: Case, *steps: Callable[[], None]) -> None:
    """Run the warden, take steps meanwhile, and stop it by SIGTERM."""

    async def scenario() -> None:
        assert case.warden
        running = asyncio.create_task(case.warden.run({}))
        await asyncio.sleep(0.5)
        for step in steps:
            step()
            await asyncio.sleep(0.3)
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(running, 10)

    asyncio.run(scenario())


def test_it_loads_ahead_and_ends_when_told(case: Case) -> None:
    during(case)
    assert case.members("passes").count("expires") > 4
    assert any(line.startswith("loaded ") for line in case.said)


def test_a_reload_with_mistakes_keeps_what_was(case: Case) -> None:
    """And says what is wrong."""

    def break_it() -> None:
        case.wrong = True
        os.kill(os.getpid(), signal.SIGHUP)

    during(case, break_it)
    assert any("not reloaded" in line and "not TOML" in line for line in case.said)
    case.open(wanted())
    assert "192.0.2.7" in case.members()


def test_keys_that_changed_are_read_again_by_itself(case: Case) -> None:
    """Somebody was revoked: nobody has to tell the daemon."""

    def revoke() -> None:
        case.setup = attrs.evolve(case.setup, policy=attrs.evolve(POLICY, people=()))
        case.trace += 1
        time.sleep(TICK)

    during(case, revoke, lambda: None, lambda: None, lambda: None)
    assert sum(line.startswith("reloaded: 0 people") for line in case.said) == 1
    case.open(wanted())
    assert "192.0.2.7" not in case.members()


def test_a_gate_that_is_not_up_is_told_once(case: Case) -> None:
    case.nft.run("delete table inet portward\n")
    during(case, lambda: None)
    assert sum(line.startswith("the gate is not up") for line in case.said) == 1
    assert case.warden
    assert "the gate is not up" in case.warden.status

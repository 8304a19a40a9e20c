"""One-time passes in the real kernel: no process of ours runs while they are used."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest
from gate import Gate, gate, source
from keyed_gate import ALICE, BOB, current, load_ahead, policy, with_passes

from portward.policy.people import Person
from portward.policy.policy import Mode


pytestmark = pytest.mark.net

PORT = 62202


@pytest.fixture(scope="module")
def here() -> Iterator[Gate]:
    """One gate for all tests of this file; each loads its own policy."""
    with gate() as made:
        yield made


def ssh_is_open(here: Gate, visitor: int, version: int = 4) -> bool:
    """Whether that visitor's next packet to ssh is let in."""
    here.left()
    return here.leaves(here.syn(source(visitor, version), 22))


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("mode", list(Mode))
def test_a_pass_opens_its_persons_services_once(here: Gate, tmp_path: Path, version: int, mode: Mode) -> None:
    """Closed; one datagram; open, for that source and that service. The replay, from anywhere, is silence."""
    wanted = policy(with_passes(), mode=mode)
    here.load(wanted)
    load_ahead(here, wanted, tmp_path)
    visitor, thief = source(7, version), source(8, version)
    assert not ssh_is_open(here, 7, version)
    here.udp(visitor, PORT, current(ALICE))
    assert ssh_is_open(here, 7, version)
    assert not here.leaves(here.syn(visitor, 80))
    here.udp(thief, PORT, current(ALICE))
    assert not ssh_is_open(here, 8, version)


@pytest.mark.parametrize(
    "make",
    [
        lambda: current(ALICE, 4),
        lambda: current(ALICE, windows=2),
        lambda: current(ALICE, windows=-2),
        lambda: current(ALICE, server=b"another"),
        lambda: current(BOB),
        lambda: current(ALICE)[:15],
        lambda: bytes(16),
        lambda: b"",
    ],
    ids=["counter", "later", "earlier", "server", "person", "short", "zeros", "empty"],
)
def test_another_pass_is_silence(here: Gate, tmp_path: Path, make: Callable[[], bytes]) -> None:
    """A pass that was not given out, of another window, server or person opens nothing of alice's.

    Each is made when its test runs: a window goes by while others do.
    """
    wanted = policy(with_passes(), mode=Mode.LOCKDOWN)
    here.load(wanted)
    load_ahead(here, wanted, tmp_path)
    assert not here.leaves(here.udp(source(9), PORT, make()))
    assert not ssh_is_open(here, 9)


def test_the_neighbouring_window_counts_too(here: Gate, tmp_path: Path) -> None:
    """A clock may be some minutes off: one of the two neighbours counts, the other does not."""
    wanted = policy(with_passes())
    here.load(wanted)
    load_ahead(here, wanted, tmp_path)
    here.udp(source(10), PORT, current(ALICE, windows=1))
    here.udp(source(11), PORT, current(ALICE, windows=-1))
    assert [ssh_is_open(here, 10), ssh_is_open(here, 11)].count(True) == 1


def test_what_follows_the_pass_does_not_matter(here: Gate, tmp_path: Path) -> None:
    """`nc` sends a line's end after it."""
    wanted = policy(with_passes())
    here.load(wanted)
    load_ahead(here, wanted, tmp_path)
    here.udp(source(12), PORT, current(ALICE) + b"\n")
    assert ssh_is_open(here, 12)


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("before", [0, 16], ids=["at the start", "where ping puts it"])
def test_an_echo_request_may_carry_it(here: Gate, tmp_path: Path, version: int, before: int) -> None:
    """Only where the policy says so, and at the two places where clients put it."""
    wanted = policy(with_passes(echo=True))
    here.load(wanted)
    load_ahead(here, wanted, tmp_path)
    here.ping(source(13, version), 120, bytes(before) + current(ALICE))
    assert ssh_is_open(here, 13, version)
    here.ping(source(14, version), 120, bytes(before) + current(ALICE))
    assert not ssh_is_open(here, 14, version)


def test_without_echo_an_echo_request_is_nothing(here: Gate, tmp_path: Path) -> None:
    """The default."""
    wanted = policy(with_passes())
    here.load(wanted)
    load_ahead(here, wanted, tmp_path)
    here.ping(source(15), 120, current(ALICE))
    assert not ssh_is_open(here, 15)


def test_a_second_round_brings_nothing_back(here: Gate, tmp_path: Path) -> None:
    """The daemon comes back after it was killed: what was used stays used."""
    wanted = policy(with_passes())
    here.load(wanted)
    first = load_ahead(here, wanted, tmp_path)
    here.udp(source(16), PORT, current(ALICE))
    assert ssh_is_open(here, 16)
    assert load_ahead(here, wanted, tmp_path).windows == 0 < first.windows
    here.udp(source(17), PORT, current(ALICE))
    assert not ssh_is_open(here, 17)
    here.udp(source(17), PORT, current(ALICE, 1))
    assert ssh_is_open(here, 17)


def test_a_lost_table_brings_nothing_back(here: Gate, tmp_path: Path) -> None:
    """After a flush or a reboot, windows that had begun are not loaded again; later ones are."""
    wanted = policy(with_passes())
    here.load(wanted)
    load_ahead(here, wanted, tmp_path)
    here.udp(source(18), PORT, current(ALICE))
    here.load(wanted)
    assert load_ahead(here, wanted, tmp_path).windows > 0
    for counter in range(4):
        here.udp(source(19), PORT, current(ALICE, counter))
    assert not ssh_is_open(here, 19)


def test_a_window_that_has_not_begun_is_loaded_but_does_not_count(here: Gate, tmp_path: Path) -> None:
    """It is the kernel's clock that says when."""
    wanted = policy(with_passes())
    here.load(wanted)
    load_ahead(here, wanted, tmp_path)
    listed = here.here.run("nft", "list", "set", "inet", "portward", "passes").stdout
    later = current(ALICE, windows=3)
    assert f"{int.from_bytes(later, 'big'):x}" in listed
    here.udp(source(20), PORT, later)
    assert not ssh_is_open(here, 20)


def test_somebody_who_is_revoked_or_elsewhere_opens_nothing(here: Gate, tmp_path: Path) -> None:
    """`revoked`, `from` of either family, `until`."""
    hour = timedelta(hours=1)
    elsewhere = Person("alice", ("ssh",), hour, networks=(ip_network("203.0.113.0/24"),))
    over = Person("alice", ("ssh",), hour, until=datetime.now(UTC) - hour)
    for number, person in enumerate((Person("alice", ("ssh",), hour, revoked=True), elsewhere, over)):
        wanted = policy(with_passes(), person)
        here.load(wanted)
        state = tmp_path / str(number)
        state.mkdir()
        load_ahead(here, wanted, state)
        for version in (4, 6):
            here.udp(source(21, version), PORT, current(ALICE, version - 3))
            assert not ssh_is_open(here, 21, version)


def test_within_the_network_it_opens(here: Gate, tmp_path: Path) -> None:
    """`from` lets in who comes from there."""
    wanted = policy(
        with_passes(), Person("alice", ("ssh",), timedelta(hours=1), networks=(ip_network("198.51.0.0/16"),))
    )
    here.load(wanted)
    load_ahead(here, wanted, tmp_path)
    here.udp(source(22), PORT, current(ALICE))
    assert ssh_is_open(here, 22)


def test_who_came_from_where_is_known(here: Gate, tmp_path: Path) -> None:
    """So that the grants of somebody who is revoked can be found."""
    wanted = policy(with_passes())
    here.load(wanted)
    load_ahead(here, wanted, tmp_path)
    here.udp(source(23), PORT, current(ALICE))
    assert ssh_is_open(here, 23)
    assert str(source(23)) in here.here.run("nft", "list", "set", "inet", "portward", "people_v4").stdout


def test_an_account_that_ends_soon_has_passes_until_then(here: Gate, tmp_path: Path) -> None:
    """The element ends with the account, not with the window."""
    end = datetime.now(UTC) + timedelta(seconds=90)
    wanted = policy(with_passes(), Person("alice", ("ssh",), timedelta(hours=1), until=end))
    here.load(wanted)
    load_ahead(here, wanted, tmp_path)
    listed = here.here.run("nft", "list", "set", "inet", "portward", "passes").stdout
    assert "timeout 1m" in listed
    assert "h" not in listed.split("elements", 1)[1].replace("inet", "")


def test_another_table_is_left_alone(here: Gate, tmp_path: Path) -> None:
    """Loading touches nothing but our own sets."""
    wanted = policy(with_passes())
    here.load(wanted)
    before = here.here.run("nft", "-s", "list", "table", "inet", "observer").stdout
    load_ahead(here, wanted, tmp_path)
    assert here.here.run("nft", "-s", "list", "table", "inet", "observer").stdout == before

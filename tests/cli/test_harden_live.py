"""`portward harden --router`: the article's lines carried out on a router that runs, on its own trial, and undone."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.apply.routeros_case import Clock
from tests.cli.live_router import Desk, desk

from lab.routeros_device import Cut, Device, Refusal


LINES = [
    "/ip service set telnet disabled=yes",
    "/ip service set www disabled=yes",
    "/ip service set ftp disabled=yes",
]


@pytest.fixture(params=[("rest", 7), ("binary", 7), ("binary", 6)], ids=lambda each: f"{each[0]}-{each[1]}")
def at(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    api, version = request.param
    with desk(Device(time.monotonic, version=version), api, tmp_path) as made:
        yield made


@pytest.fixture
def edge(tmp_path: Path) -> Iterator[Desk]:
    """Where the protocol makes no difference."""
    with desk(Device(time.monotonic), "rest", tmp_path) as made:
        yield made


def message(told: str) -> str:
    return str(json.loads(told)["errors"][0]["message"])


def test_the_articles_lines_are_carried_out_and_undone(at: Desk) -> None:
    before = at.device.rules()
    code, out, err = at.run("harden", "--router", "edge", "--yes")
    assert code == 0
    assert [line for line in err.splitlines() if line.startswith("/")] == LINES
    assert "armed: the router takes everything back in 120s" in err
    assert "confirmed over a new connection" in out
    assert at.off() == {"telnet", "www", "ftp"}
    assert at.device.menus["/system/scheduler"] == []
    findings = json.loads(at.run("audit", "--router", "edge", "--json")[1])["result"]["findings"]
    clear = [each["subject"] for each in findings if each["code"] == "PX501"]
    assert clear == ["/ip service api"]
    assert at.run("harden", "--router", "edge", "--undo")[0] == 0
    assert at.device.rules() == before
    assert "nothing to undo" in message(at.run("harden", "--router", "edge", "--undo", "--json")[1])


def test_a_plan_changes_nothing_and_names_what_stays_in_clear_text(edge: Desk) -> None:
    before = edge.device.rules()
    code, out, _ = edge.run("harden", "--router", "edge", "--plan")
    assert (code, out.splitlines()[:3]) == (0, LINES)
    assert "left: api: it is on, in clear text" in out
    assert edge.device.rules() == before


def test_runs_are_undone_one_by_one_or_all_at_once(edge: Desk) -> None:
    before = edge.device.rules()
    edge.run("harden", "--router", "edge", "--yes", "telnet")
    edge.run("harden", "--router", "edge", "--yes", "api")
    assert edge.off() == {"telnet", "api"}
    edge.run("harden", "--router", "edge", "--undo")
    assert edge.off() == {"telnet"}
    edge.run("harden", "--router", "edge", "--yes", "ftp")
    edge.run("harden", "--router", "edge", "--undo", "--all")
    assert edge.device.rules() == before


def test_what_is_off_already_is_left_off_by_undo(edge: Desk) -> None:
    edge.device.command("/ip/service/set", {".id": "www", "disabled": "yes"})
    told = json.loads(edge.run("harden", "--router", "edge", "--yes", "--json")[1])
    assert told["result"]["lines"] == [LINES[0], LINES[2]]
    edge.run("harden", "--router", "edge", "--undo")
    assert edge.off() == {"www"}
    edge.run("harden", "--router", "edge", "--yes")
    code, out, _ = edge.run("harden", "--router", "edge", "--yes")
    assert code == 0
    assert out.startswith("nothing to do")


def test_the_service_that_the_connection_came_by_is_never_switched_off(at: Desk) -> None:
    own = "www-ssl" if "rest" in (at.directory / "portward/routers.toml").read_text() else "api-ssl"
    code, out, _ = at.run("harden", "--router", "edge", own, "--yes")
    assert code == 1
    assert "this very connection came by it" in out
    assert at.off() == set()


def test_a_router_that_is_lost_in_the_middle_takes_it_back(at: Desk) -> None:
    """The line is cut as the second service is set; the client comes anew and undoes."""
    before = at.device.rules()
    cut: list[str] = []

    def hook(_count: int, path: str, phase: str) -> None:
        if path == "/ip/service/set" and phase == "after":
            cut.append(path)
            if len(cut) == 2:
                raise Cut

    at.device.hook = hook
    code, _, err = at.run("harden", "--router", "edge", "--yes")
    at.device.hook = lambda _count, _path, _phase: None
    assert code != 0
    assert "the router is as before" in err
    assert at.device.rules() == before
    assert at.device.menus["/system/scheduler"] == []
    assert at.run("harden", "--router", "edge", "--undo")[0] == 2, "there is nothing left to undo"
    at.device.command("/ip/service/set", {".id": "telnet", "disabled": "yes"})
    assert at.run("harden", "--router", "edge", "--undo")[0] == 2, "what somebody else switched off stays off"


def test_a_router_that_stays_lost_takes_it_back_by_itself(tmp_path: Path) -> None:
    clock = Clock()
    device = Device(clock)
    before = device.rules()
    lost: list[str] = []

    def hook(_count: int, path: str, phase: str) -> None:
        if lost or (path == "/ip/service/set" and phase == "after"):
            lost.append(path)
            raise Cut

    with desk(device, "rest", tmp_path) as at:
        device.hook = hook
        code, _, err = at.run("harden", "--router", "edge", "--yes", "--trial", "60s")
        assert code == 1
        assert "the router takes it back by itself within 60s" in err
        assert at.off() == {"telnet"}
        clock.now += 61
        device.tick()
        assert device.rules() == before


def test_a_router_whose_scheduler_is_locked_is_not_touched(edge: Desk) -> None:
    def hook(_count: int, path: str, phase: str) -> None:
        if path == "/system/scheduler/add" and phase == "before":
            raise Refusal(400, "failure: not allowed by device-mode")

    edge.device.hook = hook
    code, _, err = edge.run("harden", "--router", "edge", "--yes")
    assert code == 3
    assert "nothing was changed" in err
    assert edge.off() == set()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "there is no terminal to ask on"),
        (("--by", "guard"), "portward push guards"),
        (("--confirm",), "--confirm does not go with --router"),
        (("--root", "/mnt"), "--root does not go with --router"),
        (("sshd", "--yes"), "no service 'sshd'"),
        (("ssh", "winbox", "www-ssl", "api-ssl", "--yes"), "no way into the router"),
        (("--trial", "5s", "--yes"), "is outside 1m..1h"),
    ],
)
def test_what_cannot_be_done_is_told_and_nothing_changes(
    edge: Desk, words: tuple[str, ...], told: str
) -> None:
    code, out, _ = edge.run("harden", "--router", "edge", *words, "--json")
    assert code == 2
    assert told in message(out)
    assert edge.off() == set()


def test_the_last_encrypted_way_in_stays(edge: Desk) -> None:
    for name in ("ssh", "www-ssl", "api-ssl"):
        edge.device.command("/ip/service/set", {".id": name, "disabled": "yes"})
    code, out, _ = edge.run("harden", "--router", "edge", "winbox", "--yes", "--json")
    assert code == 2
    assert "no encrypted way" in message(out)

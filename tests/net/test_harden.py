"""Each mend closes what it says, as a probe sees from outside, and `--undo` brings everything back byte by byte."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from debian_host import PROGRAMS, SOURCE, DebianHost, debian_host, wait_for

from lab.namespaces import GATE_V4, town
from portward.apply.harden_trial import Step


pytestmark = [pytest.mark.net, pytest.mark.peer(*PROGRAMS)]

DRIVER = Path(__file__).with_name("harden_driver.py")
SHOWN = frozenset({"tcp/21", "tcp/22", "tcp/23", "tcp/513", "tcp/2323", "tcp/6379", "udp/69"})
BY_SSH = "198.51.100.2 40000 198.51.100.1 22"


@pytest.fixture(scope="module")
def one_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DebianHost]:
    """One host for all tests: each leaves it as it was, which is what most of them are about."""
    with debian_host(tmp_path_factory.mktemp("debian")) as made:
        if made is None:
            pytest.skip("systemd does not come up in a namespace here")
        assert wait_for(lambda: made.open_ports(*SHOWN) == SHOWN, 10), (
            "all servers are up, with their mistakes"
        )
        yield made


@pytest.fixture
def host(one_host: DebianHost) -> Iterator[DebianHost]:
    """The host, which must be afterwards what it was before, but for the time of what a test itself put back."""
    tree, active = one_host.tree(times=False), one_host.active()
    yield one_host
    one_host.run(sys.executable, "-m", "portward", "harden", "--undo", "--all", "--force")
    assert differing(tree, one_host.tree(times=False)) == []
    assert wait_for(lambda: one_host.active() == active, 10)
    assert one_host.run("nft", "list", "ruleset").stdout == ""
    assert wait_for(lambda: one_host.open_ports(*SHOWN) == SHOWN, 10)


def differing(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """The paths that are not alike."""
    return sorted(path for path in one.keys() | other.keys() if one.get(path) != other.get(path))


def codes_of(audit: str, subject: str) -> set[str]:
    """The codes that an audit gives a subject."""
    return {each["code"] for each in json.loads(audit)["result"]["findings"] if each["subject"] == subject}


def test_everything_that_audit_complains_of_is_closed_and_comes_back(host: DebianHost) -> None:
    before = host.tree()
    done = host.harden("--yes")["result"]
    assert {each["way"] for each in done["mends"]} == {"disable", "guard"}
    assert host.open_ports(*SHOWN) == {"tcp/2323"}, "the one that portward does not know is left, and named"
    assert [each["service"] for each in done["left"]] == ["own"]
    assert host.harden("--plan")["result"]["mends"] == []
    host.harden("--undo")
    assert differing(before, host.tree()) == []
    assert wait_for(lambda: host.open_ports(*SHOWN) == SHOWN, 10)


@pytest.mark.parametrize(
    ("words", "closed"),
    [
        (("ftp",), {"tcp/21"}),
        (("tcp/23",), {"tcp/23"}),
        (("tcp/23", "rlogin"), {"tcp/23", "tcp/513"}),
        (("own.socket",), {"tcp/2323"}),
        (("tftp",), {"udp/69"}),
        (("redis",), {"tcp/6379"}),
        (("PX201",), {"tcp/6379"}),
        (("redis", "--by", "disable"), {"tcp/6379"}),
        (("ftp", "--by", "guard"), {"tcp/21"}),
        (("tftp", "--by", "guard"), {"udp/69"}),
        (("ssh",), {"tcp/22"}),
        (("inetd.service",), {"tcp/23", "tcp/513"}),
    ],
)
def test_each_mend_closes_what_it_says_and_no_more(
    host: DebianHost, words: tuple[str, ...], closed: set[str]
) -> None:
    host.harden(*words, "--yes")
    assert wait_for(lambda: host.open_ports(*SHOWN) == SHOWN - closed, 5), host.open_ports(*SHOWN)


def test_what_is_switched_off_stays_off_at_the_next_boot(host: DebianHost) -> None:
    host.harden("ftp", "own.socket", "--yes")
    for unit in ("vsftpd.service", "own.socket"):
        assert host.run("systemctl", "is-enabled", unit).stdout.strip() == "disabled"
    assert not list((host.root / "etc/rc3.d").glob("S*vsftpd")), "nor does its old start script start it"


@pytest.mark.parametrize("by", ["publish", "move"])
def test_on_another_port_only_there(host: DebianHost, by: str) -> None:
    """`published` keeps sshd on 22 and closes that; a move takes it away. A published port opens by the knock."""
    done = host.harden("ssh", "--by", by, "--yes", "--ports", "20000-20100")["result"]["mends"][0]
    port = done["outside"][0].removeprefix("tcp/")
    assert 20000 <= int(port) <= 20100
    assert done["clients"] == ["Host gate", f"    Port {port}"]
    assert wait_for(
        lambda: host.open_ports("tcp/22", f"tcp/{port}") == ({f"tcp/{port}"} if by == "move" else set()), 5
    )
    if by == "publish":
        host.run(sys.executable, "-m", "portward", "grant", done["guarded_as"], "198.51.100.2")
        assert host.open_ports("tcp/22", f"tcp/{port}") == {f"tcp/{port}"}


def test_sshd_that_systemd_listens_for_moves_by_its_socket_unit(host: DebianHost) -> None:
    host.run("systemctl", "disable", "--now", "ssh.service")
    host.run("systemctl", "enable", "--now", "ssh.socket")
    try:
        audit = host.run(sys.executable, "-m", "portward", "audit", "--json").stdout
        assert {"PX205", "PX301"} <= codes_of(audit, "tcp/22 ssh"), (
            "it is known by its unit, before anybody came"
        )
        assert wait_for(lambda: "tcp/22" in host.open_ports("tcp/22"), 5)
        done = host.harden("ssh", "--by", "move", "--trial", "60s", "--no-wait")["result"]["mends"][0]
        port = done["outside"][0]
        assert done["files"] == ["/etc/systemd/system/ssh.socket.d/portward.conf"]
        assert wait_for(lambda: host.open_ports("tcp/22", port) == {"tcp/22", port}, 5)
        host.harden("--confirm")
        assert wait_for(lambda: host.open_ports("tcp/22", port) == {port}, 5)
        audit = host.run(sys.executable, "-m", "portward", "audit", "--json").stdout
        assert codes_of(audit, f"{port} ssh") == {"PX301"}, "and on its new port"
        host.harden("--undo")
        assert wait_for(lambda: host.open_ports("tcp/22", port) == {"tcp/22"}, 5)
    finally:
        host.run("systemctl", "disable", "--now", "ssh.socket")
        host.run("systemctl", "stop", "ssh.service")
        host.run("systemctl", "enable", "--now", "ssh.service")


def test_a_trial_that_nobody_confirms_is_undone(host: DebianHost) -> None:
    before = host.tree()
    host.harden("--trial", "6s", "--no-wait")
    assert host.open_ports(*SHOWN) == {"tcp/2323"}
    assert wait_for(lambda: host.open_ports(*SHOWN) == SHOWN, 20)
    assert wait_for(lambda: "portward-harden" not in host.run("systemctl", "list-units", "--all").stdout, 10)
    assert host.harden("--undo", code=2)["errors"][0]["message"] == "there is nothing to undo"
    assert differing(before, host.tree()) == []


def test_a_trial_that_is_confirmed_stays(host: DebianHost) -> None:
    host.harden("--trial", "8s", "--no-wait")
    host.harden("--confirm")
    time.sleep(8.5)
    assert host.open_ports(*SHOWN) == {"tcp/2323"}


def test_undo_ends_a_trial_at_once(host: DebianHost) -> None:
    host.harden("--trial", "5m", "--no-wait")
    assert "on trial" in host.harden("ftp", "--yes", code=2)["errors"][0]["message"]
    host.harden("--undo")
    assert wait_for(lambda: host.open_ports(*SHOWN) == SHOWN, 5)


@pytest.mark.parametrize("step", list(Step))
def test_killed_at_any_step_everything_is_back_in_time(host: DebianHost, step: Step) -> None:
    before = host.tree()
    done = subprocess.run(
        host.command(sys.executable, str(DRIVER), step, "5"),
        capture_output=True,
        text=True,
        check=False,
        env=host.environment(),
    )
    assert done.stdout == f"{step}\n", done.stderr
    assert (host.open_ports("tcp/21") == set()) is (step in {Step.DONE, Step.GATED})
    if step is Step.WRITTEN:  # nothing was changed, and nothing armed: the next command clears it away
        time.sleep(6.5)
        host.harden("ftp", "--yes")
        host.harden("--undo")
    assert wait_for(lambda: host.open_ports(*SHOWN) == SHOWN and differing(before, host.tree()) == [], 15)


def test_a_boot_in_the_middle_of_a_trial_undoes_it(host: DebianHost) -> None:
    """Transient timers do not outlive a boot, files do: a unit of the next boot puts them back."""
    before = host.tree()
    host.harden("ftp", "rlogin", "--trial", "5m", "--no-wait")
    assert host.run("systemctl", "is-enabled", "portward-harden-boot.service").stdout.strip() == "enabled"
    host.run("systemctl", "stop", "portward-harden-rollback.timer")
    assert host.run("systemctl", "start", "portward-harden-boot.service").returncode == 0
    assert wait_for(lambda: host.open_ports(*SHOWN) == SHOWN, 10)
    host.harden("--undo", code=2)
    assert differing(before, host.tree()) == []


def test_the_service_that_the_session_came_by_is_never_switched_off(host: DebianHost) -> None:
    told = host.harden("ssh", "--by", "disable", "--yes", code=1, SSH_CONNECTION=BY_SSH)
    assert not told["changed"]
    assert "this very session" in told["result"]["left"][0]["reason"]
    refused = host.harden("ssh.service", "--yes", code=2, SSH_CONNECTION=BY_SSH)
    assert "this very session" in refused["errors"][0]["message"]
    assert "tcp/22" in host.open_ports("tcp/22")


@pytest.mark.parametrize("by", ["guard", "publish", "move"])
def test_what_the_session_came_by_changes_on_trial_only(host: DebianHost, by: str) -> None:
    refused = host.harden("ssh", "--by", by, "--yes", code=2, SSH_CONNECTION=BY_SSH)
    assert "--trial" in refused["errors"][0]["message"]
    assert "tcp/22" in host.open_ports("tcp/22")


def test_sshd_keeps_its_old_port_until_somebody_comes_by_the_new_one(host: DebianHost) -> None:
    done = host.harden("ssh", "--by", "move", "--trial", "5m", "--no-wait", SSH_CONNECTION=BY_SSH)["result"]
    port = done["mends"][0]["outside"][0]
    assert wait_for(lambda: host.open_ports("tcp/22", port) == {"tcp/22", port}, 5)
    by_old = host.harden("--confirm", code=2, SSH_CONNECTION=BY_SSH.replace("40000", "40001"))
    assert "come by port" in by_old["errors"][0]["message"]
    new = f"198.51.100.2 40002 198.51.100.1 {port.removeprefix('tcp/')}"
    host.harden("--confirm", SSH_CONNECTION=new)
    assert wait_for(lambda: host.open_ports("tcp/22", port) == {port}, 5)


def test_a_configuration_that_sshd_refuses_changes_nothing(host: DebianHost) -> None:
    config = host.root / "etc/ssh/sshd_config"
    good = config.read_text()
    config.write_text(good + "NoSuchWord yes\n")
    before = host.tree()
    try:
        refused = host.harden("ssh", "--by", "move", "--yes", code=3)
        assert "sshd refuses" in refused["errors"][0]["message"]
        assert differing(before, host.tree()) == []
        assert host.open_ports("tcp/22") == {"tcp/22"}
    finally:
        config.write_text(good)


def test_what_was_changed_since_is_not_lost(host: DebianHost) -> None:
    host.harden("rlogin", "--yes")
    path = host.root / "etc/inetd.conf"
    mine = path.read_text() + "# mine\n"
    path.write_text(mine)
    refused = host.harden("--undo", code=2)
    assert "/etc/inetd.conf" in refused["errors"][0]["message"]
    assert path.read_text() == mine
    host.harden("--undo", "--force")


def test_without_a_policy_a_first_one_is_made(host: DebianHost) -> None:
    policy = host.root / "etc/portward/policy.toml"
    kept = policy.rename(policy.with_suffix(".kept"))
    try:
        host.harden("redis", "--yes")
        assert host.open_ports("tcp/6379") == set()
        assert policy.stat().st_mode & 0o777 == 0o600
        assert host.run(sys.executable, "-m", "portward", "check").returncode == 0
        host.harden("--undo")
        assert not policy.exists()
    finally:
        kept.rename(policy)


def test_several_runs_are_undone_one_by_one(host: DebianHost) -> None:
    host.harden("ftp", "--yes")
    host.harden("redis", "--yes")
    host.harden("--undo")
    assert wait_for(lambda: host.open_ports(*SHOWN) == SHOWN - {"tcp/21"}, 5)
    host.harden("--undo")
    assert wait_for(lambda: host.open_ports(*SHOWN) == SHOWN, 5)


def test_without_systemd_a_process_of_its_own_undoes_and_portward_confirm_keeps(tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    with town("visitor", prefix="pwlp") as made:
        redis = made.gate.start(
            *(
                "redis-server",
                "--bind",
                "0.0.0.0",
                "--protected-mode",
                "no",
                "--save",
                "",
                "--dir",
                str(tmp_path),
            ),
            stdout=subprocess.DEVNULL,
        )

        def portward(*words: str) -> None:
            environment = {
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(SOURCE),
                "STATE_DIRECTORY": str(tmp_path / "state"),
            }
            done = made.gate.run(
                sys.executable,
                "-m",
                "portward",
                *words,
                check=False,
                env=environment,
                stdin=subprocess.DEVNULL,
            )
            assert done.returncode == 0, done.stderr

        def shown() -> bool:
            return (
                made.visitors["visitor"].run("nc", "-z", "-w1", GATE_V4, "6379", check=False).returncode == 0
            )

        try:
            assert wait_for(shown, 10)
            portward("harden", "redis", "--policy", str(policy), "--trial", "5s", "--no-wait")
            assert not shown()
            assert wait_for(lambda: shown() and not policy.exists(), 10)
            portward("harden", "redis", "--policy", str(policy), "--trial", "5s", "--no-wait")
            portward("confirm")
            time.sleep(5.5)
            assert not shown()
            portward("harden", "--undo")
            assert shown()
            assert not policy.exists()
        finally:
            redis.kill()
            redis.wait()

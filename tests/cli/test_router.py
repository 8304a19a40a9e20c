"""`portward pull`, `portward router grant`, `portward router revoke`."""

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.apply.routeros_case import FIRST, STRANGER, Clock, new_device, push_to, wanted

from lab.routeros_device import Device
from lab.routeros_server import serving
from portward.cli.environment import Environment
from portward.cli.main import main


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def device(clock: Clock) -> Device:
    device = new_device(clock, ipv6=True)
    device.add("/ip/firewall/filter", {"chain": "input", "src-address": "127.0.0.1", "place-before": "*C"})
    push_to(device, wanted(FIRST), clock)
    return device


@pytest.fixture
def run(device: Device, tmp_path: Path) -> Iterator[Run]:
    """Run one command line; the password is in a file."""
    directory = tmp_path / "portward"
    directory.mkdir(mode=0o700)
    secret = directory / "password"
    secret.write_text("s3cret\n")
    secret.chmod(0o600)
    with serving(device, "rest") as port:
        file = directory / "routers.toml"
        file.write_text(
            f'schema = 1\n[routers.edge]\nhost = "127.0.0.1"\nuser = "portward"\nport = {port}\n'
            f'password_file = "{secret}"\n'
        )
        file.chmod(0o600)

        def command(*words: str) -> tuple[int, str, str]:
            out, err = io.StringIO(), io.StringIO()
            environment = Environment(io.StringIO(), out, err, {"XDG_CONFIG_HOME": str(tmp_path)})
            return main([*words, "--insecure-plain"], environment), out.getvalue(), err.getvalue()

        yield command


def test_a_grant_is_given_shown_and_ended(run: Run, device: Device, clock: Clock) -> None:
    device.menus["/ip/firewall/filter"][-1]["disabled"] = "true"
    code, out, _ = run("router", "grant", "edge", "ssh", STRANGER, "--for", "2h")
    assert (code, out) == (0, f"{STRANGER} may reach ssh on edge for 2h\n")
    assert device.admits(STRANGER, 22)
    clock.now += 60
    _, out, _ = run("pull", "edge")
    assert f"who is in:\n  {STRANGER}" in out
    assert "ssh                               1h59m left" in out
    code, out, _ = run("router", "revoke", "edge", "*", STRANGER)
    assert (code, out) == (0, f"{STRANGER} is out of ssh on edge; what is connected stays so\n")
    assert not device.admits(STRANGER, 22)


def test_programs_are_told_the_same(run: Run, device: Device) -> None:
    device.add(
        "/ip/firewall/address-list", {"list": "portward-stage-admin-1", "address": STRANGER, "timeout": "10s"}
    )
    _, out, _ = run("pull", "edge", "--json")
    assert json.loads(out)["result"]["entries"] == [
        {"kind": "stage", "about": "admin", "stage": 1, "address": STRANGER, "left": 10}
    ]
    _, out, _ = run("router", "revoke", "edge", "ssh", STRANGER, "--json")
    assert json.loads(out)["changed"] is False


def test_wrong_use_is_explained(run: Run) -> None:
    assert run("router", "grant", "edge", "ssh", "here")[0] == 2
    assert run("router", "grant", "edge", "web", STRANGER)[0] == 2
    assert run("router", "grant", "edge", "ssh", STRANGER, "--for", "400w")[0] == 2
    assert run("pull", "edge", "--password-file", "/nonexistent")[0] == 4


def test_a_password_that_nobody_gives_is_asked_for_only_at_a_terminal(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "portward" / "routers.toml"
    file.write_text(
        "\n".join(line for line in file.read_text().splitlines() if "password" not in line) + "\n"
    )
    code, _, err = run("pull", "edge")
    assert code == 2
    assert "no password for edge: --password-file" in err


def test_a_certificate_that_is_to_be_checked_is_not_passed_over(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "portward" / "routers.toml"
    file.write_text(file.read_text() + f'fingerprint = "{"0" * 64}"\n')
    code, _, err = run("pull", "edge")
    assert code == 2
    assert "has a certificate to check" in err

"""`portward push` as a user runs it: a process, TLS, a router double in a namespace; killed at any step."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest
from tests.apply.routeros_case import FIRST, FUSE, SECOND, Clock, is_clean, push_to, wanted
from tests.apply.routeros_tls import Certificate, make_certificate

import portward
from lab.namespaces import Namespace, namespaces
from lab.routeros_device import Device
from lab.routeros_direct import DirectLink
from lab.routeros_server import serving


pytestmark = pytest.mark.net

SOURCES = Path(portward.__file__).parents[1]
Rules = dict[str, list[dict[str, str]]]


@attrs.frozen
class Place:
    """A namespace with a router, and a user's home."""

    namespace: Namespace
    home: Path
    certificate: Certificate
    api: str

    @contextlib.contextmanager
    def router(self, clock: Clock) -> Iterator[Device]:
        """A router that holds the first policy, in `routers.toml` by the authority that vouches for it."""
        device = Device(clock)
        device.add("/ip/firewall/filter", {"chain": "input", "src-address": "127.0.0.0/8"})
        device.add("/ip/firewall/filter", {"chain": "input", "action": "drop", "comment": "drop the rest"})
        push_to(device, wanted(FIRST), clock, lambda: _direct(device))
        with contextlib.ExitStack() as stack:
            with self.namespace.entered():
                port = stack.enter_context(serving(device, self.api, context=self.certificate.context()))
            self.write(
                "routers.toml",
                f'schema = 1\n[routers.edge]\nhost = "127.0.0.1"\nuser = "portward"\n'
                f'api = "{self.api}"\nport = {port}\n'
                f'ca_file = "{self.certificate.cert}"\npassword_file = "{self.home}/portward/password"\n',
            )
            yield device

    def write(self, name: str, text: str) -> None:
        """Write a file of the user's alone."""
        path = self.home / "portward" / name
        path.parent.mkdir(mode=0o700, exist_ok=True)
        path.write_text(text)
        path.chmod(0o600)

    def start(self) -> "subprocess.Popen[str]":
        """Start pushing the second policy."""
        policy = self.home / "policy.toml"
        policy.write_text(SECOND)
        environment = {**os.environ, "PYTHONPATH": str(SOURCES), "XDG_CONFIG_HOME": str(self.home)}
        command = [sys.executable, "-m", "portward", "push", "edge", str(policy), "--yes", "--within", "2m"]
        return self.namespace.start(*command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def _direct(device: Device) -> DirectLink:
    return DirectLink(device, "127.0.0.1")


@pytest.fixture(params=["rest", "binary"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    certificate = make_certificate(tmp_path)
    with namespaces("router", prefix="pwj") as (namespace,):
        made = Place(namespace, tmp_path, certificate, request.param)
        made.write("password", "s3cret\n")
        yield made


def finish(process: "subprocess.Popen[str]") -> tuple[int, str, str]:
    """Wait for the end."""
    out, err = process.communicate(timeout=60)
    assert "s3cret" not in out + err
    return process.returncode, out, err


def whole(place: Place) -> tuple[int, Rules, Rules]:
    """Push undisturbed: how many commands it took, and the rules before and after."""
    with place.router(Clock()) as device:
        before, count = device.rules(), device.count
        code, out, err = finish(place.start())
        assert code == 0, err
        assert "pushed to edge; confirmed over a new connection" in out
        return device.count - count, before, device.rules()


def test_a_push_over_tls_and_a_second_that_finds_nothing(place: Place) -> None:
    with place.router(Clock()) as device:
        assert finish(place.start())[0] == 0
        assert is_clean(device)
        code, out, _ = finish(place.start())
        assert (code, out) == (0, "no changes: the router holds what the policy wants\n")


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP], ids=lambda each: each.name)
def test_a_killed_client_leaves_the_old_state_or_the_new(place: Place, sent: signal.Signals) -> None:
    """At a dozen commands from the first to the last; then the time runs out on the router."""
    steps, old, new = whole(place)
    for step in sorted({*range(20, steps, steps // 10), steps - 30, steps - 1}):
        clock = Clock()
        with place.router(clock) as device:
            process: list[subprocess.Popen[str]] = []
            last = device.count + step

            def hook(count: int, _path: str, phase: str, last: int = last) -> None:
                if (count, phase) == (last, "after"):
                    process[0].send_signal(sent)  # noqa: B023 - of this very turn
                    process[0].wait(timeout=20)  # noqa: B023 - the same

            device.hook = hook
            process.append(place.start())
            finish(process[0])
            assert process[0].returncode == -sent
            clock.now += FUSE.total_seconds() + 1
            device.tick()
            assert device.rules() in (old, new), f"command {step} of {steps}"


def test_an_interrupted_client_undoes_what_it_began(place: Place) -> None:
    steps, old, _ = whole(place)
    with place.router(Clock()) as device:
        process: list[subprocess.Popen[str]] = []
        last = device.count + steps // 2

        def hook(count: int, _path: str, phase: str) -> None:
            if (count, phase) == (last, "before"):
                process[0].send_signal(signal.SIGINT)

        device.hook = hook
        process.append(place.start())
        code, _, err = finish(process[0])
        assert code == 130
        assert "the router is as before" in err
        assert device.rules() == old
        assert is_clean(device)

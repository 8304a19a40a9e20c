"""The daemon put together; the whole of it, from outside, is in tests/net/test_serve.py."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.daemon_case import KEYRING, SERVER, policy

from lab.namespaces import namespaces
from portward.apply.libnft import Libnft
from portward.compile.nft import compile_policy
from portward.daemon.serve import AHEAD_FILE, Sources, load_once, serve
from portward.daemon.setup import Setup
from portward.errors import HostError, TargetError
from portward.policy.people import Passes, Ways


POLICY = policy(ways=Ways(passes=Passes(62202)))


@pytest.fixture
def nft() -> Iterator[Libnft]:
    """The firewall of an empty namespace, entered."""
    with namespaces("serve", prefix="pwl") as (here,), here.entered():
        made = Libnft()
        yield made
        made.close()


@pytest.mark.net
def test_loading_once_loads_and_comes_back(nft: Libnft, tmp_path: Path) -> None:
    """For a timer: the second time there is nothing to do."""
    nft.run(compile_policy(POLICY).text)
    setup = Setup(POLICY, KEYRING, SERVER)
    assert load_once(tmp_path, setup).windows > 100
    assert load_once(tmp_path, setup).windows == 0
    assert (tmp_path / AHEAD_FILE).stat().st_mode & 0o777 == 0o600


@pytest.mark.net
@pytest.mark.usefixtures("nft")
def test_without_a_gate_loading_once_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="No such file"):
        load_once(tmp_path, Setup(POLICY, KEYRING, SERVER))


def test_a_mistake_at_the_start_is_an_error_before_anything_is_done(tmp_path: Path) -> None:
    """Bad keys: no socket, no reader."""

    def load() -> Setup:
        raise HostError("keys are open to others")

    with pytest.raises(HostError, match="open to others"):
        serve(tmp_path, {}, Sources(load, lambda: None), lambda _: None)

"""Lines for ~/.ssh/config."""

import attrs
import pytest

from portward.errors import UsageError
from portward.knock.profile import Family, Profile
from portward.knock.ssh_config import write_config
from portward.policy.notation import read_knock


GATE = Profile("gate", "gate.example.org", (read_knock("tcp/3"),), ssh_port=12345)


def test_match_exec() -> None:
    """Both families are knocked, since ssh chooses for itself."""
    assert write_config([GATE], proxy=False) == (
        "# portward: knock at gate.example.org before ssh connects\n"
        "Host gate gate.example.org\n"
        "    HostName gate.example.org\n"
        "    Port 12345\n"
        'Match host gate.example.org exec "portward knock --quiet --no-verify --both gate"\n'
    )


def test_proxy_command() -> None:
    text = write_config([GATE], proxy=True)
    assert text.endswith("Match host gate.example.org\n    ProxyCommand portward ssh-proxy gate %p\n")


def test_a_profile_that_says_its_family_keeps_it() -> None:
    text = write_config(
        [attrs.evolve(GATE, family=Family.V6, ssh_port=None, name="gate.example.org")], proxy=False
    )
    assert text.splitlines()[1:] == [
        'Match host gate.example.org exec "portward knock --quiet --no-verify gate.example.org"'
    ]


def test_two_profiles_for_one_host_are_refused() -> None:
    with pytest.raises(UsageError, match="a, gate are all for"):
        write_config([attrs.evolve(GATE, name="a"), GATE], proxy=False)

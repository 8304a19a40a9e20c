"""`apply --exact`: a router's rules in the kernel, in the place of a policy."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.namespaces import Namespace, namespaces


pytestmark = pytest.mark.net

RULES = """/ip firewall filter
add chain=input action=accept connection-state=established,related
add chain=input action=accept src-address-list=safe
add chain=input action=add-src-to-address-list address-list=one address-list-timeout=10s protocol=tcp dst-port=4021
add chain=input action=add-src-to-address-list address-list=safe address-list-timeout=1h protocol=tcp dst-port=917 \\
    src-address-list=one
add chain=input action=drop
"""


@pytest.fixture
def here() -> Iterator[Namespace]:
    """An empty namespace."""
    with namespaces("exact", prefix="pwx") as (made,):
        yield made


def portward(here: Namespace, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run portward in there, its state in a folder of the test's."""
    program = Path(sys.executable).with_name("portward")
    return here.run("env", f"STATE_DIRECTORY={folder}/state", str(program), *words, check=False)


def test_rules_are_applied_once_and_keep_their_lists(here: Namespace, tmp_path: Path) -> None:
    """The second time nothing changes; a changed rule keeps who is on the lists; `down` takes all away."""
    script = tmp_path / "router.rsc"
    script.write_text(RULES)
    first = portward(here, tmp_path, "apply", "--exact", str(script), "--yes")
    assert first.returncode == 0, first.stderr
    assert "open before them" in first.stderr
    again = portward(here, tmp_path, "apply", "--exact", str(script), "--yes")
    assert "no changes" in again.stdout
    here.nft("add element inet portward list_ip_safe_hosts { 192.0.2.7 timeout 1h }")
    script.write_text(RULES.replace("dst-port=917", "dst-port=918"))
    assert portward(here, tmp_path, "plan", "--exact", str(script), "--detailed-exitcode").returncode == 2
    assert portward(here, tmp_path, "apply", "--exact", str(script), "--yes").returncode == 0
    listed = here.run("nft", "list", "table", "inet", "portward").stdout
    assert "192.0.2.7" in listed
    assert "tcp dport 918" in listed
    assert portward(here, tmp_path, "down", "--yes").returncode == 0
    assert not here.run("nft", "list", "ruleset").stdout


def test_a_trial_of_a_routers_rules_is_confirmed_like_any_other(here: Namespace, tmp_path: Path) -> None:
    """And comes up again as what was confirmed last."""
    script = tmp_path / "router.rsc"
    script.write_text(RULES)
    begun = portward(here, tmp_path, "apply", "--exact", str(script), "--trial", "30s", "--no-wait")
    assert begun.returncode == 0, begun.stderr
    assert portward(here, tmp_path, "confirm").returncode == 0
    here.run("nft", "delete", "table", "inet", "portward")
    assert portward(here, tmp_path, "apply", "--confirmed").returncode == 0
    assert "ip_filter_input" in here.run("nft", "list", "table", "inet", "portward").stdout


def test_what_the_kernel_cannot_do_changes_nothing(here: Namespace, tmp_path: Path) -> None:
    """An error with the line, and no table."""
    script = tmp_path / "router.rsc"
    script.write_text(RULES.replace("action=drop", "action=drop psd=21,3s,3,1"))
    refused = portward(here, tmp_path, "apply", "--exact", str(script), "--yes")
    assert refused.returncode == 1
    assert "router.rsc:7:" in refused.stderr
    assert not here.run("nft", "list", "ruleset").stdout


def test_options_of_exact_need_it(here: Namespace, tmp_path: Path) -> None:
    """A policy has no interfaces to rename."""
    assert portward(here, tmp_path, "apply", "policy.toml", "--interface", "a=b").returncode == 2

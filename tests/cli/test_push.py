"""`portward push`, against a router that speaks both protocols; the steps are tried in `test_routeros_push`."""

import io
import json
import time
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from lab.routeros_device import Device
from lab.routeros_server import serving
from portward.cli.environment import Environment
from portward.cli.main import main


POLICY = """
schema = 1
[services.ssh]
ports = ["tcp/22"]
[sequences.admin]
knocks = ["tcp/33333", "udp/22222=geheim", "tcp/11111"]
opens = ["ssh"]
"""


@attrs.define
class Desk:
    """A user with a policy and a router."""

    device: Device
    directory: Path
    out: str = ""
    err: str = ""

    @property
    def policy(self) -> Path:
        """The policy's file."""
        return self.directory / "policy.toml"

    def run(self, *words: str, stdin: str = "s3cret\n") -> int:
        """Run one command line."""
        out, err = io.StringIO(), io.StringIO()
        variables = {"XDG_CONFIG_HOME": str(self.directory)}
        code = main(words, Environment(io.StringIO(stdin), out, err, variables))
        self.out, self.err = out.getvalue(), err.getvalue()
        assert "s3cret" not in self.out + self.err
        assert "geheim" not in self.out + self.err
        return code

    def push(self, *words: str, policy: bool = True) -> int:
        """Push with the password on stdin, without TLS."""
        which = [str(self.policy), "--allow-weaker"] if policy else []
        return self.run("push", "edge", *which, "--password-file", "-", "--insecure-plain", *words)


@pytest.fixture(params=["rest", "binary"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    """A router as many are, in `routers.toml`."""
    version = 7 if request.param == "rest" else 6
    device = Device(time.monotonic, version=version)
    device.add("/ip/address", {"address": "127.0.0.1/8", "interface": "ether1"})
    device.add("/ip/firewall/filter", {"chain": "input", "connection-state": "established,related"})
    device.add(
        "/ip/firewall/filter", {"chain": "input", "src-address": "127.0.0.0/8", "comment": "management"}
    )
    device.add("/ip/firewall/filter", {"chain": "input", "action": "drop", "comment": "drop the rest"})
    (tmp_path / "portward").mkdir(mode=0o700)
    with serving(device, request.param) as port:
        file = tmp_path / "portward" / "routers.toml"
        file.write_text(
            f'schema = 1\n[routers.edge]\nhost = "127.0.0.1"\nuser = "portward"\nversion = {version}\nport = {port}\n'
        )
        file.chmod(0o600)
        made = Desk(device, tmp_path)
        made.policy.write_text(POLICY)
        yield made


def test_a_policy_is_pushed_once_and_then_there_is_nothing_to_do(desk: Desk) -> None:
    assert desk.push("--yes") == 0
    assert "pushed to edge; confirmed over a new connection" in desk.out
    assert "armed: the router takes everything back in" in desk.err
    rules = desk.device.rules()
    assert desk.push("--yes") == 0
    assert desk.out == "no changes: the router holds what the policy wants\n"
    assert desk.device.rules() == rules


def test_a_plan_changes_nothing_and_hides_words(desk: Desk) -> None:
    before = desk.device.rules()
    assert desk.push("--plan") == 0
    assert "+ /ip/firewall/filter chain=input action=jump jump-target=portward" in desk.out
    assert "content=…" in desk.out
    assert desk.push("--plan", "--detailed-exitcode") == 2
    assert desk.device.rules() == before
    desk.push("--yes")
    assert desk.push("--plan", "--detailed-exitcode") == 0


def test_programs_are_told_in_numbers(desk: Desk) -> None:
    assert desk.push("--yes", "--json") == 0
    told = json.loads(desk.out)
    assert told["changed"] is True
    assert told["result"]["changes"] is True
    assert "rules to add, 0 to remove" in told["result"]["summary"]


def test_nobody_to_ask_is_a_mistake_and_changes_nothing(desk: Desk) -> None:
    before = desk.device.rules()
    assert desk.push() == 2
    assert "there is no terminal to ask on: say --yes" in desk.err
    assert desk.device.rules() == before


def test_what_would_lock_us_out_is_refused_with_the_word_to_insist(desk: Desk) -> None:
    desk.device.menus["/ip/firewall/filter"][1]["random"] = "99"
    before = desk.device.rules()
    assert desk.push("--yes") == 3
    assert "nothing was changed, since" in desk.err
    assert "--despite way-in" in desk.err
    assert desk.device.rules() == before
    assert desk.push("--plan") == 0
    assert "not sure to get past" in desk.err


def test_insisting_is_possible_and_the_router_still_takes_it_back(desk: Desk) -> None:
    """A policy that shuts us out, on purpose: the probe does not get in, and the old rules come back."""
    desk.policy.write_text(POLICY.replace("schema = 1", "schema = 1\n[defaults]\nmode = 'lockdown'", 1))
    before = desk.device.rules()
    assert desk.push("--yes", "--despite", "way-in") == 1
    assert "the router is as before" in desk.err
    assert desk.device.rules() == before
    assert desk.device.menus["/system/scheduler"] == []


def test_everything_of_ours_is_taken_off_again(desk: Desk) -> None:
    before = desk.device.rules()
    desk.push("--yes")
    assert desk.push("--remove", "--yes", policy=False) == 0
    assert "took portward's rules off edge" in desk.out
    assert desk.device.rules() == before


def test_what_a_push_left_behind_is_cleared_away(desk: Desk) -> None:
    desk.push("--yes")
    row = desk.device.menus["/ip/firewall/filter"][0]
    row["comment"] = row["comment"].replace("portward: ", "portward: NEW ")
    assert desk.push("--yes") == 0
    assert "an earlier push broke off" in desk.err
    assert row["comment"] == "portward: packets to this router"


def test_a_weaker_rule_must_be_wanted(desk: Desk) -> None:
    code = desk.run("push", "edge", str(desk.policy), "--password-file", "-", "--insecure-plain", "--yes")
    assert code == 1
    assert "--allow-weaker takes it so" in desk.err


def test_tls_is_the_default_and_a_wrong_password_is_told(desk: Desk) -> None:
    if desk.device.version == 7:  # the binary API waits for more, in vain
        assert (
            desk.run("push", "edge", str(desk.policy), "--allow-weaker", "--yes", "--password-file", "-") == 1
        )
        assert "no TLS" in desk.err
    assert desk.push("--within", "1s") == 2
    assert "--within: 1s is outside 1m..1h" in desk.err
    desk.device.users = {"portward": "another"}
    assert desk.push("--yes") == 1
    assert "refused the user name or the password" in desk.err


def test_wrong_use_is_explained(desk: Desk) -> None:
    assert desk.run("push", "egde", str(desk.policy), "--password-file", "-") == 2
    assert "it has: edge" in desk.err
    assert desk.run("push", "edge", "-", "--password-file", "-") == 2
    assert "cannot both come from stdin" in desk.err
    assert desk.push("--before", "nonsense", "--yes") == 3
    assert "no rule in input with the comment 'nonsense'" in desk.err
    assert desk.push("--within", "soon") == 2
    assert desk.push("--source", "here") == 2


def test_a_router_without_ipv6_gets_the_rest(desk: Desk) -> None:
    for menu in [menu for menu in desk.device.menus if menu.startswith("/ipv6")]:
        del desk.device.menus[menu]
    assert desk.push("--yes") == 0
    assert "no IPv6 firewall" in desk.err


def test_a_spelling_that_we_do_not_know_is_told(desk: Desk) -> None:
    def hook(_count: int, _path: str, _phase: str) -> None:
        for row in desk.device.menus["/ip/firewall/filter"]:
            if row.get("tcp-flags") == "ack":
                row["tcp-flags"] = "ack,odd"

    desk.device.hook = hook
    assert desk.push("--yes") == 0
    assert "the next push sees a change" in desk.err

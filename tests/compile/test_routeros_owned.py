"""Our own exports give back the very policy; a changed one does not."""

import attrs
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from tests.policies import policies

from portward.check.rules import mistakes
from portward.compile.routeros import Target, export
from portward.compile.routeros_owned import Owned, recognise
from portward.policy.notation import read_ports
from portward.policy.policy import Policy, Service


targets = st.builds(Target, st.sampled_from([6, 7]), st.sampled_from([(), ("telnet",), ("ftp", "www-ssl")]))
SSH = Policy((Service("ssh", (read_ports("tcp/22"),)),))


@given(policies(), targets)
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
def test_import_of_export_is_the_same_policy(policy: Policy, target: Target) -> None:
    """All of it: sizes, prefixes and words among them."""
    assume(not mistakes(policy))
    assert recognise(export(policy, target).text) == Owned(policy, target)


def test_line_ends_of_another_system_do_not_matter() -> None:
    text = export(SSH, Target()).text.replace("\n", "\r\n")
    assert recognise(text) == Owned(SSH, Target())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("dst-port=22", "dst-port=23"),
        ("action=drop", "action=accept"),
        ("#| ports = [", "#| ports = [7"),
        ('#| penalty = "1m"', '#| penalty = "2m"'),
        ("# portward export 1", "# portward export 2"),
        ('#| ports = ["tcp/22"]', '#| ports = ["tcp/22", "tcp/22"]'),
        ("\n/ip firewall", "\n/ip firewall filter remove [find]\n/ip firewall"),
    ],
)
def test_a_changed_script_speaks_for_itself(before: str, after: str) -> None:
    """Rules or policy, whichever was changed: they no longer fit."""
    text = export(attrs.evolve(SSH), Target()).text
    assert before in text
    assert recognise(text.replace(before, after, 1)) is None


@pytest.mark.parametrize(
    "text", ["", "\n", "# portward export 1, RouterOS 7", "/ip firewall filter\nadd chain=input"]
)
def test_other_texts_are_not_ours(text: str) -> None:
    assert recognise(text) is None

import tomllib
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.policies import policies

from portward.policy.net import Knock, PortRange, Protocol
from portward.policy.policy import Expiry, Policy, Sequence, Service
from portward.policy.vpn import VpnKind
from portward.sources.policy_reader import read_policy
from portward.sources.policy_text import quote, write_policy


@settings(deadline=None)
@given(policies(), st.data())
def test_what_is_written_reads_back_as_the_same_policy_whatever_the_comments(
    policy: Policy, data: st.DataObject
) -> None:
    paths = [(), ("defaults",), ("defaults", "mode"), ("public", 0), ("sizes",)]
    for each in policy.sequences:
        paths += [
            ("sequences", each.name),
            ("sequences", each.name, "knocks"),
            ("sequences", each.name, "knocks", 0),
        ]
    comments = data.draw(st.dictionaries(st.sampled_from(paths), st.text()))
    again, found = read_policy(write_policy(policy, comments), "f")
    assert again == policy, found


def test_comments_stand_above_what_they_are_about() -> None:
    policy = Policy(
        services=(Service("ssh", (PortRange(Protocol.TCP, 22, 22),)),),
        sequences=(
            Sequence(
                "admin",
                (Knock(Protocol.TCP, 33333), Knock(Protocol.UDP, 7000, b'say "hi"')),
                (timedelta(minutes=1),),
                ("ssh",),
                timedelta(days=7),
            ),
        ),
    )
    comments = {
        (): "from article.txt",
        ("sequences", "admin"): "lines 3 to 5\nof the rules",
        ("sequences", "admin", "knocks", 1): "line 4",
        ("sequences", "admin", "open_for"): "line 5",
        ("defaults", "strict"): "RouterOS is not",
    }
    assert (
        write_policy(policy, comments)
        == """\
# from article.txt
schema = 1

[defaults]
mode = "guard"
# RouterOS is not
strict = true
penalty = "1m"

[services.ssh]
ports = ["tcp/22"]

# lines 3 to 5
# of the rules
[sequences.admin]
knocks = [
    "tcp/33333",
    # line 4
    "udp/7000=say \\"hi\\"",
]
opens = ["ssh"]
# line 5
open_for = "1w"
step_timeout = "1m"
"""
    )


def test_a_word_that_toml_cannot_hold_is_refused_and_not_shown() -> None:
    policy = Policy(
        sequences=(Sequence("a", (Knock(Protocol.UDP, 1, b"\xffhush"),), (), ("*",), timedelta(hours=1)),)
    )
    with pytest.raises(ValueError, match="is not UTF-8") as caught:
        write_policy(policy)
    assert "hush" not in str(caught.value)


@given(st.text(st.characters(codec="utf-8")))
def test_any_string_is_quoted_so_that_toml_reads_it_back(text: str) -> None:
    assert tomllib.loads(f"a = {quote(text)}")["a"] == text


@given(st.sampled_from([None, *VpnKind]), st.sampled_from(Expiry))
def test_what_a_service_is_and_what_becomes_of_it_are_written(
    kind: VpnKind | None, on_expiry: Expiry
) -> None:
    service = Service("vpn", (PortRange(Protocol.UDP, 7, 9),), kind=kind, on_expiry=on_expiry)
    read, found = read_policy(write_policy(Policy((service,))), "f")
    assert read is not None, found
    assert read.services == (service,)

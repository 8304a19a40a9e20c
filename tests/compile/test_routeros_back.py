"""The policy behind our rules on a router, from the rules alone."""

import re

import attrs
import pytest
from hypothesis import HealthCheck, assume, given, settings
from tests.policies import policies

from portward.check.rules import mistakes
from portward.compile.routeros import Target, export
from portward.compile.routeros_back import recover
from portward.compile.routeros_limits import differences
from portward.policy.notation import read_duration, read_knock, read_network, read_ports
from portward.policy.policy import EVERYTHING, Mode, Policy, Sequence, Service, Sizes
from portward.sources.routeros_rules import Script
from portward.sources.routeros_script import read_source


def sequence(name: str, *knocks: str, opens: tuple[str, ...]) -> Sequence:
    steps = tuple(read_duration(f"{place + 5}s") for place in range(len(knocks) - 1))
    return Sequence(name, tuple(map(read_knock, knocks)), steps, opens, read_duration("7d"))


GATE = Policy(
    (
        Service("ssh", (read_ports("tcp/22"),), (read_ports("tcp/12345"),)),
        Service("wireguard", (read_ports("udp/51820"), read_ports("gre"))),
    ),
    (
        sequence(
            "admin", "tcp/33333", "udp/22222=mellon", "icmp/128", "tcp/11111", opens=("ssh", "wireguard")
        ),
        sequence("b", "udp/7000", "tcp/33333", "tcp/9000", opens=(EVERYTHING,)),
    ),
    penalty=read_duration("2m"),
    public=(read_ports("tcp/80"), read_ports("icmp")),
    always=(read_network("192.0.2.0/24"), read_network("2001:db8::1")),
    interfaces=("ether1", "lte1"),
)
ELSEWHERE = "/ip firewall filter add chain=input action=drop comment=mine\n"


def script_of(policy: Policy, version: int = 7) -> Script:
    return read_source(export(policy, Target(version)).text.encode(), "gate.rsc").script


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("version", [6, 7])
def test_the_rules_alone_tell_the_policy(mode: Mode, version: int) -> None:
    """Names, order, times, words: all that rules can say."""
    policy = attrs.evolve(GATE, mode=mode)
    kept = recover(script_of(policy, version))
    assert kept is not None
    assert kept.policy == policy


def test_rules_of_others_do_not_matter() -> None:
    """They stay where they are, and are told by whoever asked."""
    text = ELSEWHERE + export(GATE, Target()).text + ELSEWHERE.replace("mine", "yours")
    script = read_source(text.encode(), "router").script
    kept = recover(script)
    assert kept is not None
    assert kept.policy == GATE
    assert len(script.rules) == len(kept.rules) + 2


def as_a_router_prints(text: str) -> str:
    """Menus, then `add` with its properties in the order of the alphabet."""
    printed = []
    for line in text.splitlines():
        menu, add, rest = line.partition(" add ")
        if add and "portward: place" not in line:
            pairs = re.findall(
                r'[a-z-]+=(?:"(?:[^"\\\\]|\\\\.)*"|[^ "(]+)', rest.partition(" place-before")[0]
            )
            printed += [menu, f"add {' '.join(sorted(pairs))}"]
    return "\n".join(printed) + "\n"


def test_the_policy_is_found_in_what_a_router_prints() -> None:
    """It sorts properties by their names, and has no comments of ours."""
    printed = as_a_router_prints(export(GATE, Target()).text)
    assert "\nadd action=" in printed
    kept = recover(read_source(printed.encode(), "router").script)
    assert kept is not None
    assert set(kept.policy.interfaces) == set(GATE.interfaces)
    assert attrs.evolve(kept.policy, interfaces=GATE.interfaces) == GATE


def test_what_no_rule_says_is_as_usual() -> None:
    """Sizes, prefixes; the penalty of a policy that is not strict."""
    policy = attrs.evolve(
        GATE, strict=False, sizes=Sizes(stages=100), grant_prefix_v6=64, penalty=read_duration("9m")
    )
    kept = recover(script_of(policy))
    assert kept is not None
    assert kept.policy == attrs.evolve(GATE, strict=False, penalty=Policy().penalty)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("tcp-flags=ack", "tcp-flags=fin"),
        ("address-list-timeout=5s", "address-list-timeout=6s"),
        (" action=drop comment=", " action=drop disabled=yes comment="),
        ("icmp-options=8:0-255 ", ""),
        ("chain=portward-judge protocol=tcp dst-port=12345", "chain=portward-judge protocol=tcp dst-port=1"),
    ],
)
def test_changed_rules_are_not_ours(before: str, after: str) -> None:
    """A rule that means something else must speak for itself."""
    text = export(GATE, Target()).text
    assert before in text
    assert recover(read_source(text.replace(before, after, 1).encode(), "x").script) is None


@pytest.mark.parametrize(
    "rules",
    [
        "",
        ELSEWHERE,
        ELSEWHERE.replace("mine", '"portward: admin: knock 1 of 3"'),
        (
            "/ip firewall filter add chain=portward-tcp-1 action=add-src-to-address-list address-list=x"
            ' address-list-timeout=1s comment="portward: a: knock 1 of 2"\n'
        ),
        (
            "/ip firewall filter add chain=portward action=accept src-address=192.0.2.1-192.0.2.4"
            ' comment="portward: always"\n'
        ),
        '/ip firewall filter add chain=portward-knocks action=accept comment="portward: public" protocol=udp-lite\n',
        '/ip firewall filter add chain=portward-knocks action=accept comment="portward: public"\n',
    ],
)
def test_rules_that_only_bear_our_name_are_not_ours(rules: str) -> None:
    assert recover(read_source(rules.encode(), "x").script) is None


def plain(service: Service) -> Service:
    """A service with its machine's addresses in one order, and without its kind, which no rule says."""
    return attrs.evolve(service, hosts=tuple(sorted(service.hosts, key=str)), kind=None)


@given(policies())
@settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
def test_any_policy_that_rules_say_whole_is_told_by_them(policy: Policy) -> None:
    """But for the order of what has none."""
    policy = attrs.evolve(policy, sizes=Sizes(), grant_prefix_v4=32, grant_prefix_v6=128)
    assume(not mistakes(policy))
    assume(all("no size" in each.message for each in differences(policy, 7)))
    kept = recover(script_of(policy))
    assert kept is not None
    assert {one.name: plain(one) for one in kept.policy.services} == {
        one.name: plain(one) for one in policy.services
    }
    assert sorted(kept.policy.sequences, key=str) == sorted(policy.sequences, key=str)
    assert (kept.policy.mode, kept.policy.strict) == (policy.mode, policy.strict)
    assert kept.policy.public == policy.public
    assert set(kept.policy.always) == set(policy.always)

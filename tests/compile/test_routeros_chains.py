"""The frame: which packets come to us at all. What the chains mean is tried in `test_routeros_meaning`."""

from ipaddress import IPv4Address

from portward.compile import routeros_names as names
from portward.compile.names import IpFamily
from portward.compile.routeros_chains import own_chains, ways_in
from portward.compile.routeros_words import spell
from portward.policy.notation import read_ports
from portward.policy.policy import Mode, Policy, Service


CAMERA = Service("camera", (read_ports("tcp/443"),), (), (IPv4Address("192.168.1.10"),))


def entrances(policy: Policy, family: IpFamily = IpFamily.V4) -> list[str]:
    return [f"{row.chain} {spell(row.asks)}".strip() for row in ways_in(policy, family)]


def test_forwarded_packets_come_to_us_only_where_a_machine_behind_is_guarded() -> None:
    """All others, and what makes them fast, stay as they were."""
    assert entrances(Policy()) == ["input"]
    assert entrances(Policy((CAMERA,))) == ["input", "forward dst-address=192.168.1.10"]
    assert entrances(Policy((CAMERA,)), IpFamily.V6) == ["input"]


def test_lockdown_of_interfaces_is_about_all_that_comes_in_by_them() -> None:
    policy = Policy(mode=Mode.LOCKDOWN, interfaces=("wan", "lte1"))
    assert entrances(policy) == [
        "input in-interface=wan",
        "input in-interface=lte1",
        "forward in-interface=wan",
        "forward in-interface=lte1",
    ]


def test_established_connections_come_first() -> None:
    for family in IpFamily:
        first = own_chains(Policy(mode=Mode.LOCKDOWN), family)[0]
        assert first.chain == names.TO_US
        assert spell((*first.asks, *first.does)) == (
            "protocol=tcp tcp-flags=ack connection-state=established,related action=accept"
        )


def test_every_jump_leads_to_a_chain_that_is_there() -> None:
    for mode in Mode:
        for interfaces in ((), ("wan",)):
            policy = Policy((CAMERA,), mode=mode, interfaces=interfaces)
            for family in IpFamily:
                rows = own_chains(policy, family)
                chains = {row.chain for row in rows}
                goals = {dict(row.does).get("jump-target") for row in (*rows, *ways_in(policy, family))} - {
                    None
                }
                assert goals <= chains
                assert chains <= goals

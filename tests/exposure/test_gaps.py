from tests.exposure.firewalls import both, host, interface, iptables, listener

from portward.exposure.facts import Facts
from portward.exposure.judge import audit
from portward.policy.notation import read_ports
from portward.policy.policy import Policy, Service


def codes(facts: Facts) -> set[str]:
    return {each.code for each in audit(facts).findings}


WEB = listener("tcp/4711", "::", "mine", both=True)


def test_closed_over_ipv4_alone_is_told() -> None:
    assert "PX207" in codes(host(WEB, rules=iptables(policy="DROP")))
    assert "PX207" not in codes(
        host(WEB, rules=both(iptables(policy="DROP"), iptables(policy="DROP", version=6)))
    )
    assert "PX207" not in codes(host(WEB))


def test_a_host_of_one_family_has_no_such_gap() -> None:
    facts = host(WEB, rules=iptables(policy="DROP"), interfaces=(interface("eth0", "198.51.100.1/24"),))
    assert "PX207" not in codes(facts)


CONTAINER = iptables(
    "-A PREROUTING -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80", table="nat"
)


def test_a_container_behind_an_engines_own_forward_rules_is_told() -> None:
    """Its packet leaves by the bridge whose network it goes to."""
    engine = iptables(
        "-A FORWARD -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT",
        "-A FORWARD -j DROP",
        policy="DROP",
    )
    bridge = interface("docker0", "172.17.0.1/16", outside=False)
    for bridges, told in (((bridge,), True), ((), False)):
        facts = host(
            rules=both(CONTAINER, engine), forwards=frozenset({4}), interfaces=(interface(), *bridges)
        )
        assert ("PX208" in codes(facts)) is told
        assert ("PX402" in codes(facts)) is not told


def test_a_container_past_closed_rules_is_told() -> None:
    closed = both(CONTAINER, iptables(policy="DROP"))
    assert "PX208" in codes(host(rules=closed, forwards=frozenset({4})))
    assert "PX208" not in codes(host(rules=CONTAINER, forwards=frozenset({4})))


def test_what_the_policy_guards_must_be_closed() -> None:
    policy = Policy((Service("mine", (read_ports("tcp/4711"),)),))
    assert "PX401" in codes(host(listener("tcp/4711"), policy=policy))
    assert "PX401" not in codes(host(listener("tcp/4711"), policy=policy, rules=iptables(policy="DROP")))


def test_what_is_not_understood_is_said() -> None:
    rules = iptables("-A INPUT -m set --match-set world src -j ACCEPT", policy="DROP")
    assert "PX402" in codes(host(listener("tcp/443"), rules=rules))

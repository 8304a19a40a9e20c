from tests.exposure.firewalls import host, listener

from portward.errors import Severity
from portward.exposure.judge import RULES, audit, below


def test_the_worst_comes_first_and_nothing_twice() -> None:
    """IPv4 and IPv6 sockets of one service give one finding."""
    found = audit(
        host(
            listener("tcp/4711", program="mine"),
            listener("tcp/23"),
            listener("tcp/23", "::"),
            listener("tcp/22"),
        )
    ).findings
    assert [each.code for each in found] == ["PX101", "PX205", "PX206"]
    assert [each.severity for each in found] == sorted(
        (each.severity for each in found), key=[Severity.ERROR, Severity.ADVICE, Severity.NOTE].index
    )


def test_a_host_that_shows_nothing_has_no_findings() -> None:
    assert audit(host()).findings == ()


def test_every_rule_has_the_sentence_that_it_keeps() -> None:
    assert all(each.__doc__ for each in RULES)


def test_every_mend_of_the_policy_is_a_policy() -> None:
    from portward.sources.policy_reader import read_policy

    found = audit(
        host(listener("tcp/23"), listener("tcp/4711"), listener("udp/53"), listener("tcp/80", "::"))
    ).findings
    policies = [remedy.text for each in found for remedy in each.remedies if remedy.kind.value == "policy"]
    assert len(policies) >= 4
    for text in policies:
        policy, mistakes = read_policy(f"schema = 1\n{text}\n", "mend.toml")
        assert policy, mistakes


def test_commands_for_a_system_that_does_not_run_name_its_root() -> None:
    done = below(audit(host(listener("tcp/23", unit="telnet.socket"))), "/mnt/old disk")
    texts = [each.text for finding in done.findings for each in finding.remedies]
    assert texts[0] == "systemctl --root='/mnt/old disk' disable telnet.socket"

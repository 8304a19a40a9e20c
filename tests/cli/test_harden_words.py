"""A plan in words: what is done, what is left, and no secret of the policy."""

from tests.exposure.mend_samples import POLICY, shown, situation, wish

from portward.cli.harden_words import as_result, clients, describe, told
from portward.exposure.mend_plan import plan
from portward.exposure.mend_situation import Situation, Unit
from portward.exposure.mends import MendPlan, Way


def host(policy: str = POLICY) -> Situation:
    """ssh, telnet in a unit, and a web server."""
    return situation(
        shown("sshd", "tcp/22", "ssh.service"),
        shown("telnetd", "tcp/23", "telnet.service"),
        shown("nginx", "tcp/80", "nginx.service"),
        units=(Unit("telnet.service", "enabled"),),
        policy=policy,
    )


def test_a_plan_is_told_whole() -> None:
    text = describe(plan(host(), wish()), host().policy)
    assert text == (
        "guard ssh tcp/22 (PX201)\n"
        "    the policy guards it as ssh\n"
        "disable telnet tcp/23 (PX201)\n"
        "    systemctl disable --now telnet.service\n"
        "write /etc/portward/policy.toml, then apply it:\n"
        '    -opens = ["web"]\n'
        '    +opens = ["web", "ssh"]\n'
        "    +\n"
        "    +[services.ssh]\n"
        '    +ports = ["tcp/22"]\n'
        "left as it is:\n"
        "  http tcp/80: it may be meant for everybody; to close it: portward harden http --by guard\n"
        "      serve https, and on this port only a redirect to it"
    )


def test_the_knocks_of_a_first_policy_are_not_shown() -> None:
    made = plan(host(""), wish())
    assert "knocks = " in made.policy[0].text
    text = describe(made, host("").policy) + str(as_result(made, host("").policy))
    assert "tcp/100" not in text
    assert "portward invite" in text


def test_clients_are_told_what_to_write() -> None:
    made = plan(host(), wish("ssh", by=Way.PUBLISH))
    assert clients(made)[1:] == ["  Host gate", "      Port 10001"]
    assert told(made) == ("publish ssh tcp/22 to tcp/10001 (PX201)",)
    assert clients(MendPlan()) == []


def test_nothing_to_mend_is_told() -> None:
    assert describe(MendPlan(), host().policy).startswith("nothing to mend")


def test_programs_are_told_the_same() -> None:
    result = as_result(plan(host(), wish()), host().policy)
    assert result["policy"] == [{"file": "/etc/portward/policy.toml", "new": False}]
    assert result["touches_session"] is False
    assert [each["service"] for each in result["left"]] == ["http"]  # type: ignore[attr-defined]

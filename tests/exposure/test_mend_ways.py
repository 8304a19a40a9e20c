"""The four ways, and when each is closed."""

import pytest
from tests.exposure.mend_samples import PATH, POLICY, shown, situation, wish

from portward.errors import UsageError
from portward.exposure.mend_plan import plan
from portward.exposure.mend_situation import Session, Situation, Unit
from portward.exposure.mends import Hup, Left, Mend, Renew, Way


SSH = shown("sshd", "tcp/22", "ssh.service")
SSHD = {"/etc/ssh/sshd_config": "Include /etc/ssh/sshd_config.d/*.conf\nPort 22\n"}
SERVICE = Unit("ssh.service", "enabled", active=True)
INETD = "telnet stream tcp nowait root /t t\nlogin stream tcp nowait root /l l\n"


def one(host: Situation, word: str, by: Way) -> Mend:
    """The one mend of a service."""
    made = plan(host, wish(word, by=by))
    assert made.left == ()
    return made.mends[0]


def left(host: Situation, word: str, by: Way) -> Left:
    """Why a service stays."""
    made = plan(host, wish(word, by=by))
    assert made.mends == ()
    return made.left[0]


def test_a_socket_goes_off_before_the_service_that_it_starts() -> None:
    units = (
        Unit("a.service", "enabled", others=("a.socket",)),
        Unit("a.socket", "enabled", others=("a.service",)),
    )
    assert one(situation(shown("x", "tcp/99", "a.service"), units=units), "x", Way.DISABLE).units == (
        "a.socket",
        "a.service",
    )


def test_what_others_start_is_masked_as_well() -> None:
    mend = one(
        situation(shown("x", "tcp/99", "a.service"), units=(Unit("a.service", "static"),)), "x", Way.DISABLE
    )
    assert mend.mask == ("a.service",)


def test_a_unit_that_runs_something_else_too_is_not_switched_off_with_it() -> None:
    host = situation(
        shown("x", "tcp/99", "a.service"), shown("y", "tcp/98", "a.service"), units=(Unit("a.service"),)
    )
    assert "runs y as well" in left(host, "x", Way.DISABLE).reason


@pytest.mark.parametrize("session", [Session(22), Session(0, frozenset({"ssh.service"}))])
def test_what_the_session_came_by_is_never_switched_off(session: Session) -> None:
    host = situation(SSH, units=(SERVICE,), session=session)
    assert "this very session" in left(host, "ssh", Way.DISABLE).reason
    with pytest.raises(UsageError, match="this very session"):
        plan(host, wish("ssh.service"))


def test_of_inetd_the_lines_go_one_by_one() -> None:
    host = situation(
        shown("inetd", "tcp/23", "inetd.service"),
        shown("inetd", "tcp/513", "inetd.service"),
        units=(Unit("inetd.service", "enabled"),),
        files={"/etc/inetd.conf": INETD},
    )
    first, second = plan(host, wish(by=Way.DISABLE)).mends
    assert first.renew == (Renew("inetd.service", "restart"),)
    assert first.files[0].text.count("#<off># ") == 1
    assert second.files[0].text.count("#<off># ") == 2, "the second builds on the first"


def test_without_systemd_a_process_is_told_to_read_again() -> None:
    host = situation(shown("inetd", "tcp/23"), files={"/etc/inetd.conf": INETD})
    assert one(host, "telnet", Way.DISABLE).hup == (Hup(7, "inetd"),)


def test_published_is_another_port_that_nothing_uses() -> None:
    host = situation(SSH, shown("x", "tcp/10001"), sound=("tcp/10001",))
    made = plan(host, wish("ssh", by=Way.PUBLISH))
    assert made.mends[0].outside[0].first == 10002
    assert made.mends[0].clients == ("Host gate", "    Port 10002")
    assert 'ports = ["tcp/22"]\npublished = ["tcp/10002"]' in made.policy[0].text


def test_what_is_published_already_stays() -> None:
    policy = POLICY + '[services.ssh]\nports = ["tcp/22"]\npublished = ["tcp/41022"]\n'
    host = situation(SSH, policy=policy.replace('["web"]', '"*"'))
    assert "published on another port already" in left(host, "ssh", Way.PUBLISH).reason


def test_what_is_guarded_already_stays() -> None:
    host = situation(shown("sshd", "tcp/22", reached=False, doors=("ssh",)))
    assert left(host, "ssh", Way.GUARD).reason == "it is guarded already"


def test_sshd_moves_by_its_configuration() -> None:
    mend = one(situation(SSH, units=(SERVICE,), files=SSHD), "ssh", Way.MOVE)
    assert mend.test_sshd == ((22, 10001), (10001,))
    assert mend.renew == (Renew("ssh.service"),)
    assert [put.text.count("\nPort ") for put in mend.files] == [0, 2]
    assert [put.text.count("\nPort ") for put in mend.kept] == [0, 1]


def test_sshd_behind_a_socket_unit_moves_by_that() -> None:
    units = (
        Unit("ssh.service", "disabled", others=("ssh.socket",)),
        Unit("ssh.socket", "enabled", active=True, others=("ssh.service",)),
    )
    mend = one(situation(shown("systemd", "tcp/22", "ssh.socket"), units=units, files=SSHD), "ssh", Way.MOVE)
    assert mend.renew == (Renew("ssh.service", "stop"), Renew("ssh.socket", "restart"))
    assert "ListenStream=22\nListenStream=10001\n" in mend.files[0].text
    assert "ListenStream=22\n" not in mend.kept[0].text


def test_where_the_policy_guards_the_old_port_it_guards_the_new_one() -> None:
    policy = POLICY.replace('["web"]', '"*"') + '[services.ssh]\nports = ["tcp/22"]\n'
    made = plan(situation(SSH, units=(SERVICE,), files=SSHD, policy=policy), wish("ssh", by=Way.MOVE))
    assert 'ports = ["tcp/22", "tcp/10001"]' in made.policy[0].text


def test_the_session_must_be_confirmed_by_the_new_port() -> None:
    made = plan(
        situation(SSH, units=(SERVICE,), files=SSHD, session=Session(22, welcome=True)),
        wish("ssh", by=Way.MOVE),
    )
    assert made.session
    assert made.new_port == 10001


def test_nothing_but_sshd_is_moved() -> None:
    told = left(situation(shown("nginx", "tcp/80", "nginx.service")), "http", Way.MOVE)
    assert "no other service" in told.reason
    assert told.advice


def test_a_host_without_a_policy_gets_one_with_random_knocks() -> None:
    (put,) = plan(situation(SSH, policy=""), wish("ssh")).policy
    assert put.path == PATH
    assert put.text.count("/100") == 4, "four knocks"
    assert '[services.ssh]\nports = ["tcp/22"]\n' in put.text

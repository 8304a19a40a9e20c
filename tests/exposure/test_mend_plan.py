"""Which services are mended, and which way fits each."""

import pytest
from tests.exposure.mend_samples import shown, situation, wish

from portward.errors import UsageError
from portward.exposure.mend_plan import plan
from portward.exposure.mend_situation import Session, Unit
from portward.exposure.mends import Way


TELNET = shown("telnetd", "tcp/23", "telnet.service")
REDIS = shown("redis-server", "tcp/6379", "redis-server.service")
WEB = shown("nginx", "tcp/80", "nginx.service")
SSH = shown("sshd", "tcp/22", "ssh.service")
UNITS = tuple(
    Unit(f"{name}.service", "enabled", active=True) for name in ("telnet", "redis-server", "nginx", "ssh")
)


def test_what_nobody_needs_is_switched_off_and_the_rest_guarded() -> None:
    made = plan(situation(TELNET, REDIS, SSH, units=UNITS), wish())
    assert [(each.name, each.way) for each in made.mends] == [
        ("telnet", Way.DISABLE),
        ("redis", Way.GUARD),
        ("ssh", Way.GUARD),
    ]
    assert made.mends[0].units == ("telnet.service",)


def test_what_may_be_meant_for_everybody_is_left_until_it_is_named() -> None:
    made = plan(situation(WEB, units=UNITS), wish())
    assert made.mends == ()
    assert "meant for everybody" in made.left[0].reason
    assert plan(situation(WEB, units=UNITS), wish("http")).mends[0].way is Way.GUARD


def test_what_cannot_be_switched_off_is_guarded() -> None:
    assert plan(situation(TELNET), wish()).mends[0].way is Way.GUARD


def test_a_way_that_is_wished_is_the_only_one() -> None:
    made = plan(situation(TELNET), wish("telnet", by=Way.DISABLE))
    assert made.mends == ()
    assert "no unit" in made.left[0].reason


def test_what_audit_does_not_complain_of_is_left_unless_named() -> None:
    assert plan(situation(REDIS, sound=("tcp/6379",)), wish()).mends == ()
    assert plan(situation(REDIS, sound=("tcp/6379",)), wish("redis")).mends


@pytest.mark.parametrize("word", ["redis", "tcp/6379", "redis-server", "PX201"])
def test_a_service_is_named_by_name_port_unit_or_code(word: str) -> None:
    assert [each.name for each in plan(situation(REDIS), wish(word)).mends] == ["redis"]


def test_what_is_spared_is_not_touched() -> None:
    assert [each.name for each in plan(situation(REDIS, SSH), wish(spared=("tcp/22",))).mends] == ["redis"]


def test_a_name_that_means_nothing_is_refused_with_what_there_is() -> None:
    with pytest.raises(UsageError, match=r"'rediss'; there is: redis \(tcp/6379\)"):
        plan(situation(REDIS), wish("rediss"))


def test_a_unit_is_switched_off_though_it_listens_to_nobody() -> None:
    made = plan(situation(REDIS, units=(*UNITS, Unit("cups.socket", "enabled"))), wish("cups.socket"))
    assert [(each.name, each.units) for each in made.mends] == [("cups.socket", ("cups.socket",))]
    with pytest.raises(UsageError, match="no unit"):
        plan(situation(REDIS, units=UNITS), wish("cups.socket"))


def test_a_container_is_advised_only_unless_a_guard_is_wished() -> None:
    container = situation(shown("", "tcp/6379", contained=True))
    made = plan(container, wish())
    assert made.mends == ()
    assert "127.0.0.1" in made.left[0].advice
    assert plan(container, wish("redis", by=Way.PUBLISH)).mends == ()
    assert [each.way for each in plan(container, wish("redis", by=Way.GUARD)).mends] == [Way.GUARD]


@pytest.mark.parametrize("by", [Way.GUARD, Way.PUBLISH])
def test_a_change_to_what_the_session_came_by_is_noted(by: Way) -> None:
    assert plan(situation(SSH, units=UNITS, session=Session(22)), wish("ssh", by=by)).session
    assert not plan(situation(SSH, units=UNITS, session=Session(2222)), wish("ssh", by=by)).session
    assert not plan(
        situation(SSH, units=UNITS, session=Session(22, welcome=True)), wish("ssh", by=by)
    ).session


def test_several_services_are_guarded_in_one_text() -> None:
    (put,) = plan(situation(REDIS, SSH), wish()).policy
    assert put.text.count("[services.") == 3
    assert 'opens = ["web", "redis", "ssh"]' in put.text
    assert put.mode == 0o600

"""Listeners are put together by service and unit; what nobody else reaches is left out."""

from tests.exposure.mend_samples import shown, situation

from portward.exposure.mend_situation import exposed
from portward.policy.notation import write_ports


def test_listeners_of_one_service_are_one() -> None:
    host = situation(shown("sshd", "tcp/22", "ssh.service"), shown("sshd", "tcp/2222", "ssh.service"))
    (ssh,) = exposed(host.audit)
    assert list(map(write_ports, ssh.ports)) == ["tcp/22", "tcp/2222"]
    assert ssh.codes == ("PX201",)


def test_one_service_of_two_units_is_two() -> None:
    host = situation(
        shown("redis-server", "tcp/6379", "a.service"), shown("redis-server", "tcp/6380", "b.service")
    )
    assert [each.units for each in exposed(host.audit)] == [("a.service",), ("b.service",)]


def test_what_nobody_reaches_is_left_out_but_what_a_door_guards_is_there() -> None:
    closed = shown("sshd", "tcp/22", reached=False)
    guarded = shown("redis-server", "tcp/6379", reached=False, doors=("redis",))
    (one,) = exposed(situation(closed, guarded).audit)
    assert one.name == "redis"
    assert one.guarded


def test_what_systemd_holds_is_called_by_its_unit() -> None:
    (one,) = exposed(situation(shown("systemd", "tcp/2323", "own.socket")).audit)
    assert one.name == "own"
    assert one.meant("own.socket")

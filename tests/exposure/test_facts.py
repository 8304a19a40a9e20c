from tests.exposure.firewalls import host, listener

from portward.exposure.facts import Answered
from portward.policy.net import Protocol


def test_a_socket_on_both_is_reached_by_both() -> None:
    assert listener("tcp/22", "::", both=True).families == (4, 6)
    assert listener("tcp/22", "::").families == (6,)
    assert listener("tcp/22").families == (4,)


def test_what_a_service_said_belongs_to_its_port() -> None:
    facts = host(answers=(Answered(Protocol.TCP, 80, "HTTP/1.1 200 OK"),))
    assert facts.answer(listener("tcp/80")) == "HTTP/1.1 200 OK"
    assert facts.answer(listener("udp/80")) == ""

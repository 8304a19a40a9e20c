import pytest

from portward.policy.net import PortRange, Protocol
from portward.policy.notation import write_ports
from portward.sources.knockd_effect import Effect, read_host, read_port_list, read_protocols, read_visitor


SSH = (PortRange(Protocol.TCP, 22, 22),)


def ports(text: str, *protocols: Protocol, dash: str = "-") -> list[str]:
    """Read a list of ports."""
    return [write_ports(each) for each in read_port_list(text, protocols, dash)]


def test_an_effect_undoes_one_of_the_same_target() -> None:
    """Whatever else they say."""
    opening = Effect(opens=True, ports=SSH, to_all=True)
    assert Effect(opens=False, ports=SSH, families=frozenset((4,))).undoes(opening)
    assert not Effect(opens=False, ports=SSH, behind="x").undoes(opening)
    assert not Effect(opens=True, ports=SSH).undoes(opening)


def test_every_port_of_another_machine_is_no_effect() -> None:
    """No service is that."""
    with pytest.raises(ValueError, match="every port of"):
        Effect(opens=True, host=read_host("192.0.2.9"))


def test_the_visitor() -> None:
    """%IP%, whole or the network around it."""
    assert [read_visitor(text) for text in ("%IP%", "%IP%/32", "%IP%/128", "%IP%/24")] == [
        None,
        None,
        None,
        24,
    ]


@pytest.mark.parametrize("text", ["10.0.0.1", "%IP%x", "%IP%/33x", "%IP%/0", ""])
def test_somebody_else(text: str) -> None:
    """Anything else is not the visitor."""
    with pytest.raises(ValueError, match=r"visitor|prefix"):
        read_visitor(text)


def test_lists_of_ports() -> None:
    """Numbers, ranges and names; without a protocol, what the name means or both."""
    assert ports("22,8000:8010", Protocol.TCP, dash=":") == ["tcp/22", "tcp/8000-8010"]
    assert ports("ssh,53,domain") == ["tcp/22", "tcp/53", "udp/53"]
    assert ports("https", Protocol.UDP) == ["udp/443"]


@pytest.mark.parametrize("text", ["", "0", "65536", "22-", "9-8", "sshd", "٢٢", "99999999999999"])
def test_no_ports(text: str) -> None:
    """What is no port is told."""
    with pytest.raises(ValueError, match=r"."):
        ports(text, Protocol.TCP)


def test_protocols() -> None:
    """By name or number; none for all of them."""
    assert [read_protocols(text) for text in ("TCP", "17", "all", "ipv6-icmp")] == [
        (Protocol.TCP,),
        (Protocol.UDP,),
        (),
        (Protocol.ICMP,),
    ]
    with pytest.raises(ValueError, match="'dccp' is not understood"):
        read_protocols("dccp")


def test_a_host_is_one_machine() -> None:
    """No network, no name, and not this machine itself."""
    assert str(read_host("192.168.1.5/32")) == "192.168.1.5"
    for text in ("192.168.1.0/24", "camera", "127.0.0.1", "224.0.0.1"):
        with pytest.raises(ValueError, match=r"."):
            read_host(text)

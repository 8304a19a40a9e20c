import pytest

from portward.exposure.passage import Answer
from portward.exposure.router import read_router
from portward.exposure.router_filter import reached
from portward.policy.net import Protocol


def fate(*rules: str, before: str = "") -> Answer:
    text = before + "".join(f"/ip firewall filter add chain=input {each}\n" for each in rules)
    return reached(read_router(text.encode(), "r.rsc").rules, Protocol.TCP, 8291)


LISTS = "/interface list member add list=WAN interface=ether1\n"


@pytest.mark.parametrize(
    ("rules", "answer"),
    [
        ((), Answer.OPEN),
        (("action=drop",), Answer.CLOSED),
        (("action=drop disabled=yes",), Answer.OPEN),
        (("action=accept connection-state=established,related", "action=drop"), Answer.CLOSED),
        (("action=accept protocol=tcp dst-port=8291", "action=drop"), Answer.OPEN),
        (
            ("action=accept protocol=tcp dst-port=8291 src-address=192.168.0.0/16", "action=drop"),
            Answer.CLOSED,
        ),
        (("action=accept src-address-list=trusted", "action=drop"), Answer.CLOSED),
        (("action=drop in-interface-list=!LAN",), Answer.CLOSED),
        (("action=drop in-interface-list=WAN",), Answer.CLOSED),
        (("action=drop in-interface=ether1",), Answer.UNSURE),
        (("action=drop in-interface=!bridge",), Answer.CLOSED),
        (("action=add-src-to-address-list address-list=seen", "action=drop"), Answer.CLOSED),
        (("action=reject",), Answer.CLOSED),
        (("action=tarpit protocol=tcp",), Answer.CLOSED),
    ],
)
def test_a_strangers_packet_is_walked_through_the_input_chain(rules: tuple[str, ...], answer: Answer) -> None:
    assert fate(*rules) is answer


def test_the_list_wan_tells_which_interface_leads_outside() -> None:
    assert fate("action=drop in-interface=ether1", before=LISTS) is Answer.CLOSED
    assert fate("action=drop in-interface=ether2", before=LISTS) is Answer.OPEN


def test_a_jump_comes_back() -> None:
    rules = "/ip firewall filter add chain=own action=return\n"
    assert fate("action=jump jump-target=own", "action=drop", before=rules) is Answer.CLOSED


def test_raw_comes_before() -> None:
    assert (
        fate(before="/ip firewall raw add chain=prerouting action=drop protocol=tcp dst-port=8291\n")
        is Answer.CLOSED
    )

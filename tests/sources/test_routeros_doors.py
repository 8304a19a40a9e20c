import pytest
from tests.sources.routeros_texts import script

from portward.policy.net import PortRange, Protocol
from portward.policy.notation import write_ports
from portward.sources import routeros_doors as doors
from portward.sources.routeros_paths import Meeting, meetings
from portward.sources.routeros_rules import Family


def met(properties: str, menu: str = "/ip firewall filter", chain: str = "input") -> Meeting:
    (meeting,) = meetings(script(f"{menu} add chain={chain} {properties}\n"), Family.V4)
    return meeting


@pytest.mark.parametrize(
    ("properties", "services"),
    [
        ("src-address-list=in", "*"),
        ("src-address-list=in in-interface-list=WAN connection-state=new", "*"),
        ("src-address-list=in protocol=tcp dst-port=22,8000-8010", "ssh=tcp/22 tcp-8000-8010=tcp/8000-8010"),
        ("src-address-list=in protocol=udp dst-port=51820", "wireguard=udp/51820"),
        ("src-address-list=in protocol=gre", "gre=gre"),
        ("src-address-list=in protocol=tcp", "it opens every port of tcp"),
        ("src-address-list=in src-address=192.0.2.0/24", "it opens only to some addresses of the list"),
        ("src-address-list=in limit=1,1", "it opens only under conditions that a policy does not have"),
    ],
)
def test_what_an_accepting_rule_opens(properties: str, services: str) -> None:
    """Everything, services by their usual names, or why a policy cannot say it."""
    opened = doors.opening(met(properties))
    spelled = " ".join(f"{each.name}={write_ports(each.ports[0])}" for each in opened.services)
    assert ("*" if opened.everything else spelled or opened.why_not) == services


def test_translated_port_is_a_published_service_of_a_host() -> None:
    """Of its own when it is redirected."""
    rule = met(
        "action=dst-nat src-address-list=in protocol=tcp dst-port=2222 to-addresses=192.0.2.9 to-ports=22",
        "/ip firewall nat",
        "dstnat",
    )
    (service,) = doors.opening(rule).services
    assert [str(each) for each in service.hosts] == ["192.0.2.9"]
    assert (service.ports, service.published) == (
        (PortRange(Protocol.TCP, 22, 22),),
        (PortRange(Protocol.TCP, 2222, 2222),),
    )
    here = met(
        "action=redirect src-address-list=in protocol=tcp dst-port=2222 to-ports=22",
        "/ip firewall nat",
        "dstnat",
    )
    assert doors.opening(here).services[0].hosts == ()


@pytest.mark.parametrize(
    ("properties", "whole"),
    [
        ("action=drop", True),
        ("action=reject in-interface-list=!LAN", True),
        ("action=drop connection-state=new", True),
        ("action=drop src-address-list=!in", True),
        ("action=drop connection-state=invalid", False),
        ("action=drop protocol=tcp dst-port=22", False),
        ("action=drop src-address-list=bad", False),
        ("action=drop disabled=no limit=1,1", False),
        ("action=accept", False),
    ],
)
def test_drop_that_shuts_everything(properties: str, whole: bool) -> None:  # noqa: FBT001 - a parameter
    """Whatever the interface; not a drop of something."""
    assert doors.drops_everything(met(properties)) is whole


def test_trusted_networks() -> None:
    """Of a rule with addresses and nothing else."""
    assert [str(each) for each in doors.trusted(met("src-address=192.0.2.0/25"), {})] == ["192.0.2.0/25"]
    assert (
        doors.trusted(met("src-address=192.0.2.0/25 in-interface=e"), {})
        == "it lets addresses in by one interface only"
    )


def test_names_are_made_of_any_text() -> None:
    """As a policy spells them."""
    assert doors.slug("Port Knock: OK!", "x") == "port-knock-ok"
    assert doors.slug("888", "sequence") == "sequence"
    assert len(doors.slug("a" * 99, "x")) == 28

from portward.errors import Severity
from portward.exposure.finding import Finding
from portward.exposure.router import audit_script


DROP = "/ip firewall filter add chain=input action=drop\n"
KNOCK = "/ip firewall filter add chain=input action=accept src-address-list=trusted\n"


def found(text: str, code: str) -> list[Finding]:
    return [each for each in audit_script(text.encode(), "r.rsc")[0] if each.code == code]


def test_a_service_in_clear_text_is_worse_where_strangers_reach_it() -> None:
    telnet = "/ip service set telnet disabled=no\n"
    assert [each.severity for each in found(telnet + KNOCK, "PX501")] == [Severity.ERROR]
    assert [each.severity for each in found(telnet + DROP, "PX501")] == [Severity.ADVICE]
    assert found("/ip service set telnet disabled=yes\n" + KNOCK, "PX501") == []


def test_an_address_list_of_the_service_closes_it_too() -> None:
    winbox = "/ip service set winbox disabled=no"
    assert [each.subject for each in found(f"{winbox}\n{KNOCK}", "PX502")] == ["/ip service winbox"]
    assert found(f"{winbox} address=192.168.88.0/24\n{KNOCK}", "PX502") == []
    assert found(f"{winbox} address=0.0.0.0/0\n{KNOCK}", "PX502") != []


def test_a_moved_service_is_looked_for_where_it_is() -> None:
    rules = "/ip firewall filter add chain=input action=drop protocol=tcp dst-port=22\n"
    assert found(f"/ip service set ssh disabled=no port=2222\n{rules}", "PX502") != []
    assert found(f"/ip service set ssh disabled=no\n{rules}", "PX502") == []


def test_a_resolver_for_everybody() -> None:
    dns = "/ip dns set allow-remote-requests=yes\n"
    assert found(dns + KNOCK, "PX507") != []
    assert found(dns + DROP, "PX507") == []
    assert found(dns, "PX507") == []


def test_knocking_without_a_drop_opens_nothing() -> None:
    (finding,) = found(KNOCK, "PX511")
    assert finding.remedies[0].text.startswith("/ip firewall filter add chain=input action=drop")
    assert found(KNOCK + DROP, "PX511") == []


def test_a_drop_by_a_list_that_is_not_there_makes_the_list_first() -> None:
    whole = "# 2026-01-02 03:04:05 by RouterOS 7.16.2\n/interface bridge add name=bridge\n"
    (finding,) = found(whole, "PX511")
    assert finding.remedies[0].text.startswith("/interface list add name=WAN\n")
    (finding,) = found(f"{whole}/interface list add name=WAN\n", "PX511")
    assert finding.remedies[0].text.startswith("/ip firewall filter add")
    (finding,) = found(KNOCK, "PX511")
    assert finding.remedies[0].text.startswith("/ip firewall filter add")


def test_ipv6_that_is_switched_off_leaves_nothing_open() -> None:
    rules = "/ipv6 firewall filter add chain=input action=accept src-address-list=trusted\n"
    assert [each.subject for each in found(rules, "PX511")] == ["/ipv6 firewall filter"]
    assert found(f"{rules}/ipv6 settings set disable-ipv6=yes\n", "PX511") == []

import pytest

from portward.exposure.router import audit_script


WHOLE = "# 2026-01-02 03:04:05 by RouterOS 7.16.2\n/interface bridge add name=bridge\n"
SAFE = """/ip firewall filter add chain=input action=drop
/tool mac-server set allowed-interface-list=none
/tool mac-server mac-winbox set allowed-interface-list=none
/ip neighbor discovery-settings set discover-interface-list=LAN
/tool bandwidth-server set enabled=no
/ip ssh set strong-crypto=yes
/ip service set telnet disabled=yes
/ip service set ftp disabled=yes
/ip service set www disabled=yes
/ip service set api disabled=yes
"""


def codes(text: str) -> set[str]:
    return {each.code for each in audit_script(text.encode(), "r.rsc")[0]}


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("/tool mac-server set allowed-interface-list=all", "PX503"),
        ("/tool mac-server mac-winbox set allowed-interface-list=all", "PX503"),
        ("/ip neighbor discovery-settings set discover-interface-list=all", "PX504"),
        ("/ip proxy set enabled=yes", "PX505"),
        ("/ip socks set enabled=yes", "PX505"),
        ("/tool bandwidth-server set enabled=yes", "PX506"),
        ("/ip cloud set ddns-enabled=yes", "PX508"),
        ("/ip ssh set strong-crypto=no", "PX509"),
        ("/user set admin group=full", "PX510"),
        ("/user add name=admin group=full", "PX510"),
        ("/ip upnp set enabled=yes", "PX512"),
        ("/snmp set enabled=yes", "PX512"),
    ],
)
def test_what_a_script_switches_on_is_told(line: str, code: str) -> None:
    assert codes(line) == {code}


def test_a_whole_export_without_a_mention_has_the_defaults() -> None:
    found = codes(f"{WHOLE}/ip firewall filter add chain=input action=drop\n")
    assert found == {"PX501", "PX503", "PX504", "PX506", "PX509"}


def test_a_router_that_is_set_well_has_no_findings() -> None:
    assert codes(WHOLE + SAFE) == set()


def test_a_default_user_that_is_gone_is_not_told() -> None:
    assert codes("/user add name=jo group=full\n/user disable admin\n") == set()
    assert codes("/user set admin name=jo\n") == set()


def test_a_community_with_another_name_is_not_told() -> None:
    snmp = "/snmp set enabled=yes\n"
    assert codes(f"{snmp}/snmp community set [find default=yes] name=k3y\n") == set()
    assert codes(f"{snmp}/snmp community add name=k3y\n") == {"PX512"}

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from portward.errors import Severity
from portward.exposure.router_live import Printed, Row, audit_printed, lists_asked


DROP: Row = {
    ".id": "*1",
    "chain": "input",
    "action": "drop",
    "bytes": "5",
    "disabled": "false",
    "dynamic": "false",
}
FILTER, FILTER6 = "/ip/firewall/filter", "/ipv6/firewall/filter"


Rows = Mapping[str, tuple[Row, ...]]


def told(rows: Rows, entries: Rows | None = None) -> list[tuple[str, str]]:
    return [(each.code, each.subject) for each in audit_printed(Printed(rows, entries or {}), "edge")[0]]


def service(name: str, **more: str) -> Row:
    return {".id": "*2", "name": name, "port": "23", "disabled": "false", **more}


def test_nothing_is_taken_from_defaults() -> None:
    assert told({}) == []


def test_a_menu_without_rules_closes_nothing() -> None:
    assert told({FILTER: ()}) == [("PX511", "/ip firewall filter")]
    assert told({FILTER: (DROP,)}) == []
    assert told({FILTER: ({**DROP, "disabled": "true"},)}) == [("PX511", "/ip firewall filter")]
    assert told({FILTER: ({**DROP, "invalid": "true"},)}) == [("PX511", "/ip firewall filter")]


def test_ipv6_counts_where_strangers_could_come_by_it() -> None:
    reached = {FILTER6: (), "/ipv6/address": ({"address": "2001:db8::1/64"},)}
    assert told(reached) == [("PX511", "/ipv6 firewall filter")]
    assert told({FILTER6: (), "/ipv6/address": ({"address": "fe80::1/64", "dynamic": "true"},)}) == []
    assert told({**reached, "/ipv6/settings": ({"disable-ipv6": "true"},)}) == []


def test_the_service_that_shows_and_not_the_connections_in_its_menu() -> None:
    findings, _ = audit_printed(Printed({"/ip/service": (service("telnet"),), FILTER: (DROP,)}), "edge")
    assert [(each.code, each.severity, each.span) for each in findings] == [("PX501", Severity.ADVICE, None)]
    assert findings[0].message == "the service telnet is on, in clear text, and closed to strangers"
    assert findings[0].remedies[0].text == "/ip service set telnet disabled=yes"
    assert told({"/ip/service": (service("telnet", dynamic="true"), service("ftp", disabled="true"))}) == []


def test_a_service_for_some_networks_is_closed_to_strangers_by_either_name() -> None:
    for name in ("address", "available-from"):
        rows = {FILTER: (), "/ip/service": (service("winbox", **{name: "192.168.88.0/24"}),)}
        assert told(rows) == [("PX511", "/ip firewall filter")]


def test_the_entries_of_the_lists_that_rules_ask_for_are_counted() -> None:
    rows: dict[str, tuple[Row, ...]] = {
        FILTER: ({"chain": "input", "action": "accept", "src-address-list": "!bad"}, DROP),
        "/ipv6/firewall/raw": ({"chain": "prerouting", "dst-address-list": "x y"},),
    }
    assert lists_asked(rows) == (("ip", "bad"), ("ipv6", "x y"))
    everybody: Row = {"list": "bad", "address": "0.0.0.0/0", "disabled": "false"}
    assert told(rows) == [("PX511", "/ip firewall filter")]
    assert told(rows, entries={"ip": (everybody,)}) == []


def test_only_the_community_that_everybody_knows_is_told() -> None:
    snmp: dict[str, tuple[Row, ...]] = {"/snmp": ({"enabled": "true"},)}
    assert told({**snmp, "/snmp/community": ({"name": "k3y"}, {"name": "public"})}) == [("PX512", "/snmp")]
    assert told({**snmp, "/snmp/community": ({"name": "k3y"}, {"name": "public", "disabled": "true"})}) == []
    assert told(snmp) == []


def test_the_default_user_counts_unless_disabled() -> None:
    assert told({"/user": ({"name": "admin", "group": "full", "disabled": "false"},)}) == [
        ("PX510", "/user admin")
    ]
    assert told({"/user": ({"name": "admin", "disabled": "true"}, {"name": "jo"})}) == []


def test_what_is_not_shown_or_not_understood_is_said() -> None:
    rows: dict[str, tuple[Row, ...]] = {FILTER: (DROP, {"chain": "input", "phase-of-moon": "full"})}
    _, remarks = audit_printed(Printed(rows, refused={"/user": "not enough permissions (9)"}), "edge")
    assert remarks == (
        "/user: not enough permissions (9)",
        "1 rows that decide about packets cannot be read (/ip firewall filter 1)",
    )


@given(
    st.dictionaries(
        st.sampled_from(
            [FILTER, FILTER6, "/ip/service", "/user", "/ip/dns", "/interface/list", "/snmp/community"]
        ),
        st.lists(
            st.dictionaries(st.sampled_from(["chain", "name", "disabled", "x"]) | st.text(), st.text()),
            max_size=3,
        ),
    )
)
def test_any_rows_are_read_without_an_error(rows: dict[str, list[dict[str, str]]]) -> None:
    audit_printed(Printed({menu: tuple(found) for menu, found in rows.items()}), "edge")

"""The reference page of matchers and actions: how exactly each is run, with an example that tests run.

One row for each property that a rule compares packets with and for each action. The page docs/routeros-matchers.md is
made from the rows; nothing is compiled here.
"""

import enum
from collections.abc import Iterator

import attrs

from portward.sources.rsc_menu import MATCHERS


class Level(enum.StrEnum):
    """How well the kernel's ruleset does what a router does."""

    EXACT = "exact"
    APPROXIMATED = "approximated"
    """It is run, and something that is named differs."""
    REFUSED = "refused"
    """An error; with `--allow-weaker` the rule is left out."""


@attrs.frozen
class Row:
    """One matcher or action.

    Attributes:
        name: the property, or `action=` and the action.
        level: see there.
        differs: what differs, or why it is refused; empty for what is exact without more to say.
        example: the rest of a rule behind `add chain=input`.
        before: lines of the script in front of that rule, whole.
        menu: where the rule stands.
        after: lines behind it.
    """

    name: str
    level: Level
    differs: str
    example: str
    before: str = ""
    menu: str = "/ip firewall filter"
    after: str = ""

    @property
    def script(self) -> str:
        """The whole minimal script."""
        before = f"{self.before}\n" if self.before else ""
        chain = {"raw": "prerouting", "nat": "srcnat"}.get(self.menu.split()[-1], "input")
        return f"{before}{self.menu}\nadd chain={chain} {self.example}\n{self.after}\n"


EXACT, APPROXIMATED, REFUSED = Level
DROP = "add chain=input action=drop"
UNTRACKED = "/ip firewall filter add chain=input connection-state=untracked action=drop"

MATCHER_ROWS = (
    Row("protocol", EXACT, "", "protocol=udp action=drop"),
    Row("dst-port", EXACT, "", "protocol=tcp dst-port=!22,8000-8010 action=drop"),
    Row("src-port", EXACT, "", "protocol=udp src-port=1000-1999 action=drop"),
    Row("port", EXACT, "either side; negated: neither", "protocol=tcp port=4444 action=drop"),
    Row("packet-size", EXACT, "the whole IP packet", "protocol=icmp packet-size=128 action=drop"),
    Row("icmp-options", EXACT, "", "protocol=icmp icmp-options=!8:0 action=drop"),
    Row("connection-state", EXACT, "", "connection-state=invalid,related action=drop"),
    Row(
        "connection-nat-state",
        EXACT,
        "`ein-snat` and `ein-dnat` are refused",
        "connection-nat-state=!dstnat protocol=udp action=drop",
    ),
    Row("connection-limit", EXACT, "", "protocol=tcp connection-limit=1,32 action=drop"),
    Row(
        "in-interface",
        EXACT,
        "give `--interface` where it is called otherwise here",
        "in-interface=eth0 action=drop",
    ),
    Row(
        "in-interface-list",
        EXACT,
        "`dynamic` and `static` are refused; a list without members in the text is told",
        "in-interface-list=WAN action=drop",
        "/interface list add name=WAN\n/interface list member add list=WAN interface=eth0",
    ),
    Row("out-interface", EXACT, "", "out-interface=!eth9 protocol=udp action=drop"),
    Row("out-interface-list", EXACT, "as `in-interface-list`", "out-interface-list=none action=drop"),
    Row("src-address", EXACT, "", "src-address=198.51.0.8-198.51.0.9 action=drop"),
    Row("dst-address", EXACT, "", "dst-address=!198.51.100.0/24 action=drop"),
    Row(
        "src-address-list",
        EXACT,
        "what packets fill holds 65,535 addresses; a full list takes no new one",
        "src-address-list=bad action=drop",
        "/ip firewall address-list add list=bad address=198.51.0.0/28",
    ),
    Row(
        "dst-address-list",
        EXACT,
        "as `src-address-list`",
        "dst-address-list=!mine action=drop",
        "/ip firewall address-list add list=mine address=198.51.100.1 timeout=1h",
    ),
    Row("src-address-type", EXACT, "", "src-address-type=unicast protocol=udp action=drop"),
    Row("dst-address-type", EXACT, "", "dst-address-type=local action=drop"),
    Row("tcp-flags", EXACT, "", "protocol=tcp tcp-flags=syn,!ack action=drop"),
    Row(
        "src-mac-address",
        EXACT,
        "in a trace no packet has one",
        "src-mac-address=!02:00:00:00:00:01 protocol=udp action=drop",
    ),
    Row("ttl", EXACT, "in a trace it is 64", "ttl=less-than:65 protocol=udp action=drop"),
    Row(
        "hop-limit",
        EXACT,
        "in a trace it is 64",
        "hop-limit=equal:64 protocol=udp action=drop",
        "",
        "/ipv6 firewall filter",
    ),
    Row("dscp", EXACT, "in a trace it is 0", "dscp=!46 protocol=udp action=drop"),
    Row(
        "content",
        APPROXIMATED,
        "only for UDP and ICMP where `packet-size` leaves the content one place: the whole payload, behind headers"
        " without options; otherwise refused, since nftables searches no packet",
        "protocol=udp packet-size=34 content=mellon action=drop",
    ),
    Row(
        "limit",
        APPROXIMATED,
        "the bucket is the same; a rate that no unit of nftables spells is rounded and told; `bit` is refused",
        "protocol=tcp limit=!1/11s,2:packet action=drop",
    ),
    Row(
        "dst-limit",
        APPROXIMATED,
        "as `limit`; 65,535 buckets for a rule, and what has none does not fit; by port only with `protocol`",
        "protocol=tcp dst-limit=!1/11s,1,src-address/1m action=drop",
    ),
    Row("nth", EXACT, "", "nth=2,1 action=drop"),
    Row("random", EXACT, "other dice, of course; in a simulation every one fits", "random=99 action=drop"),
    Row(
        "psd",
        REFUSED,
        "the kernel counts no ports of a source; the simulator does",
        "psd=21,3s,3,1 action=drop",
    ),
    Row(
        "layer7-protocol",
        REFUSED,
        "nftables looks into no connection's text; the simulator does, with Python's regular expressions",
        "layer7-protocol=word action=drop",
        "/ip firewall layer7-protocol add name=word regexp=mellon",
    ),
)

ACTION_ROWS = (
    Row(
        "action=accept",
        EXACT,
        "ends the walk through its table only",
        "protocol=udp action=accept",
        after=DROP,
    ),
    Row("action=drop", EXACT, "", "protocol=udp action=drop"),
    Row(
        "action=reject",
        EXACT,
        "an answer that IPv4 or IPv6 does not have here becomes the nearest, and is told",
        "action=reject",
    ),
    Row("action=tarpit", APPROXIMATED, "dropped; nothing holds the visitor", "protocol=tcp action=tarpit"),
    Row(
        "action=jump",
        EXACT,
        "a jump back into its own chain is refused, as a router does",
        "action=jump jump-target=more",
        "/ip firewall filter add chain=more protocol=udp action=drop",
    ),
    Row("action=return", EXACT, "", "protocol=tcp action=return", after=DROP),
    Row(
        "action=log",
        EXACT,
        "the log is the kernel's",
        'protocol=tcp action=log log-prefix="knock"',
        after=DROP,
    ),
    Row("action=passthrough", EXACT, "it counts", "action=passthrough", after=DROP),
    Row(
        "action=add-src-to-address-list",
        EXACT,
        "`none-dynamic` lasts 100 years; `none-static` is approximated: nothing saves it over a restart",
        "protocol=udp action=add-src-to-address-list address-list=seen address-list-timeout=1m",
        "/ip firewall filter add chain=input src-address-list=seen action=drop",
    ),
    Row(
        "action=add-dst-to-address-list",
        EXACT,
        "",
        "action=add-dst-to-address-list address-list=seen address-list-timeout=none-dynamic",
        "/ip firewall filter add chain=input dst-address-list=seen action=drop",
    ),
    Row(
        "action=fasttrack-connection",
        APPROXIMATED,
        "it goes on in the chain; the connection's later packets meet all rules",
        "connection-state=new action=fasttrack-connection",
        after=DROP,
    ),
    Row("action=notrack", EXACT, "", "protocol=udp action=notrack", "", "/ip firewall raw", UNTRACKED),
    Row(
        "action=mark-connection",
        APPROXIMATED,
        "as every action that only marks: nothing is marked, and what asks for a mark is refused",
        "action=mark-connection new-connection-mark=seen passthrough=yes",
        "",
        "/ip firewall mangle",
        f"/ip firewall filter\n{DROP}",
    ),
    Row(
        "action=change-ttl",
        REFUSED,
        "as every action that changes a packet",
        "action=change-ttl new-ttl=set:65 passthrough=yes",
        "",
        "/ip firewall mangle",
    ),
    Row(
        "action=masquerade",
        REFUSED,
        "as everything in the `nat` table: addresses are not translated",
        "action=masquerade",
        "",
        "/ip firewall nat",
    ),
)

OTHERS = tuple(sorted(MATCHERS - {row.name for row in MATCHER_ROWS}))
"""Matchers that RouterOS has and that nobody here knows the meaning of; a rule with one is refused."""


def page() -> str:
    """Write the whole page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# RouterOS rules, run as they are: matchers and actions"
    yield ""
    yield "Made from `compile/exact_page.py`; every example below is run by a test. What the rules mean together:"
    yield "[routeros-meaning.md](routeros-meaning.md). *Refused* is an error; with `--allow-weaker` the rule is left"
    yield "out."
    yield ""
    yield "## Matchers"
    yield ""
    yield from _table(MATCHER_ROWS)
    yield ""
    others = ", ".join(f"`{each}`" for each in OTHERS)
    yield f"Refused, since nobody here knows what they mean for a packet: {others}."
    yield ""
    yield "## Actions"
    yield ""
    yield from _table(ACTION_ROWS)


def _table(rows: tuple[Row, ...]) -> Iterator[str]:
    yield "| | | what differs, or why | example |"
    yield "|---|---|---|---|"
    for row in rows:
        yield f"| `{row.name}` | {row.level} | {row.differs} | `{row.example}` |"

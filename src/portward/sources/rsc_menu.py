"""What RouterOS calls things: menus, commands, and the properties of the menus that decide about packets.

Data and look-ups only; no text is parsed and no meaning is given here. Names are those of the RouterOS manual's
command reference (versions 6 and 7); a name of one version only is listed all the same.
"""

import difflib
from collections.abc import Iterable

import attrs


Menu = tuple[str, ...]
"""An absolute menu: `("ip", "firewall", "filter")`."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


VERBS = _words(
    "add set remove print export find get move enable disable comment edit reset unset reset-counters"
    " reset-counters-all"
)
"""Commands that every list menu has."""

ACTIONS = _words(
    "run fetch import save load reboot shutdown upgrade downgrade check-for-updates install download release renew"
    " monitor scan ping traceroute send expire-password sign flush make-static quit"
)
"""Commands of single menus that scripts call; none of them changes the firewall."""

SCRIPT_COMMANDS = _words(
    "local global set put log if for foreach while do onerror delay error return execute parse resolve tostr tonum"
    " toip toip6 tobool toid totime toarray len pick find typeof environment retry serialize deserialize convert"
    " range beep nothing time timestamp terminal jobname rndnum rndstr grep continue exit break import"
)
"""What may follow a colon (RouterOS manual, scripting)."""

ROOTS = _words(
    "app beep caps-man certificate console container delay disk dude environment export file import interface iot ip"
    " ipv6 lcd log lora metarouter mpls openflow partitions password ping port ppp queue quit radius redo routing"
    " snmp special-login ssh store system task terminal tool tr069-client undo user user-manager zerotier"
)
"""The menus below `/`."""

_BELOW: dict[Menu, frozenset[str]] = {
    (): ROOTS,
    ("ip",): _words(
        "accounting address arp cloud dhcp-client dhcp-relay dhcp-server dns firewall hotspot ipsec kid-control"
        " media nat-pmp neighbor packing pool proxy reverse-proxy route service settings smb socks ssh tftp"
        " traffic-flow upnp vrf"
    ),
    ("ip", "firewall"): _words(
        "address-list calea connection filter layer7-protocol mangle nat raw service-port"
    ),
    ("ip", "firewall", "connection"): _words("tracking"),
    ("ipv6",): _words("address dhcp-client dhcp-relay dhcp-server firewall nd neighbor pool route settings"),
    ("ipv6", "firewall"): _words("address-list connection filter mangle nat raw"),
    ("interface", "list"): _words("member"),
}

LEAVES = frozenset(
    {
        ("ip", "firewall", each)
        for each in ("address-list", "filter", "layer7-protocol", "mangle", "nat", "raw")
    }
    | {("ipv6", "firewall", each) for each in ("address-list", "filter", "mangle", "nat", "raw")}
    | {("ip", "service"), ("interface", "list", "member")}
)
"""Menus without menus below them, which we read."""

_MATCHERS = (
    "connection-bytes connection-limit connection-mark connection-nat-state connection-rate connection-state"
    " connection-type content dscp dst-address dst-address-list dst-address-type dst-limit dst-port icmp-options"
    " in-bridge-port in-bridge-port-list in-interface in-interface-list ingress-priority ipsec-policy limit nth"
    " out-bridge-port out-bridge-port-list out-interface out-interface-list packet-mark packet-size"
    " per-connection-classifier port priority protocol random routing-mark routing-table src-address"
    " src-address-list src-address-type src-mac-address src-port tcp-flags tcp-mss time tls-host"
)
_V4_MATCHERS = "fragment hotspot ipv4-options layer7-protocol p2p psd realm tos ttl"
_V6_MATCHERS = "headers hop-limit"
_OTHERS = (
    "action address-list address-list-timeout chain comment copy-from disabled jump-target log log-prefix"
    " place-before reject-with hw-offload"
)
_MANGLE = (
    " new-connection-mark new-dscp new-hop-limit new-mss new-packet-mark new-priority new-routing-mark new-ttl"
    " passthrough route-dst sniff-id sniff-target sniff-target-port"
)
_NAT = " to-addresses to-address to-ports same-not-by-dst randomise-ports socks5-server socks5-port"

MATCHERS = _words(f"{_MATCHERS} {_V4_MATCHERS} {_V6_MATCHERS}")
"""The properties of a firewall rule that a packet is compared with."""

_RULE_V4 = _words(f"{_MATCHERS} {_V4_MATCHERS} {_OTHERS}")
_RULE_V6 = _words(f"{_MATCHERS} {_V6_MATCHERS} {_OTHERS}")

PROPERTIES: dict[Menu, frozenset[str]] = {
    ("ip", "firewall", "filter"): _RULE_V4,
    ("ip", "firewall", "raw"): _RULE_V4,
    ("ip", "firewall", "mangle"): _RULE_V4 | _words(_MANGLE),
    ("ip", "firewall", "nat"): _RULE_V4 | _words(_NAT),
    ("ipv6", "firewall", "filter"): _RULE_V6,
    ("ipv6", "firewall", "raw"): _RULE_V6,
    ("ipv6", "firewall", "mangle"): _RULE_V6 | _words(_MANGLE),
    ("ipv6", "firewall", "nat"): _RULE_V6 | _words(_NAT),
    ("ip", "firewall", "address-list"): _words(
        "list address timeout dynamic comment disabled copy-from creation-time"
    ),
    ("ipv6", "firewall", "address-list"): _words(
        "list address timeout dynamic comment disabled copy-from creation-time"
    ),
    ("ip", "firewall", "layer7-protocol"): _words("name regexp comment copy-from"),
    ("interface", "list"): _words("name include exclude comment copy-from builtin"),
    ("interface", "list", "member"): _words("list interface disabled comment copy-from dynamic"),
    ("ip", "service"): _words(
        "numbers name port address available-from certificate disabled tls-version vrf max-sessions"
    ),
}
"""What may be set in each of the menus that we read."""

KNOWN_PROPERTIES = frozenset().union(*PROPERTIES.values()) - _words(
    "to-address name address list port realm time tos"
)
"""Names that tell a firewall line from prose, or glued words apart; the everyday words are left out."""

RULE_PROPERTIES = _RULE_V4 | _RULE_V6 | _words(_MANGLE + _NAT)

SERVICES = ("telnet", "ftp", "www", "ssh", "www-ssl", "api", "winbox", "api-ssl")
"""The fixed items of `/ip service`, in the order that version 6 numbers them."""

_PACKET_MENUS: tuple[Menu, ...] = (
    ("ip", "firewall"),
    ("ipv6", "firewall"),
    ("interface", "list"),
    ("interface", "bridge", "filter"),
    ("interface", "bridge", "nat"),
    ("interface", "bridge", "settings"),
    ("interface", "ethernet", "switch", "rule"),
    ("ip", "settings"),
    ("ipv6", "settings"),
    ("ip", "hotspot"),
    ("ip", "ipsec", "policy"),
    ("ip", "upnp"),
    ("ip", "nat-pmp"),
    ("ip", "socks"),
    ("routing", "rule"),
    ("ip", "route", "rule"),
)


def decides_packets(menu: Menu) -> bool:
    """Whether what is set there changes which packets get through."""
    return any(menu[: len(each)] == each for each in _PACKET_MENUS)


@attrs.frozen
class Resolved:
    """Words of a path, understood.

    Attributes:
        menu: absolute.
        verb: empty when the words only name a menu.
        used: how many words were taken.
        expanded: whether an abbreviation was written out.
    """

    menu: Menu
    verb: str
    used: int
    expanded: bool


def resolve(base: Menu, words: Iterable[str]) -> Resolved:
    """Walk down from a menu along words until a command is found or the words end.

    Unknown menus are walked into as they are spelled; `..` goes up.
    """
    menu, expanded, used = base, False, 0
    for word in words:
        if word == "..":
            menu, used = menu[:-1], used + 1
            continue
        below = _BELOW.get(menu)
        if word in VERBS or (word in ACTIONS and not (below and word in below)):
            return Resolved(menu, word, used + 1, expanded)
        name = word
        if (below is not None and word not in below) or menu in LEAVES:
            name = expand(word, below or frozenset())
            name = expand(word, VERBS) if name == word else name
            if menu in LEAVES and name == word:
                break
            expanded |= name != word
        used += 1
        if name in VERBS:
            return Resolved(menu, name, used, expanded)
        menu = (*menu, name)
    return Resolved(menu, "", used, expanded)


def is_below(menu: Menu, word: str) -> bool:
    """Whether a word means something in a menu: a menu below it, or a command."""
    return word in VERBS or word in ACTIONS or word in _BELOW.get(menu, frozenset())


def expand(word: str, names: frozenset[str]) -> str:
    """The one name that begins with the word, or the one that all others which do begin with; else the word."""
    if word in names or not word:
        return word
    fitting = sorted((each for each in names if each.startswith(word)), key=len)
    if fitting and all(each.startswith(fitting[0]) for each in fitting):
        return fitting[0]
    return word


def nearest(word: str, names: Iterable[str]) -> str:
    """The name that is spelled most like the word, or nothing."""
    found = difflib.get_close_matches(word, sorted(names), n=1, cutoff=0.7)
    return found[0] if found else ""


def spell(menu: Menu) -> str:
    """The menu as RouterOS prints it."""
    return "/" + " ".join(menu)

"""Advice on who gets in at all: doors that nobody can open, doors for everybody, and the VPN in front of the knock."""

from collections.abc import Iterable, Iterator

from portward.check.page import page
from portward.check.well_known import VPNS
from portward.errors import Diagnostic, Severity
from portward.policy.net import PortRange
from portward.policy.notation import write_ports
from portward.policy.policy import EVERYTHING, Mode, Policy, Service
from portward.policy.vpn import VpnKind


NARROW_V4, NARROW_V6 = 24, 48
"""Prefixes that one customer of a provider may hold; a shorter one is many people (RFC 6177 for IPv6)."""

_SEQUENCE = """
    [sequences.admin]
    knocks = ["tcp/41733", "udp/9121", "icmp/777", "tcp/17021"]
    opens = ["ssh"]
"""
_SSH = """
    [services.ssh]
    ports = ["tcp/22"]
"""
_GATE = "\n    schema = 1" + _SSH + _SEQUENCE

NO_WAY_BACK = page(
    "PW402",
    Severity.ADVICE,
    "lockdown without a way around the knock",
    what="In `lockdown`, neither `always` nor `public` names anything.",
    why="""If the knock fails, be it a forgotten sequence, a provider that filters its ports or a full set, nobody
    gets in from outside. One network from where you can always come is cheap.""",
    example=_GATE.replace("[services", '[defaults]\n    mode = "lockdown"\n    [services'),
    fix=_GATE.replace(
        "[services", 'always = ["192.0.2.0/24"]\n    [defaults]\n    mode = "lockdown"\n    [services'
    ),
)

VPN_OPEN = page(
    "PW403",
    Severity.ADVICE,
    "a VPN that is not behind the knock",
    what="The port of a VPN is `public`.",
    why="""A VPN answers strangers, and a flaw in it is a way into the whole network. Behind the knock, only who has
    knocked may even start the handshake; tunnels that are up go on when the grant ends, or with `on_expiry = "cut"`
    end with it.""",
    example=_GATE.replace("[services", 'public = ["udp/51820"]\n    [services'),
    fix=_GATE.replace('opens = ["ssh"]', 'opens = ["ssh", "wireguard"]')
    + """
    [services.wireguard]
    kind = "wireguard"
    """,
)

NO_SEQUENCE = page(
    "PW407",
    Severity.ADVICE,
    "nothing opens anything",
    what="The policy has services, or is in lockdown, but has no sequence, and no person with a stronger knock.",
    why="Only `always` and grants given by hand let anybody in.",
    example="\n    schema = 1" + _SSH,
    fix=_GATE,
)

NOTHING_GUARDED = page(
    "PW408",
    Severity.ADVICE,
    "nothing is guarded",
    what="In `guard` mode, no service is named.",
    why="""`guard` closes the named services and leaves all else alone: without any, every port stays as open as it
    is. `lockdown` closes everything.""",
    example="""
        schema = 1
        [sequences.admin]
        knocks = ["tcp/41733", "udp/9121", "icmp/777", "tcp/17021"]
        opens = "*"
    """,
    fix=_GATE,
)

UNOPENED = page(
    "PW409",
    Severity.ADVICE,
    "a service that nobody opens",
    what="A service is guarded, but no sequence and no person with a stronger knock names it.",
    why="It is closed to all but `always` and grants given by hand; often its name was forgotten in `opens`.",
    example=_GATE + '    [services.web]\n    ports = ["tcp/443"]\n',
    fix=_GATE.replace('opens = ["ssh"]', 'opens = ["ssh", "web"]')
    + '    [services.web]\n    ports = ["tcp/443"]\n',
)

COVERED = page(
    "PW410",
    Severity.ADVICE,
    "an entry that another one covers",
    what="An entry of `public` or `always` lies within another one.",
    why="It means nothing, and taking the other one out later will not close what it looks like.",
    example=_GATE.replace("[services", 'always = ["192.0.2.0/24", "192.0.2.7"]\n    [services'),
    fix=_GATE.replace("[services", 'always = ["192.0.2.0/24"]\n    [services'),
)

EVERYBODY = page(
    "PW413",
    Severity.ADVICE,
    "always lets everybody in",
    what="`always` holds a network of all addresses.",
    why="Then nobody ever needs to knock, and nothing is guarded from anybody of that family.",
    example=_GATE.replace("[services", 'always = ["0.0.0.0/0"]\n    [services'),
    fix=_GATE.replace("[services", 'always = ["192.0.2.0/24"]\n    [services'),
)

WIDE_GRANT = page(
    "PW414",
    Severity.ADVICE,
    "one knock opens for many",
    what=f"`grant_prefix_v4` is shorter than {NARROW_V4}, or `grant_prefix_v6` shorter than {NARROW_V6}.",
    why="A grant then covers more addresses than one visitor has: strangers of the same provider get in with them.",
    example=_GATE.replace("[services", "[defaults]\n    grant_prefix_v4 = 16\n    [services"),
    fix=_GATE.replace("[services", "[defaults]\n    grant_prefix_v4 = 32\n    [services"),
)

HALF_VPN = page(
    "PW415",
    Severity.ADVICE,
    "a part of a VPN is not behind the knock",
    what="A service is an `ipsec` or `l2tp` VPN with `ports` of its own, and no service has one of the usual ports.",
    why="""Such a VPN uses several ports and a protocol together. In `guard` mode the part that is left out stays open
    to strangers; in `lockdown` the tunnel does not come about.""",
    example=_GATE.replace('opens = ["ssh"]', 'opens = ["ssh", "office"]')
    + """
    [services.office]
    kind = "ipsec"
    ports = ["udp/500", "udp/4500"]
    """,
    fix=_GATE.replace('opens = ["ssh"]', 'opens = ["ssh", "office"]')
    + """
    [services.office]
    kind = "ipsec"
    """,
)

PAGES = (
    NO_WAY_BACK,
    VPN_OPEN,
    NO_SEQUENCE,
    NOTHING_GUARDED,
    UNOPENED,
    COVERED,
    EVERYBODY,
    WIDE_GRANT,
    HALF_VPN,
)


def way_around(policy: Policy) -> Iterable[Diagnostic]:
    """Lockdown has an `always` or a `public` entry."""
    if policy.mode is Mode.LOCKDOWN and not policy.always and not policy.public:
        sentence = "in lockdown without always or public, only a knock lets anybody in"
        hint = 'add a network of yours, such as always = ["192.0.2.0/24"]'
        yield NO_WAY_BACK.at(policy.places.nearest("defaults", "mode"), sentence, hint)


def vpn(ports: PortRange) -> str:
    """Name the VPN that listens in a range; empty if none does."""
    return next((name for usual, name in VPNS if usual.overlaps(ports)), "")


def vpn_behind_the_knock(policy: Policy) -> Iterable[Diagnostic]:
    """No VPN is public."""
    for index, ports in enumerate(policy.public):
        name = vpn(ports)
        if name:
            sentence = f"{write_ports(ports)} is {name}, open to strangers"
            hint = "make it a service, and let a sequence open it"
            yield VPN_OPEN.at(policy.places.nearest("public", index), sentence, hint)


def something_opens(policy: Policy) -> Iterable[Diagnostic]:
    """There is a sequence, or a person with a stronger knock."""
    if not any(openers(policy)) and (policy.services or policy.mode is Mode.LOCKDOWN):
        yield NO_SEQUENCE.at(
            policy.places.nearest(), "there is no sequence: nothing opens anything", "add [sequences.NAME]"
        )


def openers(policy: Policy) -> Iterator[tuple[str, ...]]:
    """What each sequence and each person opens; a person who is revoked, or has no stronger knock, opens nothing."""
    yield from (each.opens for each in policy.sequences)
    if policy.ways.any:
        yield from (each.opens for each in policy.people if not each.revoked)


def something_guarded(policy: Policy) -> Iterable[Diagnostic]:
    """There is a service, or lockdown."""
    if not policy.services and policy.mode is Mode.GUARD:
        sentence = "there is no service, so nothing is guarded"
        yield NOTHING_GUARDED.at(
            policy.places.nearest(), sentence, 'add [services.NAME], or mode = "lockdown"'
        )


def services_opened(policy: Policy) -> Iterable[Diagnostic]:
    """Every service is opened by a sequence or a person; said of each only where there are some."""
    opened = {name for opens in openers(policy) for name in opens}
    if EVERYTHING in opened or not opened:
        return
    for service in policy.services:
        if service.name not in opened:
            sentence = f"nothing opens {service.name}{_and_it_is_a_vpn(service)}"
            yield UNOPENED.at(policy.places.nearest("services", service.name), sentence, "name it in opens")


def _and_it_is_a_vpn(service: Service) -> str:
    if service.kind:
        return f", which is {service.kind.spelled}"
    name = next(filter(None, map(vpn, service.doors)), "")
    return f", which looks like {name}" if name else ""


def nothing_covered(policy: Policy) -> Iterable[Diagnostic]:
    """No entry of `public` or `always` lies within another one of its list."""
    ports = [(each.protocol.value, each.first, each.last) for each in policy.public]
    networks = [
        (f"v{each.version}", int(each.network_address), int(each.broadcast_address)) for each in policy.always
    ]
    for inner, outer in _inside(ports):
        yield _covered(
            policy, "public", inner, write_ports(policy.public[inner]), write_ports(policy.public[outer])
        )
    for inner, outer in _inside(networks):
        yield _covered(policy, "always", inner, str(policy.always[inner]), str(policy.always[outer]))


def _inside(intervals: list[tuple[str, int, int]]) -> Iterator[tuple[int, int]]:
    """The place of each interval within another one of its kind, with the other's; of two equal ones the later."""
    widest: int | None = None
    order = sorted(range(len(intervals)), key=lambda at: (*intervals[at][:2], -intervals[at][2], at))
    for at in order:
        kind, _, last = intervals[at]
        if widest is not None and intervals[widest][0] == kind and last <= intervals[widest][2]:
            yield at, widest
        else:
            widest = at


def _covered(policy: Policy, key: str, index: int, inner: str, outer: str) -> Diagnostic:
    sentence = f"{inner} stands twice" if inner == outer else f"{inner} lies within {outer}"
    return COVERED.at(policy.places.nearest(key, index), sentence, "leave it out")


def not_everybody(policy: Policy) -> Iterable[Diagnostic]:
    """`always` is not the whole world."""
    for index, network in enumerate(policy.always):
        if network.prefixlen == 0:
            sentence = f"{network} is everybody: over IPv{network.version} nothing is guarded"
            yield EVERYBODY.at(policy.places.nearest("always", index), sentence)


def narrow_grants(policy: Policy) -> Iterable[Diagnostic]:
    """A grant covers what one visitor has."""
    for key, length, narrow in (
        ("grant_prefix_v4", policy.grant_prefix_v4, NARROW_V4),
        ("grant_prefix_v6", policy.grant_prefix_v6, NARROW_V6),
    ):
        if length < narrow:
            sentence = f"a grant for a whole /{length} lets strangers in with the visitor"
            yield WIDE_GRANT.at(policy.places.nearest("defaults", key), sentence, f"{narrow} or more")


def whole_vpns(policy: Policy) -> Iterable[Diagnostic]:
    """Of a VPN that is made of several ports, all are some service's."""
    named = [ports for service in policy.services for ports in service.ports]
    for service in policy.services:
        if service.kind not in {VpnKind.IPSEC, VpnKind.L2TP}:
            continue
        left_out = [
            write_ports(usual)
            for usual in service.kind.usual_ports
            if not any(ports.overlaps(usual) for ports in named)
        ]
        if left_out:
            sentence = f"{service.name} is {service.kind.spelled} without {', '.join(left_out)}"
            span = policy.places.nearest("services", service.name, "ports")
            yield HALF_VPN.at(span, sentence, "leave ports out: kind knows them all")


RULES = (
    way_around,
    vpn_behind_the_knock,
    something_opens,
    something_guarded,
    services_opened,
    nothing_covered,
    not_everybody,
    narrow_grants,
    whole_vpns,
)

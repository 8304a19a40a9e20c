"""Rules about what strangers get to on a router: its services through its filter rules, and the rules themselves."""

from collections.abc import Iterable, Iterator

from portward.errors import Severity, Span
from portward.exposure.finding import Finding, command
from portward.exposure.headings import exposure_page
from portward.exposure.passage import Answer
from portward.exposure.router_facts import Router
from portward.exposure.router_filter import OUTSIDE, reached
from portward.policy.net import Protocol
from portward.sources.routeros_rules import Family, Table
from portward.sources.routeros_rules import ServiceSetting as Service


CLEAR_TEXT = exposure_page(
    "PX501",
    Severity.ERROR,
    "a router's service in clear text",
    what="telnet, ftp, www or api of `/ip service` is on. All four are on by default.",
    why="The router's own password crosses the network as it is.",
    example="/ip service set telnet disabled=no",
    fix="/ip service set telnet disabled=yes\n/ip service set ftp disabled=yes\n/ip service set www disabled=yes\n"
    "/ip service set api disabled=yes",
)
LOGINS = exposure_page(
    "PX502",
    Severity.ADVICE,
    "a router's login is open to all",
    what="ssh, Winbox, www-ssl or api-ssl can be reached by strangers, through the filter rules as they are.",
    why="Each of them had holes that gave routers away by the hundred thousand. Behind a knock they are not there.",
    example="/ip service set winbox disabled=no  and no rule that drops tcp/8291 from outside",
    fix="/ip service set winbox address=192.168.88.0/24",
)
RESOLVER = exposure_page(
    "PX507",
    Severity.ERROR,
    "the router answers DNS for everybody",
    what="`allow-remote-requests` is on, and the filter rules let udp/53 in from outside.",
    why="Forged questions make it flood others, and the line is full.",
    example="/ip dns set allow-remote-requests=yes  and no rule that drops udp/53 from outside",
    fix="/ip firewall filter add chain=input action=drop protocol=udp dst-port=53 in-interface-list=WAN",
)
OPEN_ROUTER = exposure_page(
    "PX511",
    Severity.ERROR,
    "the filter rules leave the router open",
    what="A stranger's packet to a port that no rule names gets through the input chain: there is no drop at its end.",
    why="RouterOS accepts what no rule decides about. Knocking opens nothing where nothing is closed.",
    example="/ip firewall filter add chain=input action=accept src-address-list=trusted   (and nothing below it)",
    fix="/ip firewall filter add chain=input action=drop in-interface-list=WAN   (last)",
)

PAGES = (CLEAR_TEXT, LOGINS, RESOLVER, OPEN_ROUTER)

PORTS = {
    "telnet": 23,
    "ftp": 21,
    "www": 80,
    "ssh": 22,
    "api": 8728,
    "winbox": 8291,
    "www-ssl": 443,
    "api-ssl": 8729,
}
"""RouterOS manual, services."""
_CLEAR = ("telnet", "ftp", "www", "api")
_OFF = frozenset({"www-ssl"})
"""Off unless switched on."""
UNNAMED = 61234
"""A port that no rule is likely to name."""


def services_in_clear_text(router: Router) -> Iterable[Finding]:
    """telnet, ftp, www and api are off."""
    for name, service in _on(router):
        if name not in _CLEAR:
            continue
        answer = _reached(router, name, service)
        severity = Severity.ADVICE if answer is Answer.CLOSED else Severity.ERROR
        where = {Answer.OPEN: "open to strangers", Answer.CLOSED: "closed to strangers"}.get(
            answer, "perhaps open to strangers"
        )
        unsaid = "" if service and service.disabled is not None else ", its default"
        sentence = f"the service {name} is on{unsaid}, in clear text, and {where}"
        remedy = command(f"/ip service set {name} disabled=yes")
        yield Finding(
            CLEAR_TEXT, severity, f"/ip service {name}", sentence, (remedy,), span=_place(router, service)
        )


def logins_closed(router: Router) -> Iterable[Finding]:
    """Strangers do not get to a login of the router."""
    for name, service in _on(router):
        if name not in _CLEAR and _reached(router, name, service) is Answer.OPEN:
            sentence = f"the service {name} (tcp/{_port(name, service)}) is open to strangers"
            remedies = (
                command(f"/ip service set {name} address=192.168.88.0/24"),
                command(f"/ip service set {name} disabled=yes"),
            )
            yield Finding(
                LOGINS,
                LOGINS.severity,
                f"/ip service {name}",
                sentence,
                remedies,
                span=_place(router, service),
            )


def resolver_is_inside(router: Router) -> Iterable[Finding]:
    """Strangers get no answers from the resolver."""
    found = router.setting("ip", "dns", "allow-remote-requests")
    if not found or not found.on or not _rules_count(router, Family.V4):
        return
    answer = reached(router.rules, Protocol.UDP, 53)
    if answer is not Answer.CLOSED:
        perhaps = "perhaps " if answer is Answer.UNSURE else ""
        drop = (
            "/ip firewall filter add chain=input action=drop protocol=udp dst-port=53 in-interface-list=WAN"
        )
        remedies = (
            command(_outside(router) + drop),
            command("/ip dns set allow-remote-requests=no"),
        )
        sentence = f"the resolver {perhaps}answers strangers"
        severity = Severity.ADVICE if perhaps else Severity.ERROR
        yield Finding(RESOLVER, severity, "/ip dns", sentence, remedies, span=found.span)


def filter_closes(router: Router) -> Iterable[Finding]:
    """A stranger's packet to a port that no rule names is dropped."""
    for family, version in ((Family.V4, 4), (Family.V6, 6)):
        if not _rules_count(router, family):
            continue
        answer = reached(router.rules, Protocol.TCP, UNNAMED, version)
        if answer is Answer.CLOSED:
            continue
        spelled = f"/{family} firewall filter"
        perhaps = "perhaps " if answer is Answer.UNSURE else ""
        last = [
            each
            for each in router.script.rules
            if (each.family, each.table, each.chain) == (family, Table.FILTER, "input")
        ]
        sentence = f"{spelled}: the input chain {perhaps}lets strangers in to any port (IPv{version})"
        remedy = command(f"{_outside(router)}{spelled} add chain=input action=drop in-interface-list=WAN")
        severity = Severity.ADVICE if perhaps else Severity.ERROR
        yield Finding(
            OPEN_ROUTER, severity, spelled, sentence, (remedy,), span=last[-1].span if last else router.start
        )


def _outside(router: Router) -> str:
    """What comes before a rule that names the list of outer interfaces, where a router surely has no such list."""
    known = router.whole or ("interface", "list") in router.shown
    if not known or any(each.name == OUTSIDE for each in router.script.interface_lists):
        return ""
    return f"/interface list add name={OUTSIDE}\n/interface list member add list={OUTSIDE} interface=…\n"


def _rules_count(router: Router, family: Family) -> bool:
    """Whether what the filter rules of a family leave open can be told: they are there, or there are surely none.

    A whole export that says nothing at all about IPv6 may be of a router without it.
    """
    off = router.setting("ipv6", "settings", "disable-ipv6")
    if family is Family.V6 and off and off.on:
        return False
    if any(
        (each.family, each.table, each.chain) == (family, Table.FILTER, "input")
        for each in router.script.rules
    ):
        return True
    if (str(family), "firewall", "filter") in router.shown:
        return True
    return router.whole and (family is Family.V4 or any(menu[:1] == ("ipv6",) for menu in router.settings))


def _on(router: Router) -> Iterator[tuple[str, Service | None]]:
    """The services that are on: said so, or by default in a whole export."""
    for name in PORTS:
        service = router.services.get(name)
        if service is None and not router.whole:
            continue
        said = service.disabled if service else None
        if said is False or (said is None and router.whole and name not in _OFF):
            yield name, service


def _reached(router: Router, name: str, service: Service | None) -> Answer:
    if service and service.addresses and not any(each.partition("/")[2] == "0" for each in service.addresses):
        return Answer.CLOSED
    if not _rules_count(router, Family.V4):
        return Answer.UNSURE
    return reached(router.rules, Protocol.TCP, _port(name, service))


def _port(name: str, service: Service | None) -> int:
    return (service.port if service else None) or PORTS[name]


def _place(router: Router, service: Service | None) -> Span:
    return service.span if service else router.start


RULES = (services_in_clear_text, logins_closed, resolver_is_inside, filter_closes)

"""Rules about what a router switches on: services in clear text, discovery, proxies, its default user.

Facts about menus and defaults: RouterOS manual (services, MAC server, neighbor discovery, DNS, SOCKS, web proxy,
bandwidth test, cloud, SSH, user).
"""

from collections.abc import Iterable

from portward.check.page import Page
from portward.errors import Severity, Span
from portward.exposure.finding import Finding, Remedy, command
from portward.exposure.headings import exposure_page
from portward.exposure.router_facts import Router, Setting


MAC_SERVER = exposure_page(
    "PX503",
    Severity.ADVICE,
    "the router can be entered by MAC address",
    what="The MAC server (telnet or Winbox by MAC address) listens on all interfaces; that is its default.",
    why="No firewall rule sees it: whoever shares a cable or radio with the router may try passwords.",
    example="/tool mac-server set allowed-interface-list=all",
    fix="/tool mac-server set allowed-interface-list=none\n/tool mac-server mac-winbox set allowed-interface-list=none",
)
NEIGHBOURS = exposure_page(
    "PX504",
    Severity.ADVICE,
    "the router tells all its neighbours what it is",
    what="Neighbour discovery runs on interfaces that lead outside.",
    why="It broadcasts model, version and addresses: all that an attacker wants to know first.",
    example="/ip neighbor discovery-settings set discover-interface-list=all",
    fix="/ip neighbor discovery-settings set discover-interface-list=LAN",
)
PROXIES = exposure_page(
    "PX505",
    Severity.ERROR,
    "a proxy is on",
    what="The web proxy or the SOCKS server is enabled.",
    why="""An open proxy lends the router's address to whoever finds it; both are what worms for these
    routers switch on.""",
    example="/ip socks set enabled=yes",
    fix="/ip socks set enabled=no\n/ip proxy set enabled=no",
)
BANDWIDTH = exposure_page(
    "PX506",
    Severity.ADVICE,
    "the bandwidth test server is on",
    what="Anybody with a login may make the router send as much as it can; on is its default.",
    why="It is for one afternoon of measuring, and floods a line.",
    example="/tool bandwidth-server set enabled=yes",
    fix="/tool bandwidth-server set enabled=no",
)
CLOUD = exposure_page(
    "PX508",
    Severity.NOTE,
    "the router reports its address to the maker's cloud",
    what="The dynamic DNS service of `/ip cloud` is on.",
    why="The router's address stands in a public zone under its serial number. That may be what you want.",
    example="/ip cloud set ddns-enabled=yes",
    fix="/ip cloud set ddns-enabled=no update-time=no",
)
CRYPTO = exposure_page(
    "PX509",
    Severity.ADVICE,
    "ssh takes weak ciphers",
    what="`strong-crypto` of `/ip ssh` is off; that is its default.",
    why="Old ciphers and short keys are offered to whoever asks for them.",
    example="/ip ssh set strong-crypto=no",
    fix="/ip ssh set strong-crypto=yes",
)
DEFAULT_USER = exposure_page(
    "PX510",
    Severity.ADVICE,
    "the default user is there",
    what="There is a user named `admin`, or the script makes one.",
    why="Every program that tries passwords tries this name first, and on routers nothing else.",
    example="/user set admin group=full",
    fix="/user add name=NAME group=full password=…\n/user disable admin",
)
HELPERS = exposure_page(
    "PX512",
    Severity.ADVICE,
    "programs may open ports, or read everything",
    what="UPnP is on, or SNMP with the community `public`.",
    why="UPnP opens ports to whatever asks from inside; SNMP versions 1 and 2c tell all to who knows one word.",
    example="/ip upnp set enabled=yes",
    fix="/ip upnp set enabled=no\n/snmp set enabled=no",
)

PAGES = (MAC_SERVER, NEIGHBOURS, PROXIES, BANDWIDTH, CLOUD, CRYPTO, DEFAULT_USER, HELPERS)

_MAC_MENUS = (("tool", "mac-server"), ("tool", "mac-server", "mac-winbox"))


def mac_server_is_inside(router: Router) -> Iterable[Finding]:
    """No MAC server listens on every interface."""
    for menu in _MAC_MENUS:
        found = router.setting(*menu, "allowed-interface-list")
        spelled = "/" + " ".join(menu)
        if _default_or(router, found, "all"):
            message = f"{spelled} listens on all interfaces{_unsaid(found)}"
            yield _about(
                MAC_SERVER, router, found, spelled, message, f"{spelled} set allowed-interface-list=none"
            )


def discovery_is_inside(router: Router) -> Iterable[Finding]:
    """Neighbours outside are told nothing."""
    found = router.setting("ip", "neighbor", "discovery-settings", "discover-interface-list")
    old = router.setting("ip", "neighbor", "discovery", "discover")
    outside = found is not None and found.value in {"all", "static", "dynamic", "!dynamic", "WAN"}
    if outside or (router.whole and found is None and old is None):
        menu = "/ip neighbor discovery-settings"
        message = f"neighbour discovery runs on interfaces that lead outside{_unsaid(found)}"
        yield _about(NEIGHBOURS, router, found, menu, message, f"{menu} set discover-interface-list=none")


def no_proxy(router: Router) -> Iterable[Finding]:
    """Neither web proxy nor SOCKS is on."""
    for name in ("proxy", "socks"):
        found = router.setting("ip", name, "enabled")
        if found and found.on:
            yield _about(
                PROXIES, router, found, f"/ip {name}", f"/ip {name} is enabled", f"/ip {name} set enabled=no"
            )


def no_bandwidth_server(router: Router) -> Iterable[Finding]:
    """The bandwidth test server is off."""
    found = router.setting("tool", "bandwidth-server", "enabled")
    if _default_or(router, found, "yes"):
        menu = "/tool bandwidth-server"
        yield _about(
            BANDWIDTH,
            router,
            found,
            menu,
            f"the bandwidth server is on{_unsaid(found)}",
            f"{menu} set enabled=no",
        )


def no_cloud(router: Router) -> Iterable[Finding]:
    """The router's address is reported to nobody."""
    found = router.setting("ip", "cloud", "ddns-enabled")
    if found and found.on:
        yield _about(
            CLOUD,
            router,
            found,
            "/ip cloud",
            "the router reports its address",
            "/ip cloud set ddns-enabled=no",
        )


def strong_crypto(router: Router) -> Iterable[Finding]:
    """Ssh offers no weak ciphers."""
    found = router.setting("ip", "ssh", "strong-crypto")
    if _default_or(router, found, "no"):
        message = f"ssh takes weak ciphers{_unsaid(found)}"
        yield _about(CRYPTO, router, found, "/ip ssh", message, "/ip ssh set strong-crypto=yes")


def no_default_user(router: Router) -> Iterable[Finding]:
    """Nobody is called admin."""
    named = [each for each in router.users if each.name == "admin"]
    if named and not any(each.gone for each in named):
        remedy = command("/user disable admin")
        yield Finding(
            DEFAULT_USER,
            Severity.ADVICE,
            "/user admin",
            "the user admin is there",
            (remedy,),
            span=named[-1].span,
        )


def nothing_opens_ports(router: Router) -> Iterable[Finding]:
    """Programs inside open no ports, and nobody reads all by a word that everybody knows."""
    upnp = router.setting("ip", "upnp", "enabled")
    if upnp and upnp.on:
        yield _about(
            HELPERS,
            router,
            upnp,
            "/ip upnp",
            "UPnP is on: programs inside may open ports",
            "/ip upnp set enabled=no",
        )
    snmp = router.setting("snmp", "enabled")
    if snmp and snmp.on and "public" in router.communities:
        yield _about(
            HELPERS, router, snmp, "/snmp", "SNMP is on with the community public", "/snmp set enabled=no"
        )


def _default_or(router: Router, found: Setting | None, value: str) -> bool:
    """Whether a property has this value, which is also its default where a whole export leaves it out."""
    return found.value == value if found else router.whole


def _unsaid(found: Setting | None) -> str:
    return "" if found else ", its default"


def _about(  # noqa: PLR0913, PLR0917 - what a finding says
    page: Page, router: Router, found: Setting | None, subject: str, message: str, remedy: str
) -> Finding:
    span: Span = found.span if found else router.start
    remedies: tuple[Remedy, ...] = (command(remedy),)
    return Finding(page, page.severity, subject, message, remedies, span=span)


RULES = (
    mac_server_is_inside,
    discovery_is_inside,
    no_proxy,
    no_bandwidth_server,
    no_cloud,
    strong_crypto,
    no_default_user,
    nothing_opens_ports,
)

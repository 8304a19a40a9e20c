"""Rules about what strangers reach although it is not for strangers: data, control, VPNs, logins, and the nameless."""

from collections.abc import Iterable

from portward.errors import Severity
from portward.exposure.clear_text import about, concerned, label, remedies
from portward.exposure.facts import Facts, Origin
from portward.exposure.finding import Finding, made_public
from portward.exposure.headings import exposure_page
from portward.exposure.reach import Shown
from portward.exposure.registry import Risk
from portward.policy.net import Protocol


DATA = exposure_page(
    "PX201",
    Severity.ERROR,
    "a data store is open",
    what="A database, cache or queue is reachable by others than this host's own programs.",
    why="Many ask for no password by default, and those that do are tried day and night.",
    example="tcp/6379 redis is reachable by anybody (redis-server, unit redis-server.service)",
    fix="bind 127.0.0.1 -::1 in /etc/redis/redis.conf",
)
CONTROL = exposure_page(
    "PX202",
    Severity.ERROR,
    "control over the machine is open",
    what="An interface that runs programs, administers the machine or lends its address is reachable.",
    why="Whoever gets in owns the machine, or acts in its name.",
    example="tcp/2375 docker is reachable by anybody (dockerd, unit docker.service)",
    fix='guard it:  [services.docker]  ports = ["tcp/2375"]',
)
REFLECTOR = exposure_page(
    "PX203",
    Severity.ADVICE,
    "it answers forged questions",
    what="A UDP service that is for the local network answers strangers with more than they send.",
    why="A question with a forged source makes it flood somebody else.",
    example="udp/53 domain is reachable by anybody (dnsmasq, unit dnsmasq.service)",
    fix='let it answer its own networks only; if it is a name server for all, say so:  public = ["udp/53", "tcp/53"]',
)
VPN = exposure_page(
    "PX204",
    Severity.ADVICE,
    "the VPN is not behind the knock",
    what="A VPN's port is open to everybody.",
    why="Whoever may start the handshake may try it for its mistakes. Behind the knock it is not there.",
    example="udp/1194 openvpn is reachable by anybody (openvpn, unit openvpn@server.service)",
    fix='guard it:  [services.openvpn]  ports = ["udp/1194"]',
)
LOGIN = exposure_page(
    "PX205",
    Severity.ADVICE,
    "a login on its usual port, open to all",
    what="ssh or a remote desktop answers everybody where every scanner looks first.",
    why="The day its next hole is known, this port is tried within hours; until then it fills the log.",
    example="tcp/22 ssh is reachable by anybody (sshd, unit ssh.service)",
    fix='guard it, and publish it elsewhere:  [services.ssh]  ports = ["tcp/22"]  published = ["tcp/41022"]',
)
NAMELESS = exposure_page(
    "PX206",
    Severity.ADVICE,
    "something open that nobody has named",
    what="A port that portward knows nothing about, and that no policy calls public, is open to everybody.",
    why="What nobody knows of nobody keeps up to date.",
    example="tcp/4444 is reachable by anybody (python3)",
    fix='close it, guard it, or say that it is meant:  public = ["tcp/4444"]',
)

PAGES = (DATA, CONTROL, REFLECTOR, VPN, LOGIN, NAMELESS)

_BY_RISK = {
    Risk.DATA: DATA,
    Risk.CONTROL: CONTROL,
    Risk.REFLECTOR: REFLECTOR,
    Risk.VPN: VPN,
}
EPHEMERAL = range(32768, 61000)
"""Ports that the kernel gives to clients (ip(7), ip_local_port_range): a UDP socket there is most likely one."""


def is_public(facts: Facts, shown: Shown) -> bool:
    """Whether the policy says that it is meant for everybody."""
    ports = facts.policy.public if facts.policy else ()
    return any(each.protocol is shown.listener.protocol and shown.listener.port in each for each in ports)


def open_to_strangers(facts: Facts, shown: tuple[Shown, ...]) -> Iterable[Finding]:
    """What is for few is reached by few."""
    for each in shown:
        page = _BY_RISK.get(each.kind.risk) if each.kind else None
        if page and each.kind and concerned(each) and not is_public(facts, each):
            yield about(page, each, each.kind.reason)


def login_where_it_is_expected(facts: Facts, shown: tuple[Shown, ...]) -> Iterable[Finding]:
    """A login is guarded, or at least elsewhere."""
    for each in shown:
        login = each.kind is not None and each.kind.risk is Risk.LOGIN
        if login and each.usual and concerned(each) and not is_public(facts, each):
            yield about(LOGIN, each, each.kind.reason if each.kind else "")


def nameless(facts: Facts, shown: tuple[Shown, ...]) -> Iterable[Finding]:
    """Everything that strangers reach is known or called public."""
    for each in shown:
        listener = each.listener
        client = listener.protocol is Protocol.UDP and listener.port in EPHEMERAL
        if each.kind or client or not concerned(each) or is_public(facts, each):
            continue
        reason = (
            "" if listener.origin is not Origin.CONTAINER else "The firewall sends it on to another machine"
        )
        found = about(NAMELESS, each, reason)
        yield Finding(
            NAMELESS,
            found.severity,
            label(each),
            found.message,
            (*remedies(each), made_public(listener.spelled)),
            listener,
        )


RULES = (open_to_strangers, login_where_it_is_expected, nameless)

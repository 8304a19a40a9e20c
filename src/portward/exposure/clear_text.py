"""Rules about services that let passwords and data cross the network as they are, and about legacy ones."""

from collections.abc import Iterable, Iterator

from portward.check.page import Page
from portward.errors import Severity
from portward.exposure.facts import Facts
from portward.exposure.finding import Finding, Remedy, command, guarded, setting
from portward.exposure.headings import exposure_page
from portward.exposure.passage import Answer
from portward.exposure.reach import Scope, Shown
from portward.exposure.registry import Risk, is_best_off


SHELLS = exposure_page(
    "PX101",
    Severity.ERROR,
    "a remote shell in clear text",
    what="A telnet, rlogin, rsh or rexec server is reachable over the network.",
    why="""Whoever is on the way reads the password and all that follows, and can take the session over. ssh
    does the same
    work and has for decades.""",
    example="tcp/23 telnet is reachable by anybody (in.telnetd, unit inetd.service)",
    fix="systemctl disable --now inetd.service",
)
FILES = exposure_page(
    "PX102",
    Severity.ERROR,
    "files in clear text",
    what="An FTP, TFTP, rsync, NFS or SMB server is reachable over the network.",
    why="""Passwords and files cross the network as they are, or nobody is asked for a password at all. FTP is not told
    where the server takes no password without TLS.""",
    example="tcp/21 ftp is reachable by anybody (vsftpd, unit vsftpd.service)",
    fix="use sftp, which comes with ssh: systemctl disable --now vsftpd.service",
)
WEB = exposure_page(
    "PX103",
    Severity.ADVICE,
    "web pages in clear text",
    what="A web server answers without TLS, and not only by sending visitors on to https.",
    why="Logins, cookies and pages can be read and changed on the way.",
    example="tcp/80 http is reachable by anybody (nginx, unit nginx.service)",
    fix="serve https, and on port 80 only:  return 301 https://$host$request_uri;",
)
MAIL = exposure_page(
    "PX104",
    Severity.ADVICE,
    "mail in clear text",
    what="A POP3, IMAP or SMTP server does not offer TLS, or takes passwords before it.",
    why="The password of a mailbox opens the way to reset all others.",
    example="tcp/110 pop3 is reachable by anybody (dovecot, unit dovecot.service)",
    fix="offer pop3s (995) alone, or force STARTTLS",
)
MANAGEMENT = exposure_page(
    "PX105",
    Severity.ERROR,
    "management in clear text",
    what="An SNMP server with community strings (versions 1 and 2c), LDAP without TLS, or syslog is reachable.",
    why="""One word, sent as it is, tells everything about the machine; for SNMP a forged question also
    makes it a weapon.""",
    example="udp/161 snmp is reachable by anybody (snmpd, unit snmpd.service)",
    fix="take rocommunity out of /etc/snmp/snmpd.conf, use SNMPv3, or:  agentaddress udp:127.0.0.1:161",
)
DESKTOP = exposure_page(
    "PX106",
    Severity.ERROR,
    "a desktop in clear text",
    what="VNC, X11 or XDMCP is reachable over the network.",
    why="Whoever is on the way sees the screen and every key.",
    example="tcp/5900 vnc is reachable by anybody (Xtightvnc)",
    fix="bind it to localhost and come by:  ssh -L 5900:localhost:5900 HOST",
)
MESSAGES = exposure_page(
    "PX107",
    Severity.ADVICE,
    "messages in clear text",
    what="MQTT, AMQP or IRC is reachable without TLS.",
    why="Messages and passwords cross the network as they are, and devices obey what they read.",
    example="tcp/1883 mqtt is reachable by anybody (mosquitto, unit mosquitto.service)",
    fix="listener 8883 with TLS in mosquitto.conf, allow_anonymous false",
)
LEGACY = exposure_page(
    "PX108",
    Severity.ADVICE,
    "a legacy service",
    what="""Something that nobody needs any more is reachable: portmapper, finger, talk, echo, chargen,
    time and the like.""",
    why="They tell strangers about the machine, or send floods at whom a forged packet names.",
    example="tcp/111 sunrpc is reachable by anybody (rpcbind, unit rpcbind.socket)",
    fix="systemctl disable --now rpcbind.socket",
)

PAGES = (SHELLS, FILES, WEB, MAIL, MANAGEMENT, DESKTOP, MESSAGES, LEGACY)

_BY_RISK = {
    Risk.REMOTE_SHELL: SHELLS,
    Risk.FILES: FILES,
    Risk.WEB: WEB,
    Risk.MAIL: MAIL,
    Risk.MANAGEMENT: MANAGEMENT,
    Risk.DESKTOP: DESKTOP,
    Risk.MESSAGES: MESSAGES,
    Risk.LEGACY: LEGACY,
}
_EVEN_INSIDE = frozenset({Risk.REMOTE_SHELL, Risk.FILES, Risk.MANAGEMENT, Risk.DESKTOP})
"""What is told, as advice, where only private addresses reach it."""


def in_clear_text(facts: Facts, shown: tuple[Shown, ...]) -> Iterable[Finding]:
    """No service in clear text is reachable."""
    for each in shown:
        page = _BY_RISK.get(each.kind.risk) if each.kind else None
        if (
            page
            and each.kind
            and concerned(each, inside=each.kind.risk in _EVEN_INSIDE)
            and not _safe(facts, each)
        ):
            yield about(page, each, each.kind.reason)


def concerned(shown: Shown, *, inside: bool = False) -> bool:
    """Whether somebody reaches it who should not."""
    wide = {Scope.ANY, Scope.SOME, Scope.PRIVATE} if inside else {Scope.ANY, Scope.SOME}
    return shown.reach.scope in wide


def _safe(facts: Facts, shown: Shown) -> bool:
    """Whether the service itself said, or its settings say, that nothing crosses the network as it is."""
    if shown.kind is None:
        return False
    if shown.kind.name == "snmp":
        return facts.snmp_communities is False
    said = facts.answer(shown.listener)
    match shown.kind.name:
        case "http":
            return sends_on_to_https(said)
        case "ftp" | "pop3" | "imap" | "submission":
            return "TLS ONLY" in said
        case "smtp":
            return "STARTTLS" in said
        case _:
            return False


def sends_on_to_https(said: str) -> bool:
    """Whether an HTTP server only sends visitors on: a redirection to https (RFC 9110 §15.4)."""
    lines = said.splitlines()
    status = lines[0].split()[1:2] if lines else []
    to_https = any(line.lower().startswith("location: https://") for line in lines)
    return to_https and status in (["301"], ["302"], ["307"], ["308"])


def about(page: Page, shown: Shown, reason: str, severity: Severity | None = None) -> Finding:
    """Make a finding about a listener: who reaches it, which program, and all that mends it."""
    severity = severity or (Severity.ADVICE if shown.reach.scope is Scope.PRIVATE else page.severity)
    sentence = f"{label(shown)} is {reached_by(shown)}{held_by(shown)}. {reason}"
    return Finding(
        page, severity, label(shown), sentence.rstrip(". "), tuple(remedies(shown)), shown.listener
    )


def label(shown: Shown) -> str:
    """`tcp/23 telnet`."""
    return f"{shown.listener.spelled} {shown.name}".strip()


def reached_by(shown: Shown) -> str:
    """Say who reaches it."""
    reach = shown.reach
    perhaps = "" if reach.any is Answer.OPEN or reach.scope is not Scope.ANY else "perhaps "
    match reach.scope:
        case Scope.ANY:
            versions = [
                f"IPv{version}" for version, answer in reach.strangers.items() if answer is not Answer.CLOSED
            ]
            only = f" over {versions[0]}" if len(versions) == 1 and len(shown.listener.families) == 2 else ""
            return f"{perhaps}reachable by anybody{only}"
        case Scope.SOME:
            return f"reachable from {', '.join(map(str, reach.networks[:4]))}"
        case Scope.PRIVATE:
            return "reachable from private addresses"
        case Scope.LOOPBACK:
            return "reachable from this host only"
    return "closed to the network"


def held_by(shown: Shown) -> str:
    """Say which program and unit hold it."""
    programs = list(dict.fromkeys(each.name for each in shown.listener.programs))
    words = [*programs[:3], *([f"unit {shown.listener.unit}"] if shown.listener.unit else [])]
    return f" ({', '.join(words)})" if words else ""


def remedies(shown: Shown) -> Iterator[Remedy]:
    """All that closes a listener, the best first, as `harden` chooses: switch it off, guard it, or set it otherwise."""
    off = _switched_off(shown)
    behind = guarded(shown.name or "service", shown.listener.spelled)
    best_off = is_best_off(shown.name, shown.kind.risk if shown.kind else None)
    yield from (*off, behind) if best_off else (behind, *off)
    if shown.kind and shown.kind.instead:
        yield setting(shown.kind.instead)


def _switched_off(shown: Shown) -> tuple[Remedy, ...]:
    """The command that switches a service off; none for a login, by which one may have come."""
    unit = shown.listener.unit
    if shown.kind and shown.kind.risk is Risk.LOGIN:
        return ()
    if any(each.name in _SUPER_SERVERS for each in shown.listener.programs):
        return (command(f"update-inetd --disable {_INETD_NAMES.get(shown.name, shown.name)}"),)
    ours = unit.endswith((".service", ".socket")) and not unit.startswith(("user@", "docker", "containerd"))
    return (command(f"systemctl disable --now {unit}"),) if ours else ()


_SUPER_SERVERS = frozenset({"inetd", "inetutils-inetd"})
"""They start other servers: switching them off would end all of these."""

_INETD_NAMES = {"rlogin": "login", "rsh": "shell", "rexec": "exec"}
"""What /etc/services, and so inetd.conf, calls them."""

RULES = (in_clear_text,)

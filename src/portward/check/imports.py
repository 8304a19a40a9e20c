"""The pages of the codes that the importers and the RouterOS writer give; the diagnostics are made where they read.

An example here is a text of the other system, not a policy; a test imports each and sees the code.
"""

from portward.check.page import Page, page
from portward.errors import Severity


KNOCKS = """/ip firewall filter
add chain=input action=accept connection-state=established,related
add chain=input action=accept src-address-list=safe
add chain=input action=add-src-to-address-list address-list=one address-list-timeout=10s protocol=tcp dst-port=4021
add chain=input action=add-src-to-address-list address-list=two address-list-timeout=10s protocol=tcp dst-port=917 \\
    src-address-list=one
add chain=input action=add-src-to-address-list address-list=safe address-list-timeout=1h protocol=tcp dst-port=2750 \\
    src-address-list=two
add chain=input action=drop
"""
"""A sequence of three knocks as RouterOS wants it, with nothing to say about it."""

DOOR = """[options]
UseSyslog

[ssh]
sequence = 7031,4120
seq_timeout = 5
tcpflags = syn
start_command = /sbin/iptables -A INPUT -s %IP% -p tcp --dport 22 -j ACCEPT
cmd_timeout = 60
stop_command = /sbin/iptables -D INPUT -s %IP% -p tcp --dport 22 -j ACCEPT
"""
"""A door that knockd and portward mean the same by, as far as they can."""


def routeros(  # noqa: PLR0913 - the headings of a page
    code: str, severity: Severity, title: str, *, what: str, why: str, example: str, fix: str = KNOCKS
) -> Page:
    """Make a page whose example is a RouterOS script."""
    return page(code, severity, title, what=what, why=why, example=example, fix=fix, by_hand=True)


def changed(before: str, after: str) -> str:
    """Make a script that differs from `KNOCKS` in one place."""
    return KNOCKS.replace(before, after)


ROUTEROS = (
    routeros(
        "PW500",
        Severity.ERROR,
        "the file is no text",
        what="The bytes are neither UTF-8, UTF-16 nor a Windows code page's text.",
        why="A backup file of RouterOS is binary. Only `/export` writes text.",
        example="(a file of binary zeros)",
    ),
    routeros(
        "PW501",
        Severity.ADVICE,
        "damaged text was mended",
        what="""Web pages turn quotes round, drop spaces and wrap lines. What was meant is clear, and is told with
        what was there and what it was read as. Under `--strict` it is an error.""",
        why="A router would refuse the line, or do something else. Read the mends before you trust the policy.",
        example=changed("chain=input action=drop", "comment=”the rest”chain=input action=drop"),
    ),
    routeros(
        "PW502",
        Severity.NOTE,
        "marks that are no RouterOS were passed over",
        what="List numbers, prompts and unusual spaces around a command.",
        why="Nothing else can have been meant.",
        example=changed("add chain=input action=drop", "6. /ip firewall filter add chain=input action=drop"),
    ),
    routeros(
        "PW503",
        Severity.ERROR,
        "a router refuses this statement",
        what="A port over 65535, an unknown property, a value that cannot be.",
        why="The rule would not exist on the router, so it is not in the policy.",
        example=changed("dst-port=917", "dst-port=91700"),
    ),
    routeros(
        "PW504",
        Severity.ERROR,
        "packets depend on this, and it is not in the policy",
        what="A statement that was understood, or not, and that has no place in a policy.",
        why="The policy lets other packets through than the router does. The exit code is 1.",
        example=changed(
            "add chain=input action=drop\n",
            "add chain=input action=accept protocol=tcp dst-port=8291 limit=5,5\nadd chain=input action=drop\n",
        ),
    ),
    routeros(
        "PW505",
        Severity.NOTE,
        "lines that are no RouterOS",
        what="Prose around the commands.",
        why="It is named so that nothing is lost in silence.",
        example="The rules that follow are for the router in the hall.\n" + KNOCKS,
    ),
    routeros(
        "PW506",
        Severity.ERROR,
        "no knock sequence was found",
        what="No chain of address lists leads to a list that is accepted. No policy is written.",
        why="A lockdown without a sequence would shut everybody out.",
        example="/ip firewall filter\nadd chain=input action=drop\n",
    ),
    routeros(
        "PW520",
        Severity.ADVICE,
        "the order of the knocks is not enforced",
        what="A stage's rule does not ask for the list of the stage before.",
        why="Any order opens then, which takes a factor from the sequence for every knock.",
        example="""/ip firewall filter
add chain=input action=accept connection-state=established,related
add chain=input action=add-src-to-address-list address-list=a address-list-timeout=10s protocol=tcp dst-port=4021
add chain=input action=add-src-to-address-list address-list=b address-list-timeout=10s protocol=tcp dst-port=917
add chain=input action=drop protocol=tcp dst-port=2750 src-address-list=!a
add chain=input action=add-src-to-address-list address-list=safe address-list-timeout=1h protocol=tcp dst-port=2750 \\
    src-address-list=b
add chain=input action=accept src-address-list=safe
add chain=input action=drop
""",
    ),
    routeros(
        "PW521",
        Severity.ADVICE,
        "a stage is renewed by accident",
        what="Packets that are no knock put a source into a stage's list, or renew it there.",
        why="The step timeout then never ends for somebody who keeps sending.",
        example="""/ip firewall filter
add chain=input action=accept connection-state=established,related
add chain=input action=add-src-to-address-list address-list=one address-list-timeout=10s protocol=tcp dst-port=4021
add chain=input action=add-src-to-address-list address-list=one address-list-timeout=10s src-address-list=one
add chain=input action=add-src-to-address-list address-list=safe address-list-timeout=1h protocol=tcp dst-port=917 \\
    src-address-list=one
add chain=input action=accept src-address-list=safe
add chain=input action=drop
""",
    ),
    routeros(
        "PW522",
        Severity.ADVICE,
        "a list is asked for that nothing fills",
        what="`src-address-list` names a list that no rule and no entry fills.",
        why="Names of lists are case-sensitive; one letter wrong, and the stage never counts.",
        example=changed(
            "add chain=input action=drop",
            "add chain=input action=drop src-address-list=Safe\nadd chain=input action=drop",
        ),
    ),
    routeros(
        "PW523",
        Severity.ADVICE,
        "nothing is closed",
        what="No rule drops what the knock opens.",
        why="RouterOS accepts what no rule decides about: the knock opens a door that was never shut.",
        example=changed("add chain=input action=drop\n", ""),
    ),
    routeros(
        "PW524",
        Severity.ADVICE,
        "a rule below the drop",
        what="A rule stands behind the one that drops all that is left.",
        why="No packet reaches it. New rules land at the end when they are added without `place-before`.",
        example=changed("add chain=input action=accept src-address-list=safe\n", "")
        + "add chain=input action=accept src-address-list=safe\n",
    ),
    routeros(
        "PW525",
        Severity.ADVICE,
        "a list is filled and never used",
        what="A rule puts sources into a list that no rule asks for.",
        why="Often the accept was left out, or its list is misspelt.",
        example=changed("add chain=input action=accept src-address-list=safe\n", ""),
    ),
    routeros(
        "PW526",
        Severity.ADVICE,
        "one scan opens the sequence",
        what="The ports only rise, or only fall.",
        why="RouterOS does not mind wrong ports in between, so one plain scan meets all knocks in order.",
        example=changed("dst-port=2750", "dst-port=275"),
    ),
    routeros(
        "PW527",
        Severity.ADVICE,
        "one packet passes several stages",
        what="Two stages have the same port, and the earlier stage's rule stands above the later one's.",
        why="""A list is filled at once, and the next rule sees it for the same packet. Write the last stage first.""",
        example=changed("dst-port=917", "dst-port=4021,917"),
    ),
    routeros(
        "PW528",
        Severity.ADVICE,
        "a knock that never counts",
        what="A rule above decides about the packet, or no jump leads to the chain.",
        why="The sequence cannot be finished.",
        example=changed(
            "add chain=input action=accept src-address-list=safe\n",
            "add chain=input action=accept src-address-list=safe\n"
            "add chain=input action=accept protocol=tcp dst-port=917\n",
        ),
    ),
    routeros(
        "PW529",
        Severity.ADVICE,
        "a step of the knock is disabled",
        what="A rule of the chain has `disabled=yes`.",
        why="As it stands nobody gets in.",
        example=changed("address-list-timeout=1h protocol", "disabled=yes address-list-timeout=1h protocol"),
    ),
    routeros(
        "PW530",
        Severity.ADVICE,
        "the policy means something else here",
        what="A condition of the router's rule has no place in a policy. Under `--exact-meaning` it is an error.",
        why="What the policy says instead is told beside it.",
        example=changed("dst-port=4021", "dst-port=4021 in-interface=ether1"),
    ),
)

POLICY_FOR_A_ROUTER = """
schema = 1
[defaults]
mode = "lockdown"
step_timeout = "10s"
[services.ssh]
ports = ["tcp/22"]
[sequences.admin]
opens = ["ssh"]
knocks = ["tcp/41207", "udp/7731", "icmp/211", "tcp/18854"]
"""

EXPORT = (
    page(
        "PW541",
        Severity.ERROR,
        "RouterOS cannot do this",
        what="The policy asks for something that no rule of RouterOS says. Nothing is written.",
        why="A router that only looks guarded is worse than one that is not.",
        example=POLICY_FOR_A_ROUTER.replace("schema = 1", 'schema = 1\ninterfaces = ["eth*"]'),
        fix=POLICY_FOR_A_ROUTER,
        by_hand=True,
    ),
    page(
        "PW542",
        Severity.ERROR,
        "RouterOS is weaker here",
        what="A router can come close. With `--allow-weaker` the rules are written, and say where they are weaker.",
        why="Somebody has to decide that it is good enough.",
        example=POLICY_FOR_A_ROUTER.replace("udp/7731", "udp/7731=open sesame"),
        fix=POLICY_FOR_A_ROUTER,
        by_hand=True,
    ),
    page(
        "PW543",
        Severity.NOTE,
        "RouterOS differs here",
        what="The router does it another way, with the same packets let through.",
        why="It is told so that nobody is surprised by what the router's own tools show.",
        example=POLICY_FOR_A_ROUTER.replace("schema = 1", 'schema = 1\ninterfaces = ["ether1"]'),
        fix=POLICY_FOR_A_ROUTER,
        by_hand=True,
    ),
)


def knockd(  # noqa: PLR0913 - the headings of a page
    code: str, severity: Severity, title: str, *, what: str, why: str, example: str, fix: str = DOOR
) -> Page:
    """Make a page whose example is a knockd.conf."""
    return page(code, severity, title, what=what, why=why, example=example, fix=fix, by_hand=True)


KNOCKD = (
    knockd(
        "PW651",
        Severity.ERROR,
        "knockd does not start",
        what="The file has what knockd itself refuses. All such places are told at once; no policy is written.",
        why="What would not run there has no meaning to bring here.",
        example=DOOR.replace("7031,4120", "7031,4120:icmp"),
    ),
    knockd(
        "PW652",
        Severity.ADVICE,
        "knockd reads this otherwise than it looks",
        what="A remark behind a value, a number that is none, a section whose name is spelled with a capital.",
        why="knockd takes it without a word and does something else.",
        example=DOOR.replace("seq_timeout = 5", "seq_timeout = 5\nseq_timeout = 9"),
    ),
    knockd(
        "PW653",
        Severity.ERROR,
        "a door is not in the policy",
        what="Its commands open nothing that is known, or its sequence is one that a policy cannot say.",
        why="Who knocks there gets in with knockd and not here. `--opens DOOR=PORTS` says what a script opens.",
        example=DOOR.replace(
            "/sbin/iptables -A INPUT -s %IP% -p tcp --dport 22 -j ACCEPT", "/root/open.sh %IP%"
        ).replace("/sbin/iptables -D INPUT -s %IP% -p tcp --dport 22 -j ACCEPT", "/root/close.sh %IP%"),
    ),
    knockd(
        "PW654",
        Severity.NOTE,
        "a command that portward does not run",
        what="A command beside the firewall's: a mail, a log line.",
        why="A policy runs nothing. The command stands in the policy as a remark.",
        example=DOOR.replace(
            "--dport 22 -j ACCEPT\ncmd_timeout", "--dport 22 -j ACCEPT && /usr/bin/logger in\ncmd_timeout"
        ),
    ),
    knockd(
        "PW655",
        Severity.NOTE,
        "portward differs from knockd here",
        what="The time of a step, another interface, a target address.",
        why="It is told so that nobody is surprised.",
        example=DOOR.replace("tcpflags = syn", "tcpflags = syn\ntarget = 192.0.2.1"),
    ),
)

PAGES = (*ROUTEROS, *EXPORT, *KNOCKD)

"""The rulesets that the bench compares, as values and texts. Pure: loads nothing.

Knock ports of made-up policies lie below 32768 and the strays that the bench sends at or above it, so that a stray is
never a knock, however many sequences there are.
"""

import random
from datetime import timedelta

from portward.policy.net import Knock, PortRange, Protocol
from portward.policy.notation import write_knock
from portward.policy.policy import Mode, Policy, Sequence, Service, Sizes


ARTICLE_KNOCKS = (33333, 22222, 11111)
"""The article's own sequence, all TCP."""

DOOR = 22
"""The guarded TCP port everywhere in the bench."""

FIRST_STRAY = 0x8000
"""No made-up policy knocks on this port or above it."""

BEFORE_TRACKING = -310
"""The priority of portward's first look."""

BEHIND_TRACKING = -150
"""The priority of portward's second look."""

STEP = timedelta(minutes=1)
"""The article's time for each step."""


def made_up_policy(sequences: int, seed: int = 1) -> Policy:
    """Make a strict lockdown policy with that many sequences of 4 random TCP and UDP knocks."""
    chance = random.Random(seed)  # noqa: S311 - a seed makes two runs alike; nothing is secret here
    protocols = (Protocol.TCP, Protocol.UDP)
    return guarding(
        tuple(
            Sequence(
                f"s{number}",
                tuple(Knock(chance.choice(protocols), chance.randrange(1024, FIRST_STRAY)) for _ in range(4)),
                (timedelta(seconds=10),) * 3,
                ("ssh",),
                timedelta(hours=1),
            )
            for number in range(sequences)
        )
    )


def made_up_text(lines: int) -> str:
    """Write a policy file of that many lines, five to a sequence."""
    text = ["schema = 1", "", "[services.ssh]", f'ports = ["tcp/{DOOR}"]', ""]
    for sequence in made_up_policy(lines // 5 - 1).sequences:
        knocks = ", ".join(f'"{write_knock(knock)}"' for knock in sequence.knocks)
        text += [
            f"[sequences.{sequence.name}]",
            f"knocks = [{knocks}]",
            'opens = ["ssh"]',
            'open_for = "1h"',
            "",
        ]
    return "\n".join(text) + "\n"


def article_policy(sizes: Sizes | None = None) -> Policy:
    """Make the policy of the article's rules, with a strict gate around it."""
    knocks = tuple(Knock(Protocol.TCP, port) for port in ARTICLE_KNOCKS)
    return guarding((Sequence("article", knocks, (STEP, STEP), ("ssh",), timedelta(days=7)),), sizes)


def guarding(sequences: tuple[Sequence, ...], sizes: Sizes | None = None) -> Policy:
    """Guard one service in lockdown, strictly."""
    return Policy(
        services=(Service("ssh", (PortRange(Protocol.TCP, DOOR, DOOR),)),),
        sequences=sequences,
        mode=Mode.LOCKDOWN,
        strict=True,
        sizes=sizes or Sizes(),
    )


def bare_drop() -> str:
    """The least that could drop a new TCP packet where portward first looks at it."""
    return base_chain("bare", BEFORE_TRACKING, ["tcp flags & (fin | syn | rst | ack) == syn drop"])


def bare_drop_behind_tracking() -> str:
    """The least that could drop a datagram where portward judges it: behind connection tracking."""
    return base_chain(
        "bare", BEHIND_TRACKING, ["ct state established,related accept", "meta l4proto udp drop"]
    )


def drop_on_arrival() -> str:
    """Drop everything before the stack looks at it: what is left is the cost of sending."""
    return (
        'table netdev bare {\n\tchain first {\n\t\ttype filter hook ingress device "eth0" priority 0; policy accept;\n'
        "\t\tmeta protocol { ip, ip6 } drop\n\t}\n}\n"
    )


def base_chain(table: str, priority: int, rules: list[str], hook: str = "prerouting", sets: str = "") -> str:
    """Lay out a table with one base chain."""
    body = "".join(f"\t\t{rule}\n" for rule in rules)
    head = f"type filter hook {hook} priority {priority}; policy accept;"
    return f"table inet {table} {{\n{sets}\tchain first {{\n\t\t{head}\n{body}\t}}\n}}\n"


def one_rule_per_knock(policy: Policy, *, at_input: bool) -> str:
    """Write a policy's sequences as the article does: a list for each stage, a rule for each knock, then a drop.

    As in RouterOS, `add-src-to-address-list` renews the entry and goes on to the next rule.

    Args:
        policy: its services are taken to be everything, as the article's `trusted` is.
        at_input: where the article has them, behind connection tracking; else where portward first looks.
    """
    stages = [
        stage_list(number, stage)
        for number, sequence in enumerate(policy.sequences)
        for stage in range(1, len(sequence.knocks))
    ]
    rules = ["ct state established,related accept"] if at_input else []
    rules.append("ip saddr @trusted accept")
    for number, sequence in enumerate(policy.sequences):
        rules += knock_rules(number, sequence)
    hook, priority = ("input", 0) if at_input else ("prerouting", BEFORE_TRACKING)
    lists = "".join(address_list(name) for name in (*stages, "trusted"))
    return base_chain("article", priority, [*rules, "drop"], hook, lists)


def stage_list(number: int, stage: int) -> str:
    """Name the article's `port_knock_1`, for many sequences."""
    return f"port_knock_{number}_{stage}"


def address_list(name: str) -> str:
    """Declare one of RouterOS's address lists; smaller than nft's default, which costs 1 MB each."""
    return f"\tset {name} {{\n\t\ttype ipv4_addr\n\t\tsize 4096\n\t\tflags dynamic,timeout\n\t}}\n"


def knock_rules(number: int, sequence: Sequence) -> list[str]:
    """Write one sequence's rules in forward order, as printed; the last one counts how often it opened."""
    rules = []
    for place, knock in enumerate(sequence.knocks, 1):
        before = f"ip saddr @{stage_list(number, place - 1)} " if place > 1 else ""
        last = place == len(sequence.knocks)
        goal = (
            "@trusted { ip saddr timeout 7d } counter"
            if last
            else f"@{stage_list(number, place)} {{ ip saddr timeout 1m }}"
        )
        rules.append(f"{knock.protocol} dport {knock.number} {before}update {goal}")
    return rules


def knockd_host() -> str:
    """The firewall of a host that knockd opens: closed but for those in the set `open`."""
    opened = "\tset open {\n\t\ttype ipv4_addr\n\t\tflags timeout\n\t\ttimeout 1h\n\t}\n"
    rules = [
        'iifname "lo" accept',
        "ct state established,related accept",
        f"ip saddr @open tcp dport {DOOR} accept",
    ]
    return base_chain("knockd", 0, [*rules, "drop"], "input", opened)


def knockd_config(log: str, pid: str, nft: str) -> str:
    """Write knockd.conf for the article's sequence; one door, opened by adding to the set `open`.

    Args:
        log: path of the log file, where each opening is one line with OPEN SESAME.
        pid: path of the PID file.
        nft: path of the nft program.
    """
    ports = ",".join(str(port) for port in ARTICLE_KNOCKS)
    return (
        f"[options]\n\tlogfile = {log}\n\tpidfile = {pid}\n\n"
        f"[door]\n\tsequence = {ports}\n\tseq_timeout = 60\n\ttcpflags = syn\n"
        f"\tstart_command = {nft} add element inet knockd open {{ %IP% }}\n"
    )

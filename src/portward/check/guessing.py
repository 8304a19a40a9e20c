"""Advice on sequences: what makes one easy to guess, to sweep or to meet by accident.

How much each costs an attacker is computed elsewhere, by the reference machine; here are the reasons.
"""

from collections.abc import Iterable
from itertools import pairwise

from portward.check.page import page
from portward.check.well_known import BROWSERS_REFUSE, PRINTED, SCANNED_FIRST
from portward.errors import Diagnostic, Severity, Span
from portward.policy.net import SMALLEST_ECHO_V6, Protocol
from portward.policy.notation import write_knock
from portward.policy.policy import Policy, Sequence


FEWEST = 4
"""Knocks that a sequence should have."""

NEIGHBOURS = 100
"""Ports this near to each other are crossed by one short scan."""

_HEAD = """
    schema = 1
    [services.ssh]
    ports = ["tcp/22"]
    [sequences.admin]
    opens = ["ssh"]
"""
_GOOD = _HEAD + '    knocks = ["tcp/41733", "udp/9121", "icmp/777", "tcp/17021"]\n'

FEW = page(
    "PW202",
    Severity.ADVICE,
    "few knocks",
    what=f"A sequence has fewer than {FEWEST} knocks.",
    why="""Every knock is like another character of a password. With `strict`, who guesses must be right in all of
    them in a row.""",
    example=_HEAD + '    knocks = ["tcp/41733", "udp/9121", "tcp/17021"]\n',
    fix=_GOOD,
)

SCANNABLE = page(
    "PW203",
    Severity.ADVICE,
    "ports in ascending or descending order",
    what="The port numbers of a sequence only rise, or only fall.",
    why="""Scanners try ports in that order, so one scan meets all knocks as they should come. `strict` punishes the
    ports between the knocks, but only there, and only as long as it is on.""",
    example=_HEAD + '    knocks = ["tcp/9121", "udp/17021", "icmp/777", "tcp/41733"]\n',
    fix=_GOOD,
)

NEAR = page(
    "PW204",
    Severity.ADVICE,
    "knocks next to each other",
    what=f"Two knocks that follow each other are of one protocol and within {NEIGHBOURS} of each other.",
    why="""Between them lie few ports, or none, whose touching would be a stray: a scan, or a program that tries one
    port after the other, takes both steps.""",
    example=_HEAD + '    knocks = ["tcp/41733", "tcp/41734", "icmp/777", "udp/17021"]\n',
    fix=_GOOD,
)

ONE_PROTOCOL = page(
    "PW205",
    Severity.ADVICE,
    "one protocol only",
    what="All knocks of a sequence are of one protocol.",
    why="""Scanners do TCP, or UDP, or echo requests, one after the other, seldom mixed. Mixing is like special
    characters in a password.""",
    example=_HEAD + '    knocks = ["tcp/41733", "tcp/9121", "tcp/27777", "tcp/17021"]\n',
    fix=_GOOD,
)

WELL_KNOWN = page(
    "PW206",
    Severity.ADVICE,
    "a sequence from a manual",
    what="The port numbers of a sequence are those of a manual's or an article's example.",
    why="Whoever tries to get past a knock tries these first.",
    example=_HEAD + '    knocks = ["tcp/7000", "tcp/8000", "tcp/9000"]\n',
    fix=_GOOD,
)

AGAIN = page(
    "PW208",
    Severity.ADVICE,
    "a knock twice in one sequence",
    what="The same knock stands twice in a sequence, with others between.",
    why="It adds less than a new one, and a packet that the network repeats late may count in the wrong place.",
    example=_HEAD + '    knocks = ["tcp/41733", "udp/9121", "tcp/41733", "icmp/777"]\n',
    fix=_GOOD,
)

NO_IPV6 = page(
    "PW209",
    Severity.ADVICE,
    "an echo request that IPv6 cannot send",
    what=f"An ICMP knock is shorter than {SMALLEST_ECHO_V6} bytes.",
    why=f"""The size is that of the whole IP packet. The smallest IPv6 echo request has {SMALLEST_ECHO_V6} bytes, 40
    of header and 8 of ICMPv6, so over IPv6 the sequence can never be knocked.""",
    example=_HEAD + '    knocks = ["tcp/41733", "udp/9121", "icmp/40", "tcp/17021"]\n',
    fix=_GOOD,
)

NOT_FROM_BROWSER = page(
    "PW210",
    Severity.NOTE,
    "a port that browsers refuse",
    what="A TCP knock is to a port that no browser opens.",
    why="""The Fetch Standard forbids some eighty ports, so a knock page, or an address typed into a browser, cannot
    send this knock. Every other client can.""",
    example=_HEAD + '    knocks = ["tcp/6000", "udp/9121", "icmp/777", "tcp/17021"]\n',
    fix=_GOOD,
)

SCANNED = page(
    "PW211",
    Severity.ADVICE,
    "a port that every scanner tries first",
    what="A knock is to one of the twenty ports that scanners try before all others.",
    why="""These are touched all day long by the whole internet: as a first knock it puts strangers into
    mid-sequence, as a later one it is the first that is guessed.""",
    example=_HEAD + '    knocks = ["tcp/443", "udp/9121", "icmp/777", "tcp/17021"]\n',
    fix=_GOOD,
)

PAGES = (FEW, SCANNABLE, NEAR, ONE_PROTOCOL, WELL_KNOWN, AGAIN, NO_IPV6, NOT_FROM_BROWSER, SCANNED)


def _knock_span(policy: Policy, sequence: Sequence, *index: int) -> Span | None:
    return policy.places.nearest("sequences", sequence.name, "knocks", *index)


def _port_numbers(sequence: Sequence) -> tuple[int, ...]:
    """The port numbers in order, echo sizes left out."""
    return tuple(knock.number for knock in sequence.knocks if knock.protocol is not Protocol.ICMP)


def enough_knocks(policy: Policy) -> Iterable[Diagnostic]:
    """A sequence has four knocks or more."""
    for sequence in policy.sequences:
        count = len(sequence.knocks)
        if count < FEWEST:
            sentence = f"{sequence.name} has only {count} knock{'' if count == 1 else 's'}"
            yield FEW.at(_knock_span(policy, sequence), sentence, f"make it {FEWEST} or more")


def ports_out_of_order(policy: Policy) -> Iterable[Diagnostic]:
    """Port numbers go up and down."""
    for sequence in policy.sequences:
        numbers = _port_numbers(sequence)
        steps = {after - before for before, after in pairwise(numbers)}
        if len(numbers) < 3 or (min(steps) < 0 < max(steps)) or 0 in steps:
            continue
        order = "ascending" if min(steps) > 0 else "descending"
        regular = ", all equally far apart" if len(steps) == 1 else ""
        sentence = f"the ports of {sequence.name} are in {order} order{regular}: one scan meets them all"
        yield SCANNABLE.at(_knock_span(policy, sequence), sentence, "mix them, such as 41733, 9121, 17021")


def knocks_apart(policy: Policy) -> Iterable[Diagnostic]:
    """Knocks that follow each other are far from each other."""
    for sequence in policy.sequences:
        for index, (before, after) in enumerate(pairwise(sequence.knocks), start=1):
            distance = abs(before.number - after.number)
            if before.protocol is after.protocol and before.protocol.has_ports and 0 < distance <= NEIGHBOURS:
                sentence = f"{write_knock(after, secret=False)} is only {distance} from the knock before it"
                yield NEAR.at(_knock_span(policy, sequence, index), sentence, "choose one farther away")


def protocols_mixed(policy: Policy) -> Iterable[Diagnostic]:
    """A sequence uses more than one protocol."""
    for sequence in policy.sequences:
        if len({knock.protocol for knock in sequence.knocks}) == 1 and len(sequence.knocks) > 1:
            protocol = sequence.knocks[0].protocol
            sentence = f"all knocks of {sequence.name} are {protocol}"
            others = " or ".join(
                str(each) for each in (Protocol.TCP, Protocol.UDP, Protocol.ICMP) if each is not protocol
            )
            yield ONE_PROTOCOL.at(_knock_span(policy, sequence), sentence, f"make some of them {others}")


def not_printed(policy: Policy) -> Iterable[Diagnostic]:
    """A sequence stands in no manual."""
    for sequence in policy.sequences:
        source = PRINTED.get(_port_numbers(sequence))
        if source:
            sentence = f"the ports of {sequence.name} are {source}"
            yield WELL_KNOWN.at(_knock_span(policy, sequence), sentence, "draw your own at random")


def each_knock_once(policy: Policy) -> Iterable[Diagnostic]:
    """No knock stands twice in a sequence; one that follows itself is judged elsewhere."""
    for sequence in policy.sequences:
        for index, knock in enumerate(sequence.knocks):
            if index > 1 and knock in sequence.knocks[: index - 1]:
                sentence = (
                    f"{write_knock(knock, secret=False)} is already knock {sequence.knocks.index(knock) + 1}"
                )
                yield AGAIN.at(_knock_span(policy, sequence, index), sentence, "choose another")


def echoes_fit_ipv6(policy: Policy) -> Iterable[Diagnostic]:
    """An ICMP knock can be sent over IPv6 too."""
    for sequence in policy.sequences:
        for index, knock in enumerate(sequence.knocks):
            if knock.protocol is Protocol.ICMP and knock.number < SMALLEST_ECHO_V6 + len(knock.word):
                sentence = f"no IPv6 echo request is {knock.number} bytes long"
                if knock.word and knock.number >= SMALLEST_ECHO_V6:
                    sentence = f"an IPv6 echo request of {knock.number} bytes has no room for the word"
                hint = f"make it {SMALLEST_ECHO_V6 + len(knock.word)} or more, if IPv6 matters"
                yield NO_IPV6.at(_knock_span(policy, sequence, index), sentence, hint)


def browsers_can_knock(policy: Policy) -> Iterable[Diagnostic]:
    """A TCP knock is to a port that browsers open."""
    for sequence in policy.sequences:
        for index, knock in enumerate(sequence.knocks):
            if knock.protocol is Protocol.TCP and knock.number in BROWSERS_REFUSE:
                sentence = f"no browser opens port {knock.number}: a knock page cannot knock {sequence.name}"
                yield NOT_FROM_BROWSER.at(_knock_span(policy, sequence, index), sentence)


def not_scanned_first(policy: Policy) -> Iterable[Diagnostic]:
    """No knock is to one of the ports that scanners try first."""
    for sequence in policy.sequences:
        for index, knock in enumerate(sequence.knocks):
            if knock.number in SCANNED_FIRST.get(knock.protocol, ()) and not knock.word:
                sentence = f"{write_knock(knock)} is among the first ports that scanners try"
                yield SCANNED.at(
                    _knock_span(policy, sequence, index), sentence, "choose one that nobody knows"
                )


RULES = (
    enough_knocks,
    ports_out_of_order,
    knocks_apart,
    protocols_mixed,
    not_printed,
    each_knock_once,
    echoes_fit_ipv6,
    browsers_can_knock,
    not_scanned_first,
)

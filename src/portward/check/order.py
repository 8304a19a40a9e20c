"""Rules about sequences that cannot mean what they say: shadowed ones, repeated knocks, doors opened twice."""

from collections.abc import Iterable
from itertools import pairwise

from portward.check.page import page
from portward.check.shadow import counts_as, opened_on_the_way
from portward.errors import Diagnostic, Severity
from portward.policy.notation import write_knock
from portward.policy.policy import Policy, Sequence


SHADOWED = page(
    "PW321",
    Severity.ERROR,
    "knocking one sequence opens another",
    what="""The knocks of a sequence are the beginning of another's, or are all among them in the same order, or are
    the same. A knock without a word also counts packets that carry one.""",
    why="""Who knocks the longer one opens the shorter one on the way, so the shorter one's secret is no secret to
    them, and the extra knocks protect nothing that the shorter one opens.""",
    example="""
        schema = 1
        [services.ssh]
        ports = ["tcp/22"]
        [services.web]
        ports = ["tcp/443"]
        [sequences.visitor]
        knocks = ["tcp/4747", "udp/31337"]
        opens = ["web"]
        [sequences.admin]
        knocks = ["tcp/4747", "tcp/9091", "udp/31337", "udp/2600"]
        opens = ["ssh", "web"]
    """,
    fix="""
        schema = 1
        [services.ssh]
        ports = ["tcp/22"]
        [services.web]
        ports = ["tcp/443"]
        [sequences.visitor]
        knocks = ["tcp/4747", "udp/31337"]
        opens = ["web"]
        [sequences.admin]
        knocks = ["udp/31337", "tcp/9091", "tcp/4747", "udp/2600"]
        opens = ["ssh", "web"]
    """,
)

REPEATED = page(
    "PW322",
    Severity.ERROR,
    "the same knock twice in a row",
    what="Two knocks that follow each other are the same packet.",
    why="""A client sends a SYN up to four times when nobody answers, and a browser opens a second connection: the
    repeat would count as the next knock, so the two are worth one. Without `strict` this is advice.""",
    example="""
        schema = 1
        [services.ssh]
        ports = ["tcp/22"]
        [sequences.admin]
        knocks = ["tcp/4747", "tcp/4747", "udp/31337", "udp/2600"]
        opens = ["ssh"]
    """,
    fix="""
        schema = 1
        [services.ssh]
        ports = ["tcp/22"]
        [sequences.admin]
        knocks = ["tcp/4747", "udp/9090", "tcp/31337", "udp/2600"]
        opens = ["ssh"]
    """,
)

OPENED_TWICE = page(
    "PW323",
    Severity.ERROR,
    "a sequence opens a service twice",
    what="A service's name stands twice in `opens`.",
    why="The second one means nothing; often another service was meant.",
    example="""
        schema = 1
        [services.ssh]
        ports = ["tcp/22"]
        [sequences.admin]
        knocks = ["tcp/4747", "udp/9090", "tcp/31337", "udp/2600"]
        opens = ["ssh", "ssh"]
    """,
    fix="""
        schema = 1
        [services.ssh]
        ports = ["tcp/22"]
        [sequences.admin]
        knocks = ["tcp/4747", "udp/9090", "tcp/31337", "udp/2600"]
        opens = ["ssh"]
    """,
)

PAGES = (SHADOWED, REPEATED, OPENED_TWICE)


def not_shadowed(policy: Policy) -> Iterable[Diagnostic]:
    """No sequence opens while another is knocked."""
    for place, others in opened_on_the_way(policy.sequences):
        longer, shorter = policy.sequences[place], policy.sequences[others[0]]
        more = f", and {len(others) - 1} more besides" if len(others) > 1 else ""
        span = policy.places.nearest("sequences", longer.name, "knocks")
        hint = f"{shorter.name} is at {policy.places.nearest('sequences', shorter.name, 'knocks')}"
        yield SHADOWED.at(span, _relation(longer, shorter) + more, hint)


def _relation(longer: Sequence, shorter: Sequence) -> str:
    """Say how the two hang together."""
    if longer.knocks == shorter.knocks:
        return f"{longer.name} has the same knocks as {shorter.name}"
    met = f"who knocks {longer.name} opens {shorter.name} on the way"
    if all(map(counts_as, longer.knocks, shorter.knocks)):
        return f"{shorter.name} is the beginning of {longer.name}: {met}"
    return f"the knocks of {shorter.name} are among those of {longer.name}, in order: {met}"


def no_repeat(policy: Policy) -> Iterable[Diagnostic]:
    """No knock is followed by one that the repeat of the first would be."""
    severity = Severity.ERROR if policy.strict else Severity.ADVICE
    for sequence in policy.sequences:
        for index, (before, after) in enumerate(pairwise(sequence.knocks), start=1):
            if counts_as(before, after):
                span = policy.places.nearest("sequences", sequence.name, "knocks", index)
                name = write_knock(after, secret=False)
                sentence = f"{name} follows itself: a repeated packet counts as both knocks"
                yield REPEATED.at(span, sentence, "put another knock between them", severity)


def opens_each_once(policy: Policy) -> Iterable[Diagnostic]:
    """A sequence names each service once."""
    for sequence in policy.sequences:
        for index, name in enumerate(sequence.opens):
            if name in sequence.opens[:index]:
                span = policy.places.nearest("sequences", sequence.name, "opens", index)
                yield OPENED_TWICE.at(span, f"{sequence.name} opens {name} twice", "leave one out")


RULES = (not_shadowed, no_repeat, opens_each_once)

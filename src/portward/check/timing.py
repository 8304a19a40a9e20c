"""Advice on times and strictness: slow steps, long grants, penalties too short or too long, strict off."""

from collections.abc import Iterable
from datetime import timedelta

from portward.check.page import page
from portward.errors import Diagnostic, Severity, Span
from portward.policy.notation import write_duration
from portward.policy.policy import PlacePath, Policy, Sequence


SLOW = timedelta(seconds=15)
"""A step that takes longer is no program's; three lost SYNs are sent again within 7 seconds (RFC 6298 §2)."""

LONG_GRANT = timedelta(days=30)
LONG_PENALTY = timedelta(minutes=5)

_GATE = """
    schema = 1
    [services.ssh]
    ports = ["tcp/22"]
    [sequences.admin]
    knocks = ["tcp/41733", "udp/9121", "icmp/777", "tcp/17021"]
    opens = ["ssh"]
"""

SLOW_STEP = page(
    "PW201",
    Severity.ADVICE,
    "a slow step",
    what=f"A step timeout is longer than {write_duration(SLOW)}.",
    why="""The longer a stage lives, the more tries a stranger has for the next knock, and the longer a source stays in
    mid-sequence, where its own stray packets are punished. A few seconds are enough for any program; people who knock
    by hand with a browser may need more.""",
    example=_GATE + '    step_timeout = "60s"\n',
    fix=_GATE + '    step_timeout = "5s"\n',
)

LONG_OPEN = page(
    "PW212",
    Severity.ADVICE,
    "a door that stays open for long",
    what=f"`open_for` is longer than {write_duration(LONG_GRANT)}.",
    why="""Addresses change hands: after weeks, the next customer of the same provider walks in. Established
    connections go on when a grant ends, and knocking again renews it.""",
    example=_GATE + '    open_for = "8w"\n',
    fix=_GATE + '    open_for = "7d"\n',
)

SHORT_PENALTY = page(
    "PW404",
    Severity.ADVICE,
    "a penalty shorter than a step",
    what="With `strict`, `penalty` is shorter than the longest step timeout.",
    why="""A penalty takes away no stage that is there. If the stage outlives the penalty, a scanner waits it out and
    goes on with its guesses where it was; if not, every wrong guess sends it back to the start.""",
    example=_GATE.replace("[services", '[defaults]\n    penalty = "5s"\n    [services'),
    fix=_GATE.replace("[services", '[defaults]\n    penalty = "10s"\n    [services'),
)

LONG_PENALTY_PAGE = page(
    "PW405",
    Severity.ADVICE,
    "a long penalty",
    what=f"With `strict`, `penalty` is longer than {write_duration(LONG_PENALTY)}.",
    why="""Whoever can send packets with a forged source can spend the penalty on somebody else, who then cannot
    knock. One as long as the longest step protects just as well.""",
    example=_GATE.replace("[services", '[defaults]\n    penalty = "1h"\n    [services'),
    fix=_GATE.replace("[services", '[defaults]\n    penalty = "1m"\n    [services'),
)

NOT_STRICT = page(
    "PW406",
    Severity.ADVICE,
    "strict is off",
    what="`strict = false`: wrong packets between the knocks go unpunished.",
    why="""A sequence of n ports then costs n sweeps over all 2^16 ports, a few seconds each, and not 2^(16n): every
    sweep meets the next knock somewhere. It is how RouterOS's rules and knockd work.""",
    example=_GATE.replace("[services", "[defaults]\n    strict = false\n    [services"),
    fix=_GATE.replace("[services", "[defaults]\n    strict = true\n    [services"),
)

PAGES = (SLOW_STEP, LONG_OPEN, SHORT_PENALTY, LONG_PENALTY_PAGE, NOT_STRICT)


def _span(policy: Policy, sequence: Sequence, key: str, *index: int) -> Span | None:
    """Where a sequence's time stands: its own, or the default that it takes."""
    own: PlacePath = ("sequences", sequence.name, key)
    for path in ((*own, *index), own, ("defaults", key)):
        if path in policy.places:
            return policy.places[path]
    return policy.places.nearest("sequences", sequence.name)


def quick_steps(policy: Policy) -> Iterable[Diagnostic]:
    """Steps take a few seconds; a default is told once."""
    told = set()
    for sequence in policy.sequences:
        for index, step in enumerate(sequence.step_timeouts):
            span = _span(policy, sequence, "step_timeout", index)
            if step > SLOW and (span is None or span not in told):
                told.add(span)
                sentence = f"a step of {write_duration(step)} is slow"
                yield SLOW_STEP.at(span, sentence, "5s to 10s are enough for a program")


def short_grants(policy: Policy) -> Iterable[Diagnostic]:
    """A grant ends within a month; a default is told once."""
    told = set()
    for sequence in policy.sequences:
        span = _span(policy, sequence, "open_for")
        if sequence.open_for > LONG_GRANT and (span is None or span not in told):
            told.add(span)
            sentence = f"a grant of {write_duration(sequence.open_for)} may outlive its owner's address"
            yield LONG_OPEN.at(span, sentence, "days are enough: knocking again renews it")


def penalty_outlives_stages(policy: Policy) -> Iterable[Diagnostic]:
    """A penalty is at least as long as the longest step."""
    longest = max((step for each in policy.sequences for step in each.step_timeouts), default=timedelta())
    if policy.strict and policy.penalty < longest:
        sentence = (
            f"the penalty of {write_duration(policy.penalty)} is shorter than the longest step, "
            f"{write_duration(longest)}: a stage survives it"
        )
        hint = f"make it {write_duration(longest)}, or the steps shorter"
        yield SHORT_PENALTY.at(policy.places.nearest("defaults", "penalty"), sentence, hint)


def penalty_not_long(policy: Policy) -> Iterable[Diagnostic]:
    """A penalty, which a forger can spend on others, is no longer than some minutes."""
    if policy.strict and policy.sequences and policy.penalty > LONG_PENALTY:
        sentence = f"a penalty of {write_duration(policy.penalty)} can be spent on others by forged packets"
        hint = "as long as the longest step is long enough"
        yield LONG_PENALTY_PAGE.at(policy.places.nearest("defaults", "penalty"), sentence, hint)


def strict_is_on(policy: Policy) -> Iterable[Diagnostic]:
    """Strict is on."""
    if policy.sequences and not policy.strict:
        sentence = "without strict, plain port scans open sequences: n ports cost n sweeps"
        yield NOT_STRICT.at(policy.places.nearest("defaults", "strict"), sentence, "strict = true")


RULES = (quick_steps, short_grants, penalty_outlives_stages, penalty_not_long, strict_is_on)

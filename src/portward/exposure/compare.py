"""Holds what was seen from outside against what an audit inside believed. Pure."""

from collections.abc import Iterable, Iterator

from portward.errors import Severity
from portward.exposure.finding import Finding, command, guarded
from portward.exposure.headings import exposure_page
from portward.exposure.passage import Answer
from portward.exposure.reach import is_private
from portward.exposure.record import Believed
from portward.exposure.scan import Sighting, State
from portward.policy.net import Address, Protocol


NOT_CLOSED = exposure_page(
    "PX601",
    Severity.ERROR,
    "believed closed, and open",
    what="The audit on the host says that this visitor cannot get to a port, but it answers.",
    why="Whoever relies on the audit relies on a door that is not shut; or the audit is older than the rules.",
    example="198.51.100.1 tcp/6379 answers (redis), but the audit believes it closed",
    fix="look for what lets it through:  portward audit  on the host once more, then  nft list ruleset",
)
NOT_SEEN = exposure_page(
    "PX602",
    Severity.ERROR,
    "open, and unknown to the audit",
    what="A port answers on which, by the audit, nothing listens.",
    why="""Something in front of the host answers for it, something in another network namespace is published, or it was
    started after the audit.""",
    example="198.51.100.1 tcp/8443 answers (tls), but the audit knows of nothing there",
    fix="audit again; then look at the router or load balancer in front of the host",
)
NOW_SURE = exposure_page(
    "PX603",
    Severity.ADVICE,
    "the audit was not sure: it is open",
    what="The audit could not tell whether a port is open; from here it is.",
    why="Rules that an audit cannot read are rules that a person may have misread too.",
    example="198.51.100.1 tcp/9999 answers; the audit was not sure",
    fix='guard it, or say that it is meant:  public = ["tcp/9999"]',
)
LESS_OPEN = exposure_page(
    "PX604",
    Severity.NOTE,
    "believed open, and silent",
    what="The audit says that this visitor gets to a TCP port, but it does not answer.",
    why="Something on the way closes it. That is well, as long as it stays there.",
    example="198.51.100.1 tcp/80 does not answer, though the audit believes it open",
    fix="nothing, if a firewall in front of the host is meant to close it",
)

PAGES = (NOT_CLOSED, NOT_SEEN, NOW_SURE, LESS_OPEN)


def compare(
    believed: Iterable[Believed], sightings: Iterable[Sighting], visitor: Address
) -> tuple[Finding, ...]:
    """What audit believes closed must be closed.

    Args:
        believed: what the audit said, one or more for each port.
        sightings: what was seen from outside.
        visitor: the address that the looks came from; what holds for it is what counts.
    """
    by_port: dict[tuple[Protocol, int], list[Believed]] = {}
    for each in believed:
        for port in (each.port, *each.outside):
            by_port.setdefault((each.protocol, port), []).append(each)
    return tuple(
        finding
        for seen in sightings
        for finding in _judge(seen, by_port.get((seen.target.protocol, seen.target.port), []), visitor)
    )


def expected(rows: Iterable[Believed], visitor: Address) -> Answer:
    """How this visitor should fare: as well as at the most open of the sockets on that port."""
    answers = {_expected(each, visitor) for each in rows}
    return next((each for each in (Answer.OPEN, Answer.UNSURE) if each in answers), Answer.CLOSED)


def _expected(row: Believed, visitor: Address) -> Answer:
    if any(visitor.version == each.version and visitor in each for each in row.networks):
        return Answer.OPEN
    return row.private if is_private(visitor) else row.strangers.get(visitor.version, Answer.CLOSED)


def _judge(seen: Sighting, rows: list[Believed], visitor: Address) -> Iterator[Finding]:
    port = f"{seen.target.protocol}/{seen.target.port}"
    place = f"{seen.address} {port}"
    answers = f"{place} answers{f' ({seen.name})' if seen.name else ''}"
    answer = expected(rows, visitor)
    if seen.state is not State.OPEN:
        if answer is Answer.OPEN and seen.target.protocol is Protocol.TCP:
            sentence = (
                f"{place} does not answer ({seen.state}), though the audit believes it open to {visitor}"
            )
            yield Finding(LESS_OPEN, LESS_OPEN.severity, place, sentence)
    elif not rows:
        sentence = f"{answers}, but the audit knows of nothing there"
        yield Finding(NOT_SEEN, NOT_SEEN.severity, place, sentence, (command("portward audit"),))
    elif answer is Answer.CLOSED:
        sentence = f"{answers}, but the audit believes it closed to {visitor} (unless it has knocked)"
        remedy = guarded(seen.name or rows[0].name, port)
        yield Finding(NOT_CLOSED, NOT_CLOSED.severity, place, sentence, (command("portward audit"), remedy))
    elif answer is Answer.UNSURE:
        remedy = guarded(seen.name or rows[0].name, port)
        yield Finding(NOW_SURE, NOW_SURE.severity, place, f"{answers}; the audit was not sure", (remedy,))

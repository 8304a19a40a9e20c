"""What the machine says of a packet: a verdict, and why, in the words of docs/meaning.md. Pure data."""

import enum

import attrs

from portward.errors import Span
from portward.policy.net import Address, Network
from portward.simulate.state import State


class Verdict(enum.StrEnum):
    """What becomes of a packet."""

    LEAVE = "leave"
    """Our table says nothing; the host's own stack and its other tables go on with it."""
    DROP = "drop"
    """Final."""


@attrs.frozen
class Reason:
    """One sentence of a judgement.

    Attributes:
        line: the line of "The order of judgement" it comes from: "1" to "7", "1.1", "5.0" to "5.6".
        text: for people; lower-case start, no full stop; never holds a word.
        service: the service that it is about, or empty.
        sequence: the sequence that it is about, or empty.
        place: which of the sequence's knocks, from 1 on; 0 if there is none.
        span: where in the policy.
        person: whose pass or rolling sequence it is about, or empty; with a place it is a rolling sequence.
    """

    line: str
    text: str
    service: str = ""
    sequence: str = ""
    place: int = 0
    span: Span | None = None
    person: str = ""


@attrs.frozen
class Grant:
    """A door that a packet opened, or opened anew.

    Attributes:
        service: its name, or `*` for everything.
        sequence: the sequence that opened it; empty for a key.
        network: whom it is open for.
        until: in seconds, by the clock of the packets.
        person: whose pass or rolling sequence opened it; empty for a sequence of the policy.
    """

    service: str
    sequence: str
    network: Network
    until: float
    person: str = ""


@attrs.frozen
class Stage:
    """A stage that a packet reached, or reached anew.

    Attributes:
        sequence: its name; empty for a rolling one.
        place: which stage, from 1 on.
        source: who reached it.
        until: in seconds, by the clock of the packets.
        person: whose rolling sequence it is; empty for a sequence of the policy.
    """

    sequence: str
    place: int
    source: Address
    until: float
    person: str = ""


@attrs.frozen
class Judgement:
    """All that a packet brought about.

    Attributes:
        state: the memory of the gate after the packet.
        verdict: see `Verdict`.
        reasons: why, in the order in which it was found out; the last one decided.
        granted: doors opened.
        reached: stages reached.
        stray: whether it was a stray, whoever sent it.
        penalised: whether it put its source under penalty, or kept it there for longer.
    """

    state: State
    verdict: Verdict
    reasons: tuple[Reason, ...]
    granted: tuple[Grant, ...] = ()
    reached: tuple[Stage, ...] = ()
    stray: bool = False
    penalised: bool = False

    @property
    def line(self) -> str:
        """The line of "The order of judgement" that decided."""
        return self.reasons[-1].line

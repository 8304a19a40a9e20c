"""How strong a sequence is: what guessing it would cost, and what sweeping costs, which is often much less.

The bits are counted, the sweeps are run through the reference machine (see `sweep`). Each sequence is
measured as if it were the gate's only one: the penalties that a scanner earns at the others would only
protect it.
"""

import math
from itertools import pairwise

import attrs

from portward.policy.net import Protocol
from portward.policy.policy import Policy, Sequence
from portward.simulate.machine import Machine
from portward.simulate.ports import Ground, survey
from portward.simulate.sweep import BOUND, ORDERS, RATE, WHOLE, Field, Space, lay_out, run


BUDGET = 12_000
"""Packets that the machine judges for one policy: a quarter of a second, enough for some 150 sequences."""


@attrs.frozen
class Sweep:
    """What one kind of scanner needed.

    Attributes:
        name: ascending, descending, random or repeated.
        packets: sent until a door opened; None if none did.
        seconds: the same at `sweep.RATE`.
        opened: whether a door opened.
    """

    name: str
    packets: int | None
    seconds: float | None
    opened: bool


@attrs.frozen
class Strength:
    """How strong one sequence is.

    Attributes:
        sequence: its name.
        bits: of all knocks and words together, for who must guess them all at once and in order.
        word_bits: how many of them are its words' at most, 8 for each byte, if the words are random.
        sweeps: empty if none was run (see `BUDGET`).
        strict: whether its policy punishes strays.
    """

    sequence: str
    bits: float
    word_bits: float
    sweeps: tuple[Sweep, ...]
    strict: bool

    @property
    def cheapest(self) -> Sweep | None:
        """The sweep that opens it with the fewest packets; None if none does."""
        return min(
            (each for each in self.sweeps if each.packets), key=lambda each: each.packets or 0, default=None
        )


@attrs.define
class Bench:
    """What the measurements of one policy share; `left` counts down."""

    policy: Policy
    space: Space
    ground: Ground
    kinds: dict[bool, bytes]
    left: int


def measure(policy: Policy, space: Space = WHOLE, budget: int = BUDGET) -> tuple[Strength, ...]:
    """Measure every sequence, in the order of the policy; sweep the most scannable until `budget` ends."""
    bare = attrs.evolve(policy, sequences=(), always=(), interfaces=(), people=())
    kinds = {echo: lay_out(bare, space, echo_strays=echo) for echo in (False, True)}
    bench = Bench(bare, space, survey(bare), kinds, budget)
    swept = {each.name: sweep_all(bench, each) for each in sorted(policy.sequences, key=scannable_first)}
    return tuple(
        Strength(each.name, bits(each, space), word_bits(each), swept[each.name], policy.strict)
        for each in policy.sequences
    )


def word_bits(sequence: Sequence) -> float:
    """Bits of the words, if every byte of them is random."""
    return 8.0 * sum(len(knock.word) for knock in sequence.knocks)


def bits(sequence: Sequence, space: Space = WHOLE) -> float:
    """Bits of a guess that must be right as a whole.

    Each knock is one of the choices of all protocols that the sequence uses; the guesser knows which.
    """
    choices = sum(space.choices(protocol) for protocol in {knock.protocol for knock in sequence.knocks})
    return len(sequence.knocks) * math.log2(choices) + word_bits(sequence)


def scannable_first(sequence: Sequence) -> tuple[int, int, int]:
    """A key that sorts sequences to the front whose knocks a scanner meets in order, few and close."""
    places = [(list(Protocol).index(knock.protocol), knock.number) for knock in sequence.knocks]
    rises = sum(after > before for before, after in pairwise(places))
    numbers = [knock.number for knock in sequence.knocks]
    return min(rises, len(places) - 1 - rises), len(places), max(numbers) - min(numbers)


def sweep_all(bench: Bench, sequence: Sequence) -> tuple[Sweep, ...]:
    """Run all sweeps against one sequence; none if the budget is used up."""
    knocks = [bench.space.number(knock) for knock in sequence.knocks]
    if None in knocks:  # a word, or a size beyond all sweeps: that knock never comes
        return tuple(Sweep(order.name, None, None, opened=False) for order in ORDERS)
    echo_strays = any(knock.protocol is Protocol.ICMP for knock in sequence.knocks)
    machine = Machine(attrs.evolve(bench.policy, sequences=(sequence,)), bench.ground)
    field = Field(
        machine, bench.space, bench.kinds[echo_strays], frozenset(each for each in knocks if each is not None)
    )
    sweeps = []
    for order in ORDERS:
        if bench.left <= 0:
            return ()
        result = run(field, order, RATE, BOUND, bench.left)
        bench.left -= result.judged
        seconds = result.packets / RATE if result.packets else None
        sweeps.append(Sweep(order.name, result.packets, seconds, opened=result.packets is not None))
    return tuple(sweeps) if bench.left > 0 else ()


def summary(strengths: tuple[Strength, ...]) -> str:
    """Write the table for people, and what to make of it."""
    if not strengths:
        return ""
    rows = [("sequence", "bits", *(order.name for order in ORDERS))]
    for each in strengths:
        costs = [cost(sweep) for sweep in each.sweeps] or ["not run"] * len(ORDERS)
        rows.append((each.sequence, f"{each.bits:.0f}", *costs))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join([*lines, "", *remarks(strengths)])


def cost(sweep: Sweep) -> str:
    """Write what a sweep cost: `131,071 (1.3 s)`, or `never`."""
    return (
        f"{sweep.packets:,} ({sweep.seconds:.1f} s)"
        if sweep.packets and sweep.seconds is not None
        else "never"
    )


def remarks(strengths: tuple[Strength, ...]) -> list[str]:
    """Say in plain words what the table means."""
    lines = [
        "bits: what guessing the whole sequence at once costs.",
        "The other columns: packets that a scanner, who does not know it, sends until it is in, and how long",
        f"that takes at {RATE:,} packets a second. never: not within {BOUND:,} packets ({BOUND // RATE} s).",
    ]
    opened = [each for each in strengths if each.cheapest]
    if any(not each.strict for each in opened):
        lines += [
            "Without strict, nothing punishes a wrong packet: a sequence of n ports costs about n sweeps of",
            "2^16 packets, not 2^(16n). Set strict = true.",
        ]
    if close := [each.sequence for each in opened if each.strict]:
        lines += [
            f"Swept open in spite of strict: {', '.join(close)}.",
            "It has one knock, or no stray lies between its knocks: add knocks, apart and out of order.",
        ]
    if worded := [each.sequence for each in strengths if each.word_bits]:
        lines.append(f"Words count 8 bits a byte, which only random ones have: {', '.join(worded)}.")
    if left_out := sum(not each.sweeps for each in strengths):
        swept = f"{len(strengths) - left_out:,} of {len(strengths):,}"
        lines.append(f"Sweeps were run for {swept} sequences, the most scannable first.")
    return lines

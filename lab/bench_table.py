"""What the bench found, as values, and how it is laid out. Pure: knows no clock, no packet and no machine.

A figure is a median with its ratio to a baseline of the same run; a target is a promise and whether it was kept.
"""

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs


@attrs.frozen
class Figure:
    """One line of the table.

    Attributes:
        topic: the heading that it stands under.
        what: what was measured.
        value: in `unit`.
        unit: `ns`, `ms`, `s`, `MB`, `%` or a word for what is counted.
        ratio: to the baseline of the same run; 1.0 for a baseline itself, None where the baseline is zero.
        against: names the baseline; empty for a baseline itself.
        note: what else the reader should know.
    """

    topic: str
    what: str
    value: float
    unit: str
    ratio: float | None = 1.0
    against: str = ""
    note: str = ""


@attrs.frozen
class Target:
    """A promise.

    Attributes:
        promise: one line, with its limit.
        found: what this run found, spelled out.
        reached: whether the promise was kept.
    """

    promise: str
    found: str
    reached: bool


@attrs.frozen
class Report:
    """All that one run of the bench found.

    Attributes:
        facts: of the machine, by name.
        figures: in the order of the table; those of one topic stand together.
        targets: in the order of the list below the table.
    """

    facts: Mapping[str, str]
    figures: Sequence[Figure]
    targets: Sequence[Target]


def interleaved(measures: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Measure everything once in each round, A B C A B C, so that a slow minute of the machine hits all alike."""
    found: dict[str, list[float]] = {name: [] for name in measures}
    for _ in range(rounds):
        for name, measure in measures.items():
            found[name].append(measure())
    return found


def ratio_of(values: Sequence[float], baseline: Sequence[float]) -> float | None:
    """Divide round by round and take the median; None if a baseline is zero.

    Raises:
        ValueError: the rounds do not pair up, or there are none.
    """
    if not values or len(values) != len(baseline):
        msg = f"{len(values)} values and {len(baseline)} of the baseline do not pair up"
        raise ValueError(msg)
    if not all(baseline):
        return None
    return statistics.median(value / base for value, base in zip(values, baseline, strict=True))


def share(part: float, whole: float) -> float:
    """Give a share in percent; 0 of nothing."""
    return 100.0 * part / whole if whole else 0.0


def quotient(value: float, baseline: float) -> float | None:
    """Divide, or give None where the baseline is zero."""
    return value / baseline if baseline else None


def spell_value(value: float, unit: str) -> str:
    """Write a number as precisely as it deserves, with its unit."""
    if value == int(value):
        return f"{int(value):,} {unit}"
    digits = 0 if value >= 1000 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f} {unit}"


def spell_ratio(figure: Figure) -> str:
    """Write a ratio; a baseline says that it is one."""
    if not figure.against:
        return "baseline"
    if figure.ratio is None:
        return "-"
    digits = 2 if figure.ratio < 100 else 0
    return f"x{figure.ratio:,.{digits}f} of {figure.against}"


def lay_out(report: Report) -> str:
    """Make the whole text: the facts, the one table, the targets."""
    rows = [("what", "figure", "ratio", "note")]
    rows += [
        (each.what, spell_value(each.value, each.unit), spell_ratio(each), each.note)
        for each in report.figures
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = [f"{name}: {fact}" for name, fact in report.facts.items()]
    lines += ["", lay_out_row(rows[0], widths), "  ".join("-" * width for width in widths)]
    topic = ""
    for figure, row in zip(report.figures, rows[1:], strict=True):
        if figure.topic != topic:
            topic = figure.topic
            lines.append(f"[{topic}]")
        lines.append(lay_out_row(row, widths))
    if report.targets:
        lines += ["", *lay_out_targets(report.targets)]
    return "\n".join(lines)


def lay_out_row(row: Sequence[str], widths: Sequence[int]) -> str:
    """Set one row: figures to the right, words to the left."""
    what, figure, ratio, note = row
    return f"{what:<{widths[0]}}  {figure:>{widths[1]}}  {ratio:<{widths[2]}}  {note}".rstrip()


def lay_out_targets(targets: Sequence[Target]) -> list[str]:
    """List the targets, kept or not."""
    width = max(len(each.promise) for each in targets)
    return [
        f"{'reached' if each.reached else 'NOT REACHED':<11}  {each.promise:<{width}}  {each.found}"
        for each in targets
    ]


def as_object(report: Report) -> dict[str, Any]:
    """Make the object that `--json` prints."""
    return {
        "schema": 1,
        "facts": dict(report.facts),
        "figures": [attrs.asdict(each) for each in report.figures],
        "targets": [attrs.asdict(each) for each in report.targets],
    }

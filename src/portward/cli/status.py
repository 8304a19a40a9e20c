"""`portward status`: doors, who is in and until when, who is on the way, what was counted, and a trial."""

import argparse
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from portward.apply import trial
from portward.apply.grants import Grant
from portward.apply.overview import Overview, Penalised, PersonHere, Visitor, look
from portward.apply.state import StateDirectory, boot_id, since_boot
from portward.apply.trial import Trial
from portward.apply.wanted import Door
from portward.cli.environment import Environment
from portward.cli.outcome import Outcome
from portward.errors import Diagnostic, HostError, Severity
from portward.policy.notation import write_duration


SHOWN = 50
"""How many sources of each kind people are shown unless they ask for all; programs get 1,000."""
SHOWN_TO_PROGRAMS = 1000

Item = TypeVar("Item")


def run(options: argparse.Namespace, environment: Environment) -> Outcome:
    """Look at the live table and tell what is there."""
    state = StateDirectory(environment.state_directory())
    on_trial, notes = read_records(state)
    confirmed = None if on_trial else readable(state, trial.confirmed)
    seen = look(on_trial.wanted if on_trial else confirmed)
    notes += [note(f"{name}: too many to be listed in a few seconds") for name in seen.unlisted]
    limit = None if options.all else SHOWN_TO_PROGRAMS if options.json else SHOWN
    now = datetime.now(UTC)
    return Outcome(
        text=describe(seen, on_trial, now, limit),
        result=as_result(seen, on_trial, now, limit),
        diagnostics=tuple(notes),
    )


def read_records(state: StateDirectory) -> tuple[Trial | None, list[Diagnostic]]:
    """Read the trial that is pending, without touching it; what cannot be read is told, not fatal."""
    try:
        found = trial.pending(state)
    except HostError as error:
        return None, [note(str(error))]
    current = found is not None and found.boot == boot_id() and found.deadline > since_boot()
    return (found if current else None), []


def readable(state: StateDirectory, read: Callable[[StateDirectory], Item]) -> Item | None:
    """Read a record that is only needed for names."""
    try:
        return read(state)
    except HostError:
        return None


def note(message: str) -> Diagnostic:
    """Make a remark."""
    return Diagnostic("", Severity.NOTE, message)


def describe(seen: Overview, on_trial: Trial | None, now: datetime, limit: int | None) -> str:
    """Lay it out for people."""
    parts = []
    if on_trial:
        parts.append(f"ON TRIAL, undone in {rounded(on_trial.left(since_boot()))} unless confirmed\n")
    parts += [
        section("doors", ("service", "reached at", "opened by"), map(door_row, seen.doors), "no services"),
        limited(
            "who is in",
            ("source", "service", "until", "left"),
            seen.grants,
            lambda g: grant_row(g, now),
            limit,
        ),
        *(
            [limited("people who are in", ("source", "person", "left"), seen.people, person_row, limit)]
            if seen.people
            else []
        ),
        limited("who is on the way", ("source", "stage", "left"), seen.visitors, visitor_row, limit),
        limited("under penalty", ("source", "left"), seen.penalised, penalty_row, limit),
        section(
            "packets", ("counter", "count"), ((n, str(c)) for n, c in sorted(seen.counters.items())), "none"
        ),
    ]
    return "\n".join(parts).rstrip("\n")


def limited(
    title: str,
    heads: Sequence[str],
    items: Sequence[Item],
    row: Callable[[Item], Sequence[str]],
    limit: int | None,
) -> str:
    """Lay out a table of sources, cut at a limit, saying so."""
    shown = items[:limit]
    text = section(f"{title} ({len(items)})", heads, map(row, shown), "nobody")
    if len(shown) < len(items):
        text += f"  … and {len(items) - len(shown)} more; --all shows them\n"
    return text


def section(title: str, heads: Sequence[str], rows: Iterable[Sequence[str]], nothing: str) -> str:
    """Lay out one table with a title, columns aligned."""
    lines = [tuple(row) for row in rows]
    if not lines:
        return f"{title}: {nothing}\n"
    table = [tuple(heads), *lines]
    widths = [max(len(row[column]) for row in table) for column in range(len(heads))]
    laid = [
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    ]
    return "\n".join([f"{title}:", *laid]) + "\n"


def door_row(door: Door) -> tuple[str, str, str]:
    """One service."""
    where = ", ".join(door.ports) or "(policy not on record)"
    if door.hosts:
        where += f" of {', '.join(door.hosts)}"
    return door.service, where, ", ".join(door.opened_by) or "-"


def grant_row(grant: Grant, now: datetime) -> tuple[str, str, str, str]:
    """One source that is in."""
    if grant.left is None:
        return grant.who, grant.service, "for ever", "-"
    until = (now + grant.left).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    return grant.who, grant.service, until, rounded(grant.left)


def visitor_row(visitor: Visitor) -> tuple[str, str, str]:
    """One source in mid-sequence."""
    stage = visitor.stage
    where = f"{stage.sequence}, {stage.stage} of {stage.knocks}" if stage else f"stage {visitor.number:#010x}"
    return visitor.address, where, rounded(visitor.left)


def person_row(here: PersonHere) -> tuple[str, str, str]:
    """Somebody who came in by a key."""
    return here.address, here.name or f"person {here.number:#010x}", rounded(here.left)


def penalty_row(penalised: Penalised) -> tuple[str, str]:
    """One source under penalty."""
    return penalised.address, rounded(penalised.left)


def rounded(left: timedelta | None) -> str:
    """Write a length in whole seconds."""
    return "-" if left is None else write_duration(timedelta(seconds=int(left.total_seconds())))


def as_result(seen: Overview, on_trial: Trial | None, now: datetime, limit: int | None) -> dict[str, Any]:
    """Tell programs the same; `totals` says how many there are where lists are cut."""
    return {
        "trial": {"left": on_trial.left(since_boot()).total_seconds()} if on_trial else None,
        "doors": [door_object(each) for each in seen.doors],
        "grants": [grant_object(each, now) for each in seen.grants[:limit]],
        "mid_sequence": [visitor_object(each) for each in seen.visitors[:limit]],
        "penalties": [
            {"address": each.address, "left": seconds(each.left)} for each in seen.penalised[:limit]
        ],
        "people": [
            {"address": each.address, "person": each.name, "left": seconds(each.left)}
            for each in seen.people[:limit]
        ],
        "counters": dict(seen.counters),
        "totals": {
            "grants": len(seen.grants),
            "mid_sequence": len(seen.visitors),
            "penalties": len(seen.penalised),
            "people": len(seen.people),
        },
        "unlisted": list(seen.unlisted),
    }


def door_object(door: Door) -> dict[str, Any]:
    """One service."""
    return {
        "service": door.service,
        "ports": list(door.ports),
        "hosts": list(door.hosts),
        "opened_by": list(door.opened_by),
    }


def grant_object(grant: Grant, now: datetime) -> dict[str, Any]:
    """One source that is in."""
    until = None if grant.left is None else (now + grant.left).isoformat(timespec="seconds")
    return {"service": grant.service, "address": grant.who, "until": until, "left": seconds(grant.left)}


def visitor_object(visitor: Visitor) -> dict[str, Any]:
    """One source in mid-sequence."""
    stage = visitor.stage
    return {
        "address": visitor.address,
        "sequence": stage.sequence if stage else None,
        "stage": stage.stage if stage else None,
        "knocks": stage.knocks if stage else None,
        "left": seconds(visitor.left),
    }


def seconds(left: timedelta | None) -> int | None:
    """Write a length as a number."""
    return None if left is None else int(left.total_seconds())

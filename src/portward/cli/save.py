"""`portward save` and `portward restore`: grants and spent sequences over a reboot."""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from portward.apply import saved
from portward.apply.grants import grant_sets, live_table, read_grants
from portward.apply.saved import Restored
from portward.apply.state import GRANTS, StateDirectory, read_private, write_private
from portward.cli.environment import Environment
from portward.cli.outcome import Outcome
from portward.errors import Diagnostic, HostError, Severity


def save(options: argparse.Namespace, environment: Environment) -> Outcome:
    """Write the grants that are in force, and which sequences are spent, to a file."""
    table = live_table()
    found, spent = list(read_grants(grant_sets(table))), saved.read_spent(table)
    path = chosen(options, environment)
    write_private(path, saved.dumps(saved.to_json(found, datetime.now(UTC), spent)))
    also = f" and {count(len(spent), 'spent sequence')}" if spent else ""
    return Outcome(
        text=f"{count(len(found), 'grant')}{also} saved in {path}",
        result={"file": str(path), "saved": len(found), "spent": len(spent)},
        changed=True,
    )


def restore(options: argparse.Namespace, environment: Environment) -> Outcome:
    """Give saved grants back, and spend again what was spent."""
    path = chosen(options, environment)
    stored = read_private(path)
    if stored is None:
        raise HostError(f"there is no {path}; portward save writes it")
    done = saved.restore(saved.from_json(stored, str(path)), datetime.now(UTC))
    return Outcome(
        text=describe(done),
        result=as_result(done, path),
        changed=bool(done.given or done.spent),
        diagnostics=warnings(done),
    )


def chosen(options: argparse.Namespace, environment: Environment) -> Path:
    """The file that is meant; our own directory is made when it is missing."""
    if options.file:
        return Path(options.file)
    state = StateDirectory(environment.state_directory())
    state.prepare()
    return state.file(GRANTS)


def describe(done: Restored) -> str:
    """Tell people what was restored."""
    parts = [f"{count(len(done.given), 'grant')} restored"]
    if done.kept:
        parts.append(f"{done.kept} there already")
    if done.over:
        parts.append(f"{done.over} run out meanwhile")
    if done.spent:
        parts.append(f"{count(done.spent, 'sequence')} spent again")
    return ", ".join(parts)


def warnings(done: Restored) -> tuple[Diagnostic, ...]:
    """Tell what could not be restored."""
    lost = [
        f"{count(number, 'grant')} left out: the gate has no service {name}"
        for name, number in done.lost.items()
    ]
    if done.narrower:
        lost.append(
            f"{count(done.narrower, 'grant')} left out: made for networks, and the gate's prefix is longer now"
        )
    return tuple(Diagnostic("", Severity.ADVICE, each) for each in lost)


def as_result(done: Restored, path: Path) -> dict[str, object]:
    """Tell programs the same."""
    return {
        "file": str(path),
        "restored": [{"service": each.service, "address": each.who} for each in done.given],
        "there": done.kept,
        "over": done.over,
        "lost": dict(done.lost),
        "narrower": done.narrower,
        "spent": done.spent,
    }


def count(number: int, noun: str) -> str:
    """Write `1 grant`, `2 grants`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"

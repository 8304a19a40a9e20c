"""`portward simulate`: run packets against a policy or RouterOS rules, and explain what becomes of each.

Reads the files and puts things together; the judging is `portward.simulate`'s, the wording `explanation`'s.
"""

import argparse
from datetime import UTC, datetime
from pathlib import Path

import attrs

from portward.cli import exact
from portward.cli.environment import Environment
from portward.cli.explanation import explain, object_of, remembered, remembered_text, totals
from portward.cli.outcome import Outcome
from portward.cli.policy import read_checked
from portward.cli.simulated_keys import load_keys
from portward.compile.lower import lower
from portward.errors import Diagnostic, HostError, PolicyError, Severity, UsageError
from portward.policy.notation import read_address
from portward.policy.policy import Policy
from portward.simulate.capture import is_capture, read_capture
from portward.simulate.machine import Machine
from portward.simulate.packet import Host
from portward.simulate.replay import Step, replay
from portward.simulate.sighting import Sighting
from portward.simulate.trace import read_trace
from portward.sources.policy_file import STDIN


@attrs.frozen
class Seen:
    """What a file of packets holds.

    Attributes:
        sightings: the packets.
        notes: what there is to say about it.
        start: when second 0 was; None where the file does not say.
    """

    sightings: tuple[Sighting, ...]
    notes: tuple[Diagnostic, ...] = ()
    start: datetime | None = None


def run(options: argparse.Namespace, environment: Environment) -> Outcome:
    """Judge every packet and say why; the exit code is 0 whatever becomes of the packets."""
    if options.policy == STDIN and options.trace == STDIN:
        raise UsageError("the policy and the trace cannot both come from stdin")
    host = read_host(options.host or [])
    if options.exact or options.policy.endswith(".rsc"):
        if options.at:
            raise UsageError("--at is about people's keys, which RouterOS rules do not know")
        seen = read_packets(options.trace, host, environment)
        outcome = exact.simulate_file(options.policy, seen.sightings, options, environment)
        return attrs.evolve(outcome, diagnostics=(*outcome.diagnostics, *seen.notes))
    if options.allow_weaker or options.interface:
        raise UsageError("--allow-weaker and --interface are about RouterOS rules: give --exact, too")
    loaded = read_checked(options.policy, environment)
    seen = read_packets(options.trace, host, environment)
    at = read_moment(options.at) if options.at else seen.start or datetime.now(UTC)
    keys = load_keys(options.policy, loaded.policy, at, [each.time for each in seen.sightings])
    steps = list(replay(Machine(loaded.policy, loaded=keys.loaded), seen.sightings))
    notes = (*seen.notes, *keys.notes)
    return Outcome(
        text=as_text(loaded.policy, steps),
        result=as_result(loaded.policy, steps),
        diagnostics=notes,
        sources=loaded.sources,
    )


def read_host(addresses: list[str]) -> Host | None:
    """Read the addresses of `--host`; None if there are none."""
    try:
        return Host.of(read_address(each) for each in addresses) if addresses else None
    except ValueError as error:
        raise UsageError(f"--host: {error}") from None


def read_packets(path: str, host: Host | None, environment: Environment) -> Seen:
    """Read a trace or a capture, whichever the file is."""
    if path == STDIN:
        return Seen(read_trace(environment.stdin.read(), "<stdin>", host))
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise HostError(f"cannot read {path}: {error.strerror}") from None
    if is_capture(data):
        return read_captured(data, path, host)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        what = f"{path}: it is neither a trace (text in UTF-8) nor a pcap or pcapng file"
        raise PolicyError([Diagnostic("", Severity.ERROR, what)]) from None
    return Seen(read_trace(text, path, host))


def read_captured(data: bytes, path: str, host: Host | None) -> Seen:
    """Read a capture, and say whom it was taken to be about and what it held that cannot be judged."""
    capture = read_capture(data, path, host)
    notes = []
    if host is None:
        who = ", ".join(sorted(map(str, capture.host.addresses))) or "nobody"
        notes.append(f"this host is taken to be {who}, where most new TCP goes; --host says otherwise")
    if capture.skipped:
        skipped = ", ".join(f"{count} {why}" for why, count in sorted(capture.skipped.items()))
        notes.append(f"packets passed over: {skipped}")
    start = datetime.fromtimestamp(capture.start, UTC) if capture.start else None
    said = tuple(Diagnostic("", Severity.NOTE, f"{path}: {note}") for note in notes)
    return Seen(capture.sightings, said, start)


def read_moment(text: str) -> datetime:
    """Read the moment of `--at`, which is UTC unless it says otherwise."""
    try:
        moment = datetime.fromisoformat(text)
        moment = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        moment = datetime.min.replace(tzinfo=UTC)
    if not 1970 < moment.year < 9990:
        raise UsageError(f"--at: {text!r} is no moment; write 2026-07-01T12:00, which is UTC")
    return moment


def as_text(policy: Policy, steps: list[Step]) -> str:
    """Write every packet with its reasons, then who is where at the end."""
    chains = frozenset(chain.name for chain in lower(policy).chains)
    pieces = [explain(step, policy, chains) for step in steps]
    return "\n".join((*pieces, totals(steps), *remembered_text(policy, steps)))


def as_result(policy: Policy, steps: list[Step]) -> dict[str, object]:
    """Make what `--json` prints."""
    chains = frozenset(chain.name for chain in lower(policy).chains)
    return {
        "packets": [object_of(step, policy, chains) for step in steps],
        "at_the_end": remembered(policy, steps),
    }

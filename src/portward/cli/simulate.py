"""`portward simulate`: run packets against a policy or RouterOS rules, and explain what becomes of each.

Reads the files and puts things together; the judging is `portward.simulate`'s, the wording `explanation`'s.
"""

import argparse
from pathlib import Path

import attrs

from portward.cli import exact
from portward.cli.environment import Environment
from portward.cli.explanation import explain, object_of, remembered, remembered_text, totals
from portward.cli.outcome import Outcome
from portward.cli.policy import read_checked
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


Seen = tuple[tuple[Sighting, ...], tuple[Diagnostic, ...]]
"""What a file holds, and what there is to say about it."""


def run(options: argparse.Namespace, environment: Environment) -> Outcome:
    """Judge every packet and say why; the exit code is 0 whatever becomes of the packets."""
    if options.policy == STDIN and options.trace == STDIN:
        raise UsageError("the policy and the trace cannot both come from stdin")
    host = read_host(options.host or [])
    if options.exact or options.policy.endswith(".rsc"):
        sightings, notes = read_packets(options.trace, host, environment)
        outcome = exact.simulate_file(options.policy, sightings, options, environment)
        return attrs.evolve(outcome, diagnostics=(*outcome.diagnostics, *notes))
    if options.allow_weaker or options.interface:
        raise UsageError("--allow-weaker and --interface are about RouterOS rules: give --exact, too")
    loaded = read_checked(options.policy, environment)
    sightings, notes = read_packets(options.trace, host, environment)
    steps = list(replay(Machine(loaded.policy), sightings))
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
        return read_trace(environment.stdin.read(), "<stdin>", host), ()
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
    return read_trace(text, path, host), ()


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
    return capture.sightings, tuple(Diagnostic("", Severity.NOTE, f"{path}: {note}") for note in notes)


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

"""`portward export routeros`: the script that makes a MikroTik router keep a policy, or the one that takes it back.

The script goes to stdout or a file that its owner alone may read; what RouterOS does otherwise goes to stderr.
"""

import argparse
from pathlib import Path
from typing import Any

from portward.cli.environment import Environment
from portward.cli.outcome import Outcome
from portward.cli.output import write_output
from portward.cli.policy import read_checked
from portward.compile.routeros import Export, Target, export, removal
from portward.compile.routeros_doors import moves
from portward.compile.routeros_names import OWN_SERVICES
from portward.errors import PolicyError, Severity, UsageError
from portward.policy.net import Protocol
from portward.policy.policy import Policy
from portward.sources.policy_file import LoadedPolicy


def run(options: argparse.Namespace, environment: Environment) -> Outcome:
    """Make the script.

    Raises:
        PolicyError: the policy has mistakes, or RouterOS cannot do what it says and nobody allowed less.
        UsageError: `--disable` names a service that the policy opens, or none; the file is there already.
        HostError: a file cannot be read or written.
    """
    loaded = read_checked(options.policy, environment)
    target = Target(int(options.routeros), disabled(options.disable, loaded.policy))
    if options.remove:
        return hand_over(options, environment, removal(loaded.policy, target), {"version": target.version})
    made = export(loaded.policy, target)
    diagnostics = tuple(each.diagnostic(allow_weaker=options.allow_weaker) for each in made.differences)
    if any(each.severity is Severity.ERROR for each in diagnostics):
        raise PolicyError(diagnostics, loaded.sources)
    outcome = hand_over(options, environment, made.text, result(made, target, loaded.policy))
    return Outcome(
        outcome.text,
        outcome.result,
        changed=outcome.changed,
        diagnostics=diagnostics,
        sources=sources(loaded),
    )


def sources(loaded: LoadedPolicy) -> dict[str, str]:
    """The texts to show beside what is said, words blotted out."""
    return dict(loaded.sources)


def disabled(wanted: list[str], policy: Policy) -> tuple[str, ...]:
    """Read the names of services to switch off; each once, in the order of their ports.

    Raises:
        UsageError: no service of a router, or one that a knock is to open.
    """
    found = {name.strip() for text in wanted for name in text.split(",")}
    if unknown := found - set(OWN_SERVICES.values()):
        known = ", ".join(OWN_SERVICES.values())
        raise UsageError(f"a router has no service {min(unknown)!r}; it has {known}")
    for service in policy.services:
        for ports in () if service.hosts else service.ports:
            name = OWN_SERVICES.get(ports.first) if ports.protocol is Protocol.TCP else None
            if name in found:
                raise UsageError(
                    f"--disable {name}: the policy guards it as {service.name}, and opens it to knocks"
                )
    return tuple(name for name in OWN_SERVICES.values() if name in found)


def result(made: Export, target: Target, policy: Policy) -> dict[str, Any]:
    """Say the same for programs; the text is added by `hand_over`."""
    return {
        "version": target.version,
        "moved_services": {name: port for name, _, port in moves(policy)},
        "disabled_services": list(target.off),
        "differences": [
            {
                "kind": each.kind.value,
                "message": each.message,
                "file": each.span.file if each.span else None,
                "line": each.span.line if each.span else None,
                "column": each.span.column if each.span else None,
            }
            for each in made.differences
        ],
    }


def hand_over(
    options: argparse.Namespace, environment: Environment, text: str, facts: dict[str, Any]
) -> Outcome:
    """Print the script, or write it to its file.

    Raises:
        UsageError: the file is there already.
        HostError: it cannot be written.
    """
    if not options.output:
        return Outcome(text.rstrip("\n"), {**facts, "text": text, "file": None})
    write_output(options.output, text, replace=options.force)
    environment.talk(
        f"wrote {options.output}; upload it to the router, then there: /import file-name={Path(options.output).name}"
    )
    return Outcome("", {**facts, "text": None, "file": options.output}, changed=True)

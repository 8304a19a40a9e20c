"""A policy in the making: its parts as they are found among the rules, their comments, and how it is finished.

The only state of the lift. It knows what was found, not how.
"""

from datetime import timedelta

import attrs

from portward.errors import Diagnostic, Severity
from portward.policy.net import Network, PortRange
from portward.policy.policy import Mode, PlacePath, Policy, Sequence, Service
from portward.sources.routeros_fates import Fates
from portward.sources.routeros_paths import Meeting
from portward.sources.routeros_rules import Family, Script


@attrs.define
class Draft:
    """A policy in the making."""

    exact: bool
    fates: Fates
    may_assume: bool
    unused: set[str] = attrs.field(factory=set)
    services: dict[str, Service] = attrs.field(factory=dict)
    sequences: dict[str, Sequence] = attrs.field(factory=dict)
    comments: dict[PlacePath, list[str]] = attrs.field(factory=dict)
    public: list[PortRange] = attrs.field(factory=list)
    always: list[Network] = attrs.field(factory=list)
    interfaces: set[str] = attrs.field(factory=set)
    wall: Meeting | None = None
    partial: list[Meeting] = attrs.field(factory=list)
    penalties: list[timedelta] = attrs.field(factory=list)
    everything: bool = False
    differences: list[Diagnostic] = attrs.field(factory=list)
    mistakes: list[Diagnostic] = attrs.field(factory=list)

    def say(self, path: PlacePath, text: str) -> None:
        """Put a comment above a part of the policy, once."""
        lines = self.comments.setdefault(path, [])
        if text not in lines:
            lines.append(text)

    def differ(self, step: Meeting, message: str) -> None:
        """Tell that the policy means something else than a rule."""
        severity = Severity.ERROR if self.exact else Severity.ADVICE
        self.differences.append(Diagnostic("PW530", severity, message, step.rule.span))


def finish(draft: Draft, mode: Mode) -> Policy:
    """Make the policy."""
    strict = bool(draft.penalties) or not draft.exact
    penalty = min(draft.penalties, default=Policy().penalty)
    return Policy(
        tuple(draft.services.values()),
        tuple(draft.sequences.values()),
        mode,
        strict,
        penalty,
        tuple(draft.public) if mode is Mode.LOCKDOWN else (),
        tuple(draft.always),
    )


def explain(draft: Draft, script: Script, policy: Policy) -> None:
    """Say in comments why the policy is as it is, and what it does not ask for."""
    if draft.wall:
        draft.say(
            ("defaults", "mode"),
            f"The drop in line {draft.wall.rule.lines} shuts what no rule above it opens.",
        )
    elif draft.everything and policy.mode is Mode.GUARD:
        draft.say(
            ("defaults", "mode"),
            "These rules drop only what the services name; all else is open to everybody, on the router as here.",
        )
    elif policy.mode is Mode.LOCKDOWN:
        draft.say(
            ("defaults", "mode"),
            "RouterOS accepts what no rule decides about, and these rules drop nothing: as they stand, everything is\n"
            "open to everybody. Lockdown makes true what they are for: only who has knocked gets in.",
        )
    if not draft.penalties and policy.strict:
        draft.say(
            ("defaults", "strict"),
            "RouterOS's own rules are not strict: a scanner that sweeps all ports often enough opens the door. Import\n"
            "with --exact-meaning to keep that.",
        )
    elif not policy.strict:
        text = "As on RouterOS. With true, a scanner's wrong ports stop its knocks from counting."
        draft.say(("defaults", "strict"), text)
    for text in sorted(draft.interfaces):
        severity = Severity.ERROR if draft.exact else Severity.ADVICE
        message = f"the rules ask for {text}, the policy is for every interface"
        hint = "name the interfaces of this host that are meant in `interfaces`"
        draft.differences.append(Diagnostic("PW530", severity, message, None, hint))
        draft.say(
            (), f"The rules ask for {text}; this policy is for every interface: name yours in `interfaces`."
        )
    families = {each.family for each in script.rules}
    if families == {Family.V4}:
        draft.say((), "The rules are for IPv4; this policy is for IPv4 and IPv6 alike.")
    elif families == {Family.V6}:
        draft.say((), "The rules are for IPv6; this policy is for IPv4 and IPv6 alike.")

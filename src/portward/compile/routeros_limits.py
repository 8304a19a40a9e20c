"""What RouterOS cannot say of a policy, each with its place: impossible, weaker, or only different.

Nothing is silent: what lets in more than the policy does is `WEAKER`, and the user must want it; what cannot be
written at all is `IMPOSSIBLE`. `DIFFERENT` shuts out more, or concerns other things than who gets in.
"""

import enum
from collections.abc import Iterator
from datetime import timedelta

import attrs

from portward.compile.names import IpFamily
from portward.compile.routeros_doors import MOST_MAPPED, translated
from portward.compile.routeros_words import whole_seconds
from portward.errors import Diagnostic, Severity, Span
from portward.policy.notation import write_duration, write_knock, write_ports
from portward.policy.policy import Expiry, PlacePath, Policy


class Kind(enum.Enum):
    """What a difference means."""

    IMPOSSIBLE = "impossible"
    WEAKER = "weaker"
    DIFFERENT = "different"


@attrs.frozen
class Difference:
    """One thing that RouterOS's rules do not do as the policy says.

    Attributes:
        kind: see `Kind`.
        message: one sentence; lower-case start, no full stop, no secret.
        span: where in the policy.
        hint: what to write instead; may be empty.
    """

    kind: Kind
    message: str
    span: Span | None = None
    hint: str = ""

    def diagnostic(self, *, allow_weaker: bool) -> Diagnostic:
        """Say it: an error where the user does not want it so."""
        if self.kind is Kind.DIFFERENT:
            return Diagnostic(
                "PW543", Severity.NOTE, f"RouterOS differs: {self.message}", self.span, self.hint
            )
        if self.kind is Kind.IMPOSSIBLE:
            return Diagnostic(
                "PW541", Severity.ERROR, f"RouterOS cannot do this: {self.message}", self.span, self.hint
            )
        severity = Severity.ADVICE if allow_weaker else Severity.ERROR
        hint = (
            self.hint
            if allow_weaker
            else ", or ".join(filter(None, [self.hint, "--allow-weaker takes it so"]))
        )
        return Diagnostic("PW542", severity, f"RouterOS is weaker: {self.message}", self.span, hint)


def differences(policy: Policy, version: int) -> tuple[Difference, ...]:
    """Find everything that the rules for a version (6 or 7) do not do as the policy says."""
    return (
        *_interfaces(policy),
        *_times(policy),
        *_once(policy),
        *_words(policy),
        *_prefixes(policy),
        *_cuts(policy),
        *_mappings(policy),
        *(_no_translation(policy) if version == 6 else ()),
        *_sizes(policy),
        *_people(policy),
    )


def _interfaces(policy: Policy) -> Iterator[Difference]:
    for place, name in enumerate(policy.interfaces):
        if name.endswith("*"):
            message = f"a rule names one interface, {name} stands for many"
            span = policy.places.nearest("interfaces", place)
            yield Difference(Kind.IMPOSSIBLE, message, span, "name each of the router's interfaces")


def _times(policy: Policy) -> Iterator[Difference]:
    for sequence in policy.sequences:
        path = ("sequences", sequence.name)
        for place, step in enumerate(sequence.step_timeouts):
            yield from _time(policy, Kind.WEAKER, step, (*path, "step_timeout", place))
        yield from _time(policy, Kind.WEAKER, sequence.open_for, (*path, "open_for"))
    if policy.strict:
        yield from _time(policy, Kind.DIFFERENT, policy.penalty, ("defaults", "penalty"))


def _time(policy: Policy, kind: Kind, length: timedelta, path: PlacePath) -> Iterator[Difference]:
    longer = whole_seconds(length)
    if longer != length:
        message = f"a list keeps whole seconds, so {write_duration(length)} becomes {write_duration(longer)}"
        yield Difference(kind, message, policy.places.nearest(*path), f"write {write_duration(longer)}")


def _once(policy: Policy) -> Iterator[Difference]:
    for sequence in policy.sequences:
        if sequence.once:
            message = f"{sequence.name} opens again and again, not once"
            yield Difference(Kind.WEAKER, message, policy.places.nearest("sequences", sequence.name, "once"))


def _words(policy: Policy) -> Iterator[Difference]:
    for sequence in policy.sequences:
        for place, knock in enumerate(sequence.knocks):
            if not knock.word:
                continue
            span = policy.places.nearest("sequences", sequence.name, "knocks", place)
            what = write_knock(knock, secret=False)
            if b"\0" in knock.word or not knock.word.strip(b"!"):
                message = f"the word of {what} cannot be spelled: it has a zero byte, or nothing but !"
                yield Difference(Kind.IMPOSSIBLE, message, span, "choose another word")
                continue
            message = f"the word of {what} counts anywhere in the packet, not only where the payload begins"
            if knock.word.startswith(b"!"):
                message += ", and without the ! it begins with"
            yield Difference(Kind.WEAKER, message, span, "leave the word out")


def _prefixes(policy: Policy) -> Iterator[Difference]:
    for key, bits, all_bits in (
        ("grant_prefix_v4", policy.grant_prefix_v4, 32),
        ("grant_prefix_v6", policy.grant_prefix_v6, 128),
    ):
        if bits != all_bits:
            message = f"a knock opens for the one address that sent it, not for its /{bits}"
            yield Difference(Kind.DIFFERENT, message, policy.places.nearest("defaults", key))


def _cuts(policy: Policy) -> Iterator[Difference]:
    for service in policy.services:
        if service.on_expiry is Expiry.CUT:
            message = f"open connections to {service.name} go on when its grant ends"
            span = policy.places.nearest("services", service.name, "on_expiry")
            yield Difference(Kind.WEAKER, message, span)


def _mappings(policy: Policy) -> Iterator[Difference]:
    for service in policy.services:
        for published, own in translated(service):
            if published != own and len(own) > MOST_MAPPED:
                message = (
                    f"{write_ports(published)} to {write_ports(own)} would take a rule for each of the "
                    f"{len(own)} ports, more than {MOST_MAPPED}"
                )
                span = policy.places.nearest("services", service.name, "published")
                yield Difference(Kind.IMPOSSIBLE, message, span, "publish the range on its own numbers")


def _no_translation(policy: Policy) -> Iterator[Difference]:
    for service in policy.services:
        six = not service.hosts or any(IpFamily.of(each) is IpFamily.V6 for each in service.hosts)
        if six and any(translated(service)):
            message = f"version 6 does not translate IPv6, so over IPv6 {service.name} is shut to everybody"
            yield Difference(Kind.DIFFERENT, message, policy.places.nearest("services", service.name))


def _sizes(policy: Policy) -> Iterator[Difference]:
    if policy.sequences:
        message = (
            "its lists have no size: whoever forges sources can fill the router's memory with first knocks"
        )
        yield Difference(Kind.DIFFERENT, message, policy.places.nearest("sizes"))


def _people(policy: Policy) -> Iterator[Difference]:
    ways = policy.ways
    given = {
        "passes": ways.passes,
        "rolling": ways.rolling,
        "sealed": ways.sealed,
        "fwknop": ways.fwknop,
    }
    place = next((name for name, way in given.items() if way), "")
    if policy.people or place:
        message = (
            "it knows no people, no passes, no rolling sequences, no sealed knocks and no packets of fwknop's, so "
            "people get in only by sequences"
        )
        yield Difference(Kind.DIFFERENT, message, policy.places.nearest("people" if policy.people else place))

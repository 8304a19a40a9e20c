"""Services put into the text of a policy: guarded, published, opened by a sequence; a first policy where there is none.

Pure: texts by file in, texts by file out; what the user wrote stays byte for byte.
"""

import re
from collections.abc import Callable, Mapping

import attrs

from portward.errors import Severity, UsageError
from portward.exposure.mends import Put
from portward.policy.net import PortRange, Protocol
from portward.policy.notation import write_ports
from portward.policy.policy import Policy, Service
from portward.sources import policy_edit
from portward.sources.policy_reader import read_what_can_be_read


FIRST = """# Made by portward harden. What each key means: portward schema, docs/policy.md
schema = 1

[sequences.admin]
knocks = [{knocks}]
opens = "*"
"""
"""A first policy: one sequence that opens everything. Its knocks are random and secret."""


@attrs.frozen
class PolicyTexts:
    """A policy as its files have it.

    Attributes:
        main: path of the main file.
        texts: by path, the main file first; empty where there is no policy.
        policy: what they mean.
        before: the texts as they were.
    """

    main: str
    texts: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    policy: Policy = attrs.field(factory=Policy)
    before: Mapping[str, str] = attrs.field(factory=dict, repr=False)

    @staticmethod
    def of(main: str, texts: Mapping[str, str]) -> "PolicyTexts":
        """Read the texts, which were checked already."""
        return PolicyTexts(main, texts, _meaning(texts), texts)

    def puts(self) -> tuple[Put, ...]:
        """The files that changed."""
        changed = (path for path, text in self.texts.items() if self.before.get(path) != text)
        return tuple(Put(path, self.texts[path], 0o600) for path in changed)

    def changed(self, path: str, change: Callable[[str], str]) -> "PolicyTexts":
        """The same with one file changed.

        Raises:
            UsageError: the change must be made by hand.
        """
        try:
            texts = {**self.texts, path: change(self.texts[path])}
        except ValueError as error:
            raise UsageError(f"{path}: {error}") from None
        return attrs.evolve(self, texts=texts, policy=_meaning(texts))

    def file_of(self, *place: str | int) -> str:
        """The file in which something stands."""
        span = self.policy.places.nearest(*place)
        return span.file if span and span.file in self.texts else self.main


def _meaning(texts: Mapping[str, str]) -> Policy:
    """What the texts mean, as far as they can be read; they are checked as a whole when all changes are made."""
    if not texts:
        return Policy()
    (main, text), *parts = texts.items()
    reading = read_what_can_be_read(text, main, parts)
    mistakes = [each for each in reading.diagnostics if each.severity is Severity.ERROR]
    if mistakes:
        raise UsageError(f"{mistakes[0].span}: {mistakes[0].message}")
    return reading.policy


def guard(
    texts: PolicyTexts,
    name: str,
    ports: tuple[PortRange, ...],
    sequence: str,
    knocks: Callable[[], list[str]],
) -> tuple[PolicyTexts, str]:
    """Put a service into the policy and see to it that some sequence opens it; gives the policy's name for it.

    Args:
        texts: the policy.
        name: what to call it if it is new.
        ports: where it listens, on this host.
        sequence: the sequence that shall open it; empty for the only one there is.
        knocks: gives random knocks, for a first sequence.

    Raises:
        UsageError: several sequences could open it, there is none of that name, or the text cannot be changed.
    """
    if not texts.texts:
        texts = _first(texts, knocks)
    elif not texts.policy.sequences:
        block = FIRST.partition("\n\n")[2].format(knocks=_quoted(knocks()))
        texts = texts.changed(
            texts.main, lambda text: f"{text}{'' if text.endswith(chr(10)) else chr(10)}\n{block}"
        )
    found = _of_host(texts.policy, ports)
    if found is None:
        label = free_name(texts.policy, name)
        texts = texts.changed(texts.main, lambda text: policy_edit.add_service(text, Service(label, ports)))
    else:
        label = found.name
        for each in ports:
            if not any(each.overlaps(one) for one in found.ports):
                texts = texts.changed(
                    texts.file_of("services", label, "ports"),
                    lambda text, each=each: policy_edit.add_port(text, label, each),  # type: ignore[misc]
                )
    return _opened(texts, label, sequence), label


def publish(texts: PolicyTexts, label: str, published: tuple[PortRange, ...]) -> PolicyTexts:
    """Publish a service of the policy on other ports.

    Raises:
        UsageError: it is published already, or the text cannot be changed.
    """
    path = texts.file_of("services", label, "ports")
    return texts.changed(path, lambda text: policy_edit.publish(text, label, published))


def _first(texts: PolicyTexts, knocks: Callable[[], list[str]]) -> PolicyTexts:
    made = {texts.main: FIRST.format(knocks=_quoted(knocks()))}
    return attrs.evolve(texts, texts=made, policy=_meaning(made))


def _quoted(knocks: list[str]) -> str:
    return ", ".join(f'"{each}"' for each in knocks)


def _of_host(policy: Policy, ports: tuple[PortRange, ...]) -> Service | None:
    """The service of this host that has one of these ports already.

    Raises:
        UsageError: it is published and other ports would be added.
    """
    for service in policy.services:
        if not service.hosts and any(one.overlaps(each) for one in service.ports for each in ports):
            missing = [each for each in ports if not any(each.overlaps(one) for one in service.ports)]
            if missing and service.published:
                spelled = ", ".join(map(write_ports, missing))
                raise UsageError(f"the service {service.name} is published: add {spelled} by hand")
            return service
    return None


def free_name(policy: Policy, name: str) -> str:
    """A name for a service that the policy does not have yet."""
    label = re.sub(r"[^a-z0-9_-]", "-", name.lower())[:28] or "service"
    label = label if label[0].isalpha() else f"s-{label}"[:28]
    taken = {each.name for each in policy.services}
    return next(each for each in (label, *(f"{label}-{n}" for n in range(2, 10000))) if each not in taken)


def _opened(texts: PolicyTexts, label: str, sequence: str) -> PolicyTexts:
    """See to it that a sequence opens the service."""
    sequences = {each.name: each for each in texts.policy.sequences}
    if sequence and sequence not in sequences:
        raise UsageError(f"there is no sequence {sequence!r}; there is: {', '.join(sequences)}")
    service = texts.policy.service(label)
    chosen = [sequences[sequence]] if sequence else list(sequences.values())
    if any(service in texts.policy.opened_by(each) for each in chosen):
        return texts
    if len(chosen) > 1:
        raise UsageError(f"say with --opened-by which sequence opens {label}: {', '.join(sequences)}")
    name = chosen[0].name
    path = texts.file_of("sequences", name, "opens")
    return texts.changed(path, lambda text: policy_edit.open_by(text, name, label))


def ports_of(policy: Policy) -> frozenset[tuple[Protocol, int]]:
    """Every port that the policy names: doors, services, knocks, public ones."""
    ranges = [
        *(each for service in policy.services for each in (*service.ports, *service.published)),
        *policy.public,
    ]
    found = {(each.protocol, port) for each in ranges if each.protocol.has_ports for port in each.ports}
    knocks = {(each.protocol, each.number) for sequence in policy.sequences for each in sequence.knocks}
    return frozenset(found | knocks)

"""One thing that is wrong with what a host or router shows, and what would remedy it."""

import enum
import re

import attrs

from portward.check.page import Page
from portward.errors import Severity, Span
from portward.exposure.facts import Listener


class RemedyKind(enum.StrEnum):
    """What to do with a remedy."""

    COMMAND = "command"
    """Run it as root, on a router in its terminal."""
    POLICY = "policy"
    """Put it into the policy file, then `portward apply`."""
    SETTING = "setting"
    """Change this in the service itself."""


@attrs.frozen
class Remedy:
    """What would remedy a finding: the exact command, lines or setting."""

    kind: RemedyKind
    text: str


@attrs.frozen
class Finding:
    """A rule's judgement about one thing.

    Attributes:
        page: what the code means, and why it matters.
        severity: the page's, or milder where less is at stake.
        subject: what it is about, such as `tcp/23 telnet`.
        message: one sentence, lower-case start, no full stop.
        remedies: the first is the best.
        listener: the socket, where there is one.
        span: the place in a file, where there is one.
    """

    page: Page
    severity: Severity
    subject: str
    message: str
    remedies: tuple[Remedy, ...] = ()
    listener: Listener | None = None
    span: Span | None = None

    @property
    def code(self) -> str:
        """`PX101`."""
        return self.page.code


def command(text: str) -> Remedy:
    """A remedy that is a command."""
    return Remedy(RemedyKind.COMMAND, text)


def setting(text: str) -> Remedy:
    """A remedy that is a setting of the service itself."""
    return Remedy(RemedyKind.SETTING, text)


def guarded(name: str, *ports: str) -> Remedy:
    """Lines of the policy that put ports behind a door."""
    label = re.sub(r"[^a-z0-9_-]", "-", name.lower()) or "service"
    label = label if label[0].isalpha() else f"port-{label}"
    listed = ", ".join(f'"{each}"' for each in ports)
    return Remedy(RemedyKind.POLICY, f"[services.{label[:32]}]\nports = [{listed}]")


def made_public(port: str) -> Remedy:
    """The line of the policy that says that a port is meant for everybody."""
    return Remedy(RemedyKind.POLICY, f'public = ["{port}"]')

"""One thing that is wrong with what a host or router shows, and what mends it."""

import enum
import re

import attrs

from portward.check.page import Page
from portward.errors import Severity, Span
from portward.exposure.facts import Listener


class MendKind(enum.StrEnum):
    """What to do with a mend."""

    COMMAND = "command"
    """Run it as root, on a router in its terminal."""
    POLICY = "policy"
    """Put it into the policy file, then `portward apply`."""
    SETTING = "setting"
    """Change this in the service itself."""


@attrs.frozen
class Mend:
    """What would mend a finding: the exact command, lines or setting."""

    kind: MendKind
    text: str


@attrs.frozen
class Finding:
    """A rule's judgement about one thing.

    Attributes:
        page: what the code means, and why it matters.
        severity: the page's, or milder where less is at stake.
        subject: what it is about, such as `tcp/23 telnet`.
        message: one sentence, lower-case start, no full stop.
        mends: the first is the best.
        listener: the socket, where there is one.
        span: the place in a file, where there is one.
    """

    page: Page
    severity: Severity
    subject: str
    message: str
    mends: tuple[Mend, ...] = ()
    listener: Listener | None = None
    span: Span | None = None

    @property
    def code(self) -> str:
        """`PX101`."""
        return self.page.code


def command(text: str) -> Mend:
    """A command that mends."""
    return Mend(MendKind.COMMAND, text)


def setting(text: str) -> Mend:
    """A setting of the service itself that mends."""
    return Mend(MendKind.SETTING, text)


def guarded(name: str, *ports: str) -> Mend:
    """Lines of the policy that put ports behind a door."""
    label = re.sub(r"[^a-z0-9_-]", "-", name.lower()) or "service"
    label = label if label[0].isalpha() else f"port-{label}"
    listed = ", ".join(f'"{each}"' for each in ports)
    return Mend(MendKind.POLICY, f"[services.{label[:32]}]\nports = [{listed}]")


def made_public(port: str) -> Mend:
    """The line of the policy that says that a port is meant for everybody."""
    return Mend(MendKind.POLICY, f'public = ["{port}"]')

"""What a visitor needs for passes and rolling sequences, and its text: the table `[profiles.NAME.token]`. Pure.

A secret's bytes never get into a message.
"""

from datetime import timedelta
from typing import Any, Final

import attrs

from portward.knock.way_table import read_length, read_port, read_way
from portward.policy.notation import read_duration, read_ports, write_duration
from portward.spa.rolling import Shape
from portward.spa.spelling import read_flag, read_key, read_text, read_whole, write_base64


SHORTEST_WINDOW, LONGEST_WINDOW = timedelta(minutes=2), timedelta(hours=1)
"""As `policy.people.Windows` has it."""

USUAL_WINDOW: Final = timedelta(minutes=10)
USUAL_PER_WINDOW: Final = 4
USUAL_SLOTS: Final = 32
USUAL_KNOCKS: Final = 5
USUAL_STEP: Final = timedelta(seconds=10)
"""The defaults of the policy, spelled here again because the client must start fast; a test holds them together."""


@attrs.frozen
class RollingProfile:
    """How to make the rolling sequences of one gate.

    Attributes:
        shape: of all the gate's rolling sequences.
        slot: ours, 0..slots-1.
        step_timeout: how long after one knock the next one still counts.
    """

    shape: Shape
    slot: int
    step_timeout: timedelta = USUAL_STEP


@attrs.frozen
class TokenProfile:
    """How to make the passes and rolling sequences of one gate; one of the two at least.

    Attributes:
        server: the gate's public key, which is its id, 32 bytes.
        secret: ours, 32 bytes.
        window: how long the windows are, 2m..1h, whole seconds.
        pass_port: UDP; where passes go to, None where the gate takes none.
        per_window: how many passes there are in each window, 1..32.
        echo: whether an echo request may carry a pass too.
        rolling: see `RollingProfile`; None where the gate takes no rolling sequences.
    """

    server: bytes
    secret: bytes = attrs.field(repr=False)
    window: timedelta = USUAL_WINDOW
    pass_port: int | None = None
    per_window: int = USUAL_PER_WINDOW
    echo: bool = False
    rolling: RollingProfile | None = None


def read_token(table: object) -> TokenProfile:
    """Read the table.

    Raises:
        ValueError: with all mistakes in one sentence.
    """
    profile: TokenProfile = read_way(table, _READERS, ("server", "secret"), _together)
    return profile


def _together(
    *,
    ports: tuple[int, int] | None = None,
    slots: int = USUAL_SLOTS,
    slot: int | None = None,
    knocks: int = USUAL_KNOCKS,
    step_timeout: timedelta = USUAL_STEP,
    **values: Any,
) -> TokenProfile:
    if (ports is None) != (slot is None):
        msg = (
            "slot is missing"
            if slot is None
            else "slot belongs to a rolling sequence, whose ports are missing"
        )
        raise ValueError(msg)
    if ports is None and "pass_port" not in values:
        msg = "pass_port or ports is missing"
        raise ValueError(msg)
    rolling = None
    if ports is not None and slot is not None:
        rolling = RollingProfile(Shape(*ports, slots, knocks), slot, step_timeout)
        rolling.shape.ports(slot, 0)  # a slot that there is not, it refuses
    return TokenProfile(**values, rolling=rolling)


def _window(value: object) -> timedelta:
    length = read_length(value)
    if not SHORTEST_WINDOW <= length <= LONGEST_WINDOW:
        msg = f"must be {write_duration(SHORTEST_WINDOW)} to {write_duration(LONGEST_WINDOW)}"
        raise ValueError(msg)
    return length


def _span(value: object) -> tuple[int, int]:
    ports = read_ports(f"udp/{read_text(value)}")
    return ports.first, ports.last


_READERS: Final = {
    "server": read_key,
    "secret": read_key,
    "window": _window,
    "pass_port": read_port,
    "per_window": lambda value: read_whole(value, 1, 32),
    "echo": read_flag,
    "ports": _span,
    "slots": lambda value: read_whole(value, 1, 256),
    "slot": lambda value: read_whole(value, 0, 255),
    "knocks": lambda value: read_whole(value, 3, 8),
    "step_timeout": lambda value: read_duration(read_text(value)),
}


def write_token(heading: str, profile: TokenProfile) -> str:
    """Write the table under a heading such as `profiles.gate.token`."""
    lines = [
        f"[{heading}]",
        f'server = "{write_base64(profile.server)}"',
        f'secret = "{write_base64(profile.secret)}"',
        f'window = "{write_duration(profile.window)}"',
    ]
    if profile.pass_port:
        lines += [f"pass_port = {profile.pass_port}", f"per_window = {profile.per_window}"]
        if profile.echo:
            lines.append("echo = true")
    if rolling := profile.rolling:
        lines += [
            f'ports = "{rolling.shape.first}-{rolling.shape.last}"',
            f"slots = {rolling.shape.slots}",
            f"slot = {rolling.slot}",
            f"knocks = {rolling.shape.knocks}",
            f'step_timeout = "{write_duration(rolling.step_timeout)}"',
        ]
    return "\n".join(lines) + "\n"

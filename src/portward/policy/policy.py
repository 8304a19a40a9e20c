"""What the user means, whole: services, the sequences that open them, and how strictly.

Pure and frozen. Defaults of the file are already worked in: a `Sequence` has its own times. Positions in the source
text are kept beside the data, in `Policy.places`, and take no part in comparison.
"""

import enum
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta

import attrs

from portward.errors import Span
from portward.policy.net import Address, Knock, Network, PortRange
from portward.policy.people import Person, Ways
from portward.policy.vpn import VpnKind


EVERYTHING = "*"
"""What a sequence `opens` when it makes its source trusted, as the article does."""

PlacePath = tuple[str | int, ...]
"""The way to a value in the file: `("sequences", "admin", "knocks", 2)`."""


class Mode(enum.StrEnum):
    """What happens to packets that no rule of ours names."""

    GUARD = "guard"
    """Only the named services are guarded; all else is left alone."""
    LOCKDOWN = "lockdown"
    """Every unsolicited packet that no grant and no `public` line covers is dropped."""


class Expiry(enum.StrEnum):
    """What becomes of open connections to a service when the grant ends."""

    KEEP = "keep"
    """They go on; only new ones are refused."""
    CUT = "cut"
    """They end with it."""


@attrs.frozen
class Service:
    """What is guarded.

    Attributes:
        name: lower-case letters, digits, `-` and `_`, a letter first, at most 32.
        ports: what it listens on, at least one.
        published: one for one with `ports`, where it is reached from outside instead; empty for the same ports.
        hosts: the machine behind this gateway that runs it, at most one address of each family; empty for this host.
        kind: which virtual private network it is; None for none.
        on_expiry: what becomes of open connections when the grant ends.
    """

    name: str
    ports: tuple[PortRange, ...]
    published: tuple[PortRange, ...] = ()
    hosts: tuple[Address, ...] = ()
    kind: VpnKind | None = None
    on_expiry: Expiry = Expiry.KEEP

    @property
    def doors(self) -> tuple[PortRange, ...]:
        """The ports that a visitor from outside connects to."""
        return self.published or self.ports


@attrs.frozen
class Sequence:
    """Knocks in order.

    Attributes:
        name: spelled as a service's name.
        knocks: at least one.
        step_timeouts: one fewer than knocks: how long after knock i knock i+1 still counts.
        opens: names of services, or `("*",)` for all of them.
        open_for: how long the grant lasts from the last knock on.
        once: whether it opens once, ever, and then nothing any more, for nobody.
    """

    name: str
    knocks: tuple[Knock, ...]
    step_timeouts: tuple[timedelta, ...]
    opens: tuple[str, ...]
    open_for: timedelta
    once: bool = False

    @property
    def opens_everything(self) -> bool:
        """Whether its source becomes trusted."""
        return self.opens == (EVERYTHING,)


@attrs.frozen
class Sizes:
    """How many sources each of the kernel's sets holds, per address family; each 64..16,777,216.

    Attributes:
        stages: sources in mid-sequence, over all sequences together. When full, first knocks stop counting.
        penalties: sources under penalty.
        grants: sources per service.
    """

    stages: int = 65536
    penalties: int = 65536
    grants: int = 65536


class Places(Mapping[PlacePath, Span]):
    """Where the values of a policy stand in their source; `nearest` always finds something once there is a root."""

    def __init__(self, spans: Mapping[PlacePath, Span] | Iterable[tuple[PlacePath, Span]] = ()) -> None:
        self._spans = dict(spans)

    def __getitem__(self, path: PlacePath) -> Span:
        return self._spans[path]

    def __iter__(self) -> Iterator[PlacePath]:
        return iter(self._spans)

    def __len__(self) -> int:
        return len(self._spans)

    def nearest(self, *path: str | int) -> Span | None:
        """The place of the value, or of the closest thing around it that has one."""
        for end in range(len(path), -1, -1):
            if (span := self._spans.get(path[:end])) is not None:
                return span
        return None


@attrs.frozen
class Policy:
    """One gate.

    Attributes:
        services: in the order of the file, names unique.
        sequences: in the order of the file, names unique.
        mode: see `Mode`.
        strict: whether a stray in mid-sequence earns a penalty.
        penalty: how long no knock of a penalised source counts.
        public: open to all in lockdown, and never a stray.
        always: networks that never need to knock.
        interfaces: the network interfaces that are guarded (a trailing `*` matches any rest); empty for all but lo.
        grant_prefix_v4: how many leading bits of the address a grant covers, 8..32.
        grant_prefix_v6: the same, 32..128.
        sizes: of the kernel's sets.
        people: in the order of the file, names unique.
        ways: the stronger knocks that people may use.
        places: where in the source each value stands.
    """

    services: tuple[Service, ...] = ()
    sequences: tuple[Sequence, ...] = ()
    mode: Mode = Mode.GUARD
    strict: bool = True
    penalty: timedelta = timedelta(minutes=1)
    public: tuple[PortRange, ...] = ()
    always: tuple[Network, ...] = ()
    interfaces: tuple[str, ...] = ()
    grant_prefix_v4: int = 32
    grant_prefix_v6: int = 128
    sizes: Sizes = Sizes()
    people: tuple[Person, ...] = ()
    ways: Ways = attrs.field(factory=Ways)
    places: Places = attrs.field(factory=Places, eq=False, repr=False)

    def service(self, name: str) -> Service:
        """The service of that name.

        Raises:
            KeyError: there is none.
        """
        for each in self.services:
            if each.name == name:
                return each
        raise KeyError(name)

    def opened_by(self, sequence: Sequence) -> tuple[Service, ...]:
        """The services that a sequence opens, `*` taken apart."""
        return self._taken_apart(sequence.opens)

    def open_to(self, person: Person) -> tuple[Service, ...]:
        """The services that a person may open, `*` taken apart."""
        return self._taken_apart(person.opens)

    def person(self, name: str) -> Person:
        """The person of that name.

        Raises:
            KeyError: there is none.
        """
        for each in self.people:
            if each.name == name:
                return each
        raise KeyError(name)

    def _taken_apart(self, opens: tuple[str, ...]) -> tuple[Service, ...]:
        if opens == (EVERYTHING,):
            return self.services
        return tuple(self.service(name) for name in opens)

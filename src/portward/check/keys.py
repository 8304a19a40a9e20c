"""Rules about people and the stronger knocks: ports that meet, ranges that are too small, ways that nobody can go.

Knows the policy only: whose keys there are is not in it, nor what time it is.
"""

from collections.abc import Iterable, Iterator

from portward.check.doors import claims_of_this_host
from portward.check.ground import Ground
from portward.check.page import page
from portward.errors import Diagnostic, Severity
from portward.policy.net import PortRange, Protocol
from portward.policy.notation import write_duration, write_ports
from portward.policy.people import AddressRule, Rolling
from portward.policy.policy import Mode, PlacePath, Policy


WAYS = ("passes", "rolling", "sealed", "fwknop")
"""The sections of the stronger knocks."""

WITH_PORT = ("passes", "sealed", "fwknop")
"""Those that have one UDP port."""

SERVER = "server"
"""Whose keys would be in the file of the gate's own key (`apply.keystore`)."""

LOWEST_ROLLING = 1024
"""Below are the ports of system services (RFC 6335 §6)."""

EPHEMERAL = PortRange(Protocol.UDP, 32768, 60999)
"""What Linux gives to outgoing connections by default (ip-sysctl, ip_local_port_range)."""

FEWEST_WINDOWS = 3
"""How many windows must be loaded ahead at least: the one that runs, its neighbour, and one to spare."""

_SSH = """
    schema = 1
    [services.ssh]
    ports = ["tcp/22"]
"""
_ALICE = """
    [people.alice]
    opens = ["ssh"]
"""
_SEALED = """
    [sealed]
    port = 62203
"""
_GATE = _SSH + _ALICE + _SEALED

SAME_PORT = page(
    "PW331",
    Severity.ERROR,
    "two kinds of stronger knocks have the same port",
    what="`port` of `[passes]`, `[sealed]` and `[fwknop]` is the same in two of them.",
    why="A datagram to that port could be meant as either, and only one of the two would look at it.",
    example=_GATE + "    [passes]\n    port = 62203\n",
    fix=_GATE + "    [passes]\n    port = 62202\n",
)

PORT_TAKEN = page(
    "PW332",
    Severity.ERROR,
    "the port of a stronger knock is taken",
    what="`port` of `[passes]`, `[sealed]` or `[fwknop]` is a service's, a knock's, or `public`.",
    why="""A datagram to that port would be judged as a visit or as a knock, or any stranger's datagram would be taken
    for a message.""",
    example=_GATE.replace("62203", "51820") + '    [services.wireguard]\n    kind = "wireguard"\n',
    fix=_GATE + '    [services.wireguard]\n    kind = "wireguard"\n',
)

RANGE_TAKEN = page(
    "PW333",
    Severity.ERROR,
    "something lies in the range of rolling sequences",
    what="""A port of a service, a knock, a `public` port or the `port` of another stronger knock lies within `ports`
    of `[rolling]`.""",
    why="""A rolling sequence may come to that port in any window; it would then be a visit, another knock, or never
    count.""",
    example=_GATE
    + '    [rolling]\n    ports = "20000-24999"\n    [services.web]\n    ports = ["tcp/20443"]\n',
    fix=_GATE + '    [rolling]\n    ports = "21000-25999"\n    [services.web]\n    ports = ["tcp/20443"]\n',
)

RANGE_LOW = page(
    "PW334",
    Severity.ERROR,
    "rolling sequences reach down to the system's ports",
    what=f"`ports` of `[rolling]` begins below {LOWEST_ROLLING}.",
    why="""There the services of every system listen; scanners try them first, and networks filter some of them, so
    that now and then a sequence would not get through.""",
    example=_GATE + '    [rolling]\n    ports = "1000-9999"\n',
    fix=_GATE + '    [rolling]\n    ports = "20000-24999"\n',
)

RANGE_SMALL = page(
    "PW335",
    Severity.ERROR,
    "too few ports for rolling sequences",
    what="""`ports` of `[rolling]`, shared out among `slots` people and two neighbouring windows, leaves a person fewer
    ports than a sequence has `knocks`.""",
    why="""No two people and no two neighbouring windows share a port, so that nobody's knocks are another's stray:
    each person needs twice as many ports as knocks.""",
    example=_GATE + '    [rolling]\n    ports = "20000-20099"\n    slots = 32\n',
    fix=_GATE + '    [rolling]\n    ports = "20000-20099"\n    slots = 10\n',
)

LOADED_SHORT = page(
    "PW336",
    Severity.ERROR,
    "fewer than three windows are loaded ahead",
    what="In `[windows]`, `ahead` is shorter than three times `length`.",
    why="""The window that runs and its neighbour count at any time; with fewer than one to spare, the gate would be
    without the next one before the daemon has loaded it.""",
    example=_GATE + '    [windows]\n    length = "1h"\n    ahead = "2h"\n',
    fix=_GATE + '    [windows]\n    length = "1h"\n    ahead = "24h"\n',
)

OPENS_NOTHING = page(
    "PW337",
    Severity.ERROR,
    "a person who can open nothing",
    what="A person is there, but there is no service to open.",
    why="In `guard` mode only services are closed, so all the person's keys would open nothing.",
    example=_GATE.replace('["ssh"]', '"*"').replace('[services.ssh]\n    ports = ["tcp/22"]', ""),
    fix=_GATE,
)

CALLED_SERVER = page(
    "PW338",
    Severity.ERROR,
    "a person is called server",
    what="There is a table `[people.server]`.",
    why="Each person's keys are in a file of that name, and `server.toml` holds the gate's own key.",
    example=_GATE.replace("alice", "server"),
    fix=_GATE,
)

NO_WAY = page(
    "PW431",
    Severity.ADVICE,
    "people without a way in",
    what="There are people, but none of `[passes]`, `[rolling]`, `[sealed]` and `[fwknop]`.",
    why="Their keys are for these knocks alone: as it is, they open nothing.",
    example=_SSH + _ALICE,
    fix=_GATE,
)

NOBODY = page(
    "PW432",
    Severity.ADVICE,
    "a stronger knock that nobody may use",
    what="There is `[passes]`, `[rolling]`, `[sealed]` or `[fwknop]`, but no person, or all are revoked.",
    why="These knocks open with a person's keys only.",
    example=_SSH + _SEALED,
    fix=_GATE,
)

EPHEMERAL_PORT = page(
    "PW433",
    Severity.ADVICE,
    "a stronger knock among the ports of outgoing connections",
    what=f"""`port` of `[passes]`, `[sealed]` or `[fwknop]`, or `ports` of `[rolling]`, lies in
    {EPHEMERAL.first}-{EPHEMERAL.last}, which Linux gives to outgoing connections.""",
    why="""While a program of this host has just that port, for a query of its own, what comes from the peer it talks
    to is its answer and no knock; and another host on the way may filter such ports.""",
    example=_GATE.replace("62203", "40000"),
    fix=_GATE,
)

GIVEN = page(
    "PW434",
    Severity.ADVICE,
    "a message may open for any address",
    what='A person has `address = "given"`.',
    why="""The door then opens for the address that the message states, whoever that is: who has the person's keys can
    let anybody in, and a mistaken address lets a stranger in. `as-seen` suits visitors behind address translation,
    `must-match` those who know their own address.""",
    example=_GATE.replace('opens = ["ssh"]', 'opens = ["ssh"]\n    address = "given"'),
    fix=_GATE.replace('opens = ["ssh"]', 'opens = ["ssh"]\n    address = "must-match"'),
)

FEW_SLOTS = page(
    "PW435",
    Severity.ADVICE,
    "more people than slots",
    what="There are more people, revoked ones aside, than `slots` in `[rolling]`.",
    why="Each person's rolling sequence needs a slot of its own: not all of them can have one.",
    example=_GATE
    + '    [rolling]\n    ports = "20000-24999"\n    slots = 1\n    [people.bob]\n    opens = ["ssh"]\n',
    fix=_GATE
    + '    [rolling]\n    ports = "20000-24999"\n    slots = 32\n    [people.bob]\n    opens = ["ssh"]\n',
)

PAGES = (
    SAME_PORT,
    PORT_TAKEN,
    RANGE_TAKEN,
    RANGE_LOW,
    RANGE_SMALL,
    LOADED_SHORT,
    OPENS_NOTHING,
    CALLED_SERVER,
    NO_WAY,
    NOBODY,
    EPHEMERAL_PORT,
    GIVEN,
    FEW_SLOTS,
)


def ways_ports(policy: Policy) -> Iterator[tuple[str, PortRange]]:
    """The section and port of each stronger knock that has one port."""
    for section in WITH_PORT:
        if way := getattr(policy.ways, section):
            yield section, PortRange(Protocol.UDP, way.port, way.port)


def taken(policy: Policy) -> Ground[tuple[str, PlacePath]]:
    """What has a port on this host already, with what it is and where it stands."""
    entries: list[tuple[PortRange, tuple[str, PlacePath]]] = [
        (ports, ("public", ("public", index))) for index, ports in enumerate(policy.public)
    ]
    for sequence in policy.sequences:
        for index, knock in enumerate(sequence.knocks):
            if knock.protocol.has_ports:
                place = ("sequences", sequence.name, "knocks", index)
                what = f"a knock of the sequence {sequence.name}"
                entries.append((PortRange(knock.protocol, knock.number, knock.number), (what, place)))
    return Ground(entries)


def one_way_per_port(policy: Policy) -> Iterable[Diagnostic]:
    """No two stronger knocks have the same port."""
    earlier: dict[int, str] = {}
    for section, port in ways_ports(policy):
        if port.first in earlier:
            sentence = f"udp/{port.first} is also the port of [{earlier[port.first]}]"
            yield SAME_PORT.at(policy.places.nearest(section, "port"), sentence, "choose another port")
        earlier.setdefault(port.first, section)


def ways_have_free_ports(policy: Policy) -> Iterable[Diagnostic]:
    """No port of a stronger knock is a service's, a knock's or public."""
    for section, port in ways_ports(policy):
        if found := _who_has(policy, port):
            what, place = found
            hint = f"choose another port; see {policy.places.nearest(*place)}"
            span = policy.places.nearest(section, "port")
            yield PORT_TAKEN.at(span, f"udp/{port.first} of [{section}] is {what}", hint)


def _who_has(policy: Policy, ports: PortRange) -> tuple[str, PlacePath] | None:
    """What meets some ports of this host, and where it stands."""
    if claim := claims_of_this_host(policy).meets_range(ports):
        return f"a port of the service {claim.service}", claim.place
    return taken(policy).meets_range(ports)


def rolling_has_free_ports(policy: Policy) -> Iterable[Diagnostic]:
    """Nothing lies within the range of rolling sequences."""
    ways = Ground(
        (port, (f"the port of [{section}]", (section, "port"))) for section, port in ways_ports(policy)
    )
    for ports in policy.ways.rolling_ports:
        if found := _who_has(policy, ports) or ways.meets_range(ports):
            what, place = found
            hint = f"move the range; see {policy.places.nearest(*place)}"
            span = policy.places.nearest("rolling", "ports")
            yield RANGE_TAKEN.at(span, f"{what} lies within {write_ports(ports)}", hint)


def rolling_leaves_system_ports(policy: Policy) -> Iterable[Diagnostic]:
    """The range of rolling sequences begins at 1024 or above."""
    rolling = policy.ways.rolling
    if rolling and rolling.first < LOWEST_ROLLING:
        sentence = f"rolling sequences begin at port {rolling.first}, among the system's"
        hint = f"begin at {LOWEST_ROLLING} or above"
        yield RANGE_LOW.at(policy.places.nearest("rolling", "ports"), sentence, hint)


def rolling_has_room(policy: Policy) -> Iterable[Diagnostic]:
    """Every slot has enough ports for the sequences of two neighbouring windows."""
    rolling = policy.ways.rolling
    if rolling and ports_of_slot(rolling) < rolling.knocks:
        have, need = rolling.last - rolling.first + 1, 2 * rolling.slots * rolling.knocks
        sentence = (
            f"{rolling.slots} slots of {rolling.knocks} knocks need {need} ports, but the range has {have}"
        )
        yield RANGE_SMALL.at(
            policy.places.nearest("rolling", "ports"), sentence, "widen it, or have fewer slots"
        )


def ports_of_slot(rolling: Rolling) -> int:
    """How many ports a slot has in one window, of TCP and of UDP each."""
    return (rolling.last - rolling.first + 1) // (2 * rolling.slots)


def enough_ahead(policy: Policy) -> Iterable[Diagnostic]:
    """At least three windows are loaded ahead."""
    windows = policy.ways.windows
    if windows.ahead < FEWEST_WINDOWS * windows.length:
        sentence = (
            f"ahead is {write_duration(windows.ahead)}, less than {FEWEST_WINDOWS} windows of "
            f"{write_duration(windows.length)}"
        )
        yield LOADED_SHORT.at(policy.places.nearest("windows"), sentence, "24h is usual")


def people_open_something(policy: Policy) -> Iterable[Diagnostic]:
    """Where there are people, there is something to open."""
    some = policy.services or policy.mode is Mode.LOCKDOWN
    if some or any(path[:1] == ("services",) for path in policy.places):
        return  # what stands in the file but could not be read is not missing
    for person in policy.people:
        span = policy.places.nearest("people", person.name, "opens")
        yield OPENS_NOTHING.at(
            span, f"{person.name} can open nothing: there is no service", "add [services.NAME]"
        )


def nobody_is_called_server(policy: Policy) -> Iterable[Diagnostic]:
    """No person has the name of the gate's own key."""
    if any(person.name == SERVER for person in policy.people):
        span = policy.places.nearest("people", SERVER)
        yield CALLED_SERVER.at(span, f"nobody with keys can be called {SERVER}", "choose another name")


def people_have_a_way(policy: Policy) -> Iterable[Diagnostic]:
    """Where there are people, there is a stronger knock for them."""
    if policy.people and not policy.ways.any:
        span = policy.places.nearest("people", policy.people[0].name)
        hint = f"add one of {', '.join(f'[{section}]' for section in WAYS)}"
        yield NO_WAY.at(span, "there are people, but no knock that takes their keys", hint)


def ways_have_people(policy: Policy) -> Iterable[Diagnostic]:
    """Where there are stronger knocks, there are people for them."""
    if all(person.revoked for person in policy.people):
        for section in WAYS:
            if getattr(policy.ways, section):
                hint = "portward person add NAME --opens SERVICE"
                yield NOBODY.at(policy.places.nearest(section), f"nobody may use [{section}]", hint)


def ways_beside_outgoing(policy: Policy) -> Iterable[Diagnostic]:
    """No stronger knock is among the ports of outgoing connections."""
    rolling = [("rolling", "ports", each) for each in policy.ways.rolling_ports[1:]]
    for section, key, ports in (*((name, "port", port) for name, port in ways_ports(policy)), *rolling):
        if ports.overlaps(EPHEMERAL):
            sentence = (
                f"{key} of [{section}] lies among {write_ports(EPHEMERAL)}, which outgoing connections use"
            )
            yield EPHEMERAL_PORT.at(policy.places.nearest(section, key), sentence, "choose below, or above")


def addresses_are_seen(policy: Policy) -> Iterable[Diagnostic]:
    """Nobody's messages open for whatever address they state."""
    for person in policy.people:
        if person.address is AddressRule.GIVEN and not person.revoked:
            sentence = f"{person.name}'s messages open for any address that they state"
            span = policy.places.nearest("people", person.name, "address")
            yield GIVEN.at(span, sentence, '"must-match" opens for nobody else')


def slots_for_all(policy: Policy) -> Iterable[Diagnostic]:
    """There are as many slots as people."""
    rolling = policy.ways.rolling
    count = sum(not person.revoked for person in policy.people)
    if rolling and count > rolling.slots:
        span = policy.places.nearest("rolling", "slots")
        yield FEW_SLOTS.at(span, f"{count} people share {rolling.slots} slots", f"slots = {count} or more")


RULES = (
    one_way_per_port,
    ways_have_free_ports,
    rolling_has_free_ports,
    rolling_leaves_system_ports,
    rolling_has_room,
    enough_ahead,
    people_open_something,
    nobody_is_called_server,
    people_have_a_way,
    ways_have_people,
    ways_beside_outgoing,
    addresses_are_seen,
    slots_for_all,
)

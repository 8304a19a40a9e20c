"""Passes in the kernel: a datagram's first 16 bytes are looked up, used up, and open.

Two windows count at any moment, one of each parity, so each parity has a map from the time to its window. A pass is in
two places: `pass_owners` says whose it is and in which window it counts, `passes` whether it is still there; the rule
that finds it deletes it. Datagrams to the passes' port are judged before connection tracking and kept out of it, so
that junk fills no table.
"""

from collections.abc import Iterator

from portward.compile import names
from portward.compile.ir import (
    Chain,
    Count,
    Counter,
    Delete,
    Dispatch,
    DynamicSet,
    Goto,
    HasPorts,
    InSet,
    Is,
    Jump,
    MarkFrom,
    MarkMap,
    NoTrack,
    Rule,
    Selector,
    SetMark,
    TokenSet,
)
from portward.compile.people import with_tokens
from portward.policy.net import PortRange, Protocol
from portward.policy.policy import Policy


SMALLEST = 65536
"""How many elements the smallest of these sets holds."""

MOST_WINDOWS = 4096
"""The elements of a map from time to windows: 7 days of 2 minutes are 5,040, half of them of one parity."""


def room(policy: Policy, for_each: int) -> int:
    """How large a set must be that holds so much for every person and window.

    A power of two, four times what is needed: so the size changes seldom as people come and go, and a set is seldom
    made anew.
    """
    windows = policy.ways.windows.ahead // policy.ways.windows.length + 4
    needed = 4 * max(1, len(policy.people)) * windows * for_each
    return max(SMALLEST, 1 << (needed - 1).bit_length())


def by_windows(policy: Policy, what: str) -> str:
    """Say in a comment what is loaded, and how long the windows are that it belongs to."""
    return names.windows_comment(what, policy.ways.windows.length)


def sets(policy: Policy) -> Iterator[TokenSet | DynamicSet]:
    """Make the sets that the daemon loads ahead for passes and rolling sequences."""
    if not with_tokens(policy):
        return
    yield DynamicSet(
        names.LOADED,
        ("mark", "mark"),
        room(policy, 1),
        by_windows(policy, "which windows of which keys were loaded"),
        from_packets=False,
    )
    if passes := policy.ways.passes:
        size = room(policy, passes.per_window)
        yield TokenSet(
            names.PASSES, Selector.PASS, size, by_windows(policy, "passes that are not used up"), used_up=True
        )


def maps(policy: Policy) -> Iterator[MarkMap]:
    """Make the maps that the daemon loads ahead: windows, and whose passes are."""
    if not with_tokens(policy):
        return
    for name in names.WINDOWS:
        yield MarkMap(
            name,
            (Selector.TIME,),
            MOST_WINDOWS,
            by_windows(policy, "the window that counts now"),
            ranges=True,
        )
    if passes := policy.ways.passes:
        key = (Selector.MARK, Selector.PASS)
        yield MarkMap(
            names.PASS_OWNERS, key, room(policy, passes.per_window), by_windows(policy, "whose each pass is")
        )


def counters(policy: Policy) -> Iterator[Counter]:
    """Name what is counted."""
    if policy.ways.passes and with_tokens(policy):
        yield Counter(names.USED_PASSES, "passes that were used")


def entries(policy: Policy) -> Iterator[Rule]:
    """Send datagrams to the passes' port to their chain, before connection tracking."""
    if policy.ways.passes and with_tokens(policy):
        port = policy.ways.passes.port
        udp = HasPorts(PortRange(Protocol.UDP, port, port))
        yield Rule((udp, Is.TO_THIS_HOST, Goto(names.PASS)), "", policy.places.nearest("passes"))


def echo_entries(policy: Policy) -> Iterator[Rule]:
    """Let echo requests be looked at for a pass."""
    if policy.ways.passes and policy.ways.passes.echo and with_tokens(policy):
        for question in (Is.ECHO_REQUEST_V4, Is.ECHO_REQUEST_V6):
            yield Rule((question, Jump(names.PASS_ECHO)), "", policy.places.nearest("passes", "echo"))


def chains(policy: Policy) -> Iterator[Chain]:
    """Make the chains of passes."""
    if not (policy.ways.passes and with_tokens(policy)):
        return
    end = Rule((SetMark(0), Goto(names.CLOSED)))
    yield Chain(
        names.PASS,
        (Rule((NoTrack(),)), *_look(Selector.PASS, names.USE_PASS), end),
        comment="a datagram to the passes' port",
    )
    yield Chain(names.USE_PASS, (*_use(Selector.PASS), end), comment="the mark is the person's number")
    if policy.ways.passes.echo:
        rules = (
            *_look(Selector.PASS, names.USE_PASS),
            *_look(Selector.LATER_PASS, names.USE_LATER_PASS),
            Rule((SetMark(0),)),
        )
        yield Chain(names.PASS_ECHO, rules, comment="an echo request may carry a pass")
        yield Chain(names.USE_LATER_PASS, (*_use(Selector.LATER_PASS), end), comment="where ping puts it")


def _look(place: Selector, use: str) -> Iterator[Rule]:
    """Look for a pass of either window that counts."""
    for windows in names.WINDOWS:
        window = MarkFrom((Selector.TIME,), windows)
        yield Rule((window, MarkFrom((Selector.MARK, place), names.PASS_OWNERS), Goto(use)))


def _use(place: Selector) -> Iterator[Rule]:
    """Use a pass up, and open."""
    yield Rule(
        (
            InSet((place,), names.PASSES),
            Delete((place,), names.PASSES),
            Count(names.USED_PASSES),
            Dispatch((Selector.MARK,), names.PEOPLE),
        )
    )

"""What a connection to a router can do, whichever of the two protocols it speaks.

`Link` is the contract of `ros_api_link` and `ros_rest_link`; whoever pushes, pulls or grants knows only this. A
menu is a path such as `/ip/firewall/filter`; a row is what the router tells of one item, all values text.
"""

from collections.abc import Mapping
from typing import Protocol

import attrs

from portward.errors import TargetError


Row = Mapping[str, str]
"""One item of a menu by the names of its properties; `.id` is its internal id, such as `*1F`."""


@attrs.frozen
class Ends:
    """Where a connection begins and ends, as our side sees it: addresses without zone, TCP ports."""

    ours: str
    our_port: int
    theirs: str
    their_port: int


class Link(Protocol):
    """An open connection, logged in. Every call raises `PeerError` when it is lost and `TargetError` when refused."""

    @property
    def ends(self) -> Ends:
        """Where it begins and ends."""

    def show(self, menu: str, where: Mapping[str, str] | None = None) -> tuple[Row, ...]:
        """The rows of a menu, in the router's order; with `where`, those that have these values."""

    def add(self, menu: str, properties: Mapping[str, str]) -> str:
        """Add a row and give its id."""

    def set(self, menu: str, ident: str, properties: Mapping[str, str]) -> None:
        """Change properties of a row."""

    def remove(self, menu: str, ident: str) -> None:
        """Remove a row."""

    def close(self) -> None:
        """Close the connection; never fails."""


def show_if_there(link: Link, menu: str, where: Mapping[str, str] | None = None) -> tuple[Row, ...]:
    """The rows of a menu that this router may lack (a package, a version) or not show to this user; none then."""
    try:
        return link.show(menu, where)
    except TargetError:
        return ()


def without_secrets(message: str, properties: Mapping[str, str]) -> str:
    """A router's message as one short line, with the secret values that were sent to it blotted out."""
    for name in SECRET & properties.keys():
        if properties[name]:
            message = message.replace(properties[name], "…")
    line = "".join(char if char.isprintable() else " " for char in message)
    return line[:300]


SECRET = frozenset({"content", "regexp", "password", "on-event"})
"""Properties whose values may hold the word of a knock or a password: never shown."""

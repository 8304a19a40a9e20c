"""What a ufw command does for the visitor of a door. The words are those of ufw(8) 0.36."""

import attrs

from portward.policy.net import Address, PortRange, Protocol
from portward.sources.knockd_effect import (
    BLOCKS,
    BOTH_FAMILIES,
    NOTHING,
    Effect,
    read_host,
    read_port_list,
    read_protocols,
    read_visitor,
)


_LETS = frozenset(("allow", "limit"))
_SHUTS = frozenset(("deny", "reject"))
_PROFILES = {"openssh": "ssh"}
"""Application profiles that Debian's packages bring, by the service name they mean."""


@attrs.define
class _Draft:
    """A rule that is being read."""

    rest: list[str]
    routed: bool = False
    to_all: bool = True
    prefix: int | None = None
    protocols: tuple[Protocol, ...] = ()
    ports: str = ""
    host: Address | None = None
    remarks: list[str] = attrs.field(factory=list)

    def next(self) -> str:
        """The next word.

        Raises:
            ValueError: there is none.
        """
        if not self.rest:
            raise ValueError("the rule ends too early")
        return self.rest.pop(0)


def read_ufw(words: tuple[str, ...]) -> tuple[Effect, ...]:
    """Read what follows `ufw`.

    Raises:
        ValueError: its effect on packets is not known.
    """
    rest = [each for each in words if each not in {"--force", "rule"}]
    if not rest or rest[0] in {"status", "show", "version", "logging"}:
        return NOTHING
    if rest[0] in {"enable", "disable", "reset", "reload", "default", "app"}:
        raise ValueError(f"ufw {rest[0]} is about the whole firewall")
    draft = _Draft(rest)
    deletes = _leading(draft, "delete")
    draft.routed = _leading(draft, "route")
    deletes = _leading(draft, "delete") or deletes
    if deletes and draft.rest and draft.rest[0].isdecimal():
        raise ValueError("it deletes a rule by its number, and which one does not stand here")
    if _leading(draft, "insert"):
        draft.next()
    _leading(draft, "prepend")
    verb = draft.next()
    if verb not in _LETS | _SHUTS:
        raise ValueError(f"ufw {verb} is not understood")
    if draft.rest[:1] == ["out"]:
        return NOTHING
    if verb in _SHUTS and not deletes:
        draft.remarks.append(BLOCKS)
    _rule(draft)
    return _effects(draft, opens=(verb in _LETS) != deletes)


def _leading(draft: _Draft, word: str) -> bool:
    if draft.rest[:1] == [word]:
        draft.rest.pop(0)
        return True
    return False


def _rule(draft: _Draft) -> None:
    """Read what follows the verb.

    Raises:
        ValueError: a word is not understood, or nothing follows.
    """
    if not draft.rest:
        raise ValueError("the rule ends too early")
    _leading(draft, "in")
    if draft.rest and draft.rest[0] not in {"from", "to", "proto", "on", "log", "log-all", "comment"}:
        _short(draft, draft.next())
    while draft.rest:
        word = draft.next()
        if word == "from":
            _from(draft)
        elif word == "to":
            _to(draft)
        elif word == "proto":
            draft.protocols = read_protocols(draft.next())
        elif word == "on":
            draft.remarks.append(f"opens for packets from {draft.next()} only; here for all")
        elif word == "comment":
            draft.next()
        elif word not in {"log", "log-all"}:
            raise ValueError(f"{word!r} is not understood")


def _short(draft: _Draft, text: str) -> None:
    """Read the short spelling: `22/tcp`, `ssh`, `OpenSSH`."""
    ports, slash, protocol = text.partition("/")
    draft.ports = _PROFILES.get(ports.lower(), ports)
    if slash:
        draft.protocols = read_protocols(protocol)


def _from(draft: _Draft) -> None:
    source = draft.next()
    if source != "any":
        draft.prefix, draft.to_all = read_visitor(source), False
    if draft.rest[:1] in (["port"], ["app"]):
        raise ValueError("the visitor's own port is not understood")


def _to(draft: _Draft) -> None:
    """Read the destination and its port."""
    target = draft.next()
    if target not in {"any", "0.0.0.0/0", "::/0"}:
        draft.host = read_host(target)
    if _leading(draft, "port"):
        draft.ports = draft.next()
    elif _leading(draft, "app"):
        name = draft.next()
        draft.ports = _PROFILES.get(name.lower(), name)


def _effects(draft: _Draft, *, opens: bool) -> tuple[Effect, ...]:
    """Make the effect of the whole rule.

    Raises:
        ValueError: its ports or its machine are not known.
    """
    if draft.routed and draft.host is None:
        raise ValueError("which machine behind this one it is about does not stand there")
    if draft.host is not None and not draft.routed:
        draft.remarks.append(f"opens at the address {draft.host} only; here at all of this host")
    ports: tuple[PortRange, ...] = ()
    if draft.ports:
        ports = read_port_list(draft.ports, draft.protocols, ":")
    elif draft.protocols and not draft.protocols[0].has_ports:
        ports = (PortRange(draft.protocols[0]),)
    elif draft.protocols:
        draft.remarks.append(f"opens every {draft.protocols[0]} port; here everything")
    return (
        Effect(
            opens,
            ports,
            (),
            draft.host if draft.routed else None,
            BOTH_FAMILIES,
            to_all=draft.to_all,
            prefix=draft.prefix,
            remarks=tuple(draft.remarks),
        ),
    )

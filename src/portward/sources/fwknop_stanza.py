"""One stanza of an access.conf, judged: who, with which keys, what it opens and for how long.

What a stanza has that a policy cannot say is told, and whether it can be in the policy at all.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv4Network
from typing import TypeVar

import attrs

from portward.errors import Diagnostic, Span
from portward.policy.net import PortRange
from portward.sources.fwknop_access import Stanza
from portward.sources.fwknop_crypto_words import (
    LONGEST_HMAC_KEY,
    LONGEST_KEY,
    Secrets,
    digest_of,
    mode_of,
    secret_of,
)
from portward.sources.fwknop_text import Entry, differs, fatal, left_out, not_taken, number_in, quirk
from portward.sources.fwknop_values import read_date, read_epoch, read_force_nat, read_ports, read_sources


USUAL_TIMEOUT = 30
USUAL_LONGEST = 300
LONGEST_TIMEOUT = 2_592_000
"""Seconds: 30 days, the most that fwknopd takes."""

_NOT_TAKEN = {
    "DESTINATION": "here a packet counts at every address of this host",
    "ENABLE_CMD_EXEC": "portward runs no command that comes in a packet",
    "ENABLE_CMD_SUDO_EXEC": "portward runs no command that comes in a packet",
    "FORCE_SNAT": "portward leaves the visitor's address as it is",
    "FORCE_MASQUERADE": "portward leaves the visitor's address as it is",
    "DISABLE_DNAT": "a service with a host says where its packets go",
    "FORWARD_ALL": "name each service behind this gateway",
}
"""Variables that packets depend on and no policy says, and what portward does instead."""

_Value = TypeVar("_Value")


@attrs.frozen
class Access:
    """What a stanza means.

    Attributes:
        number: of the stanza, from 1.
        place: where it begins.
        networks: where packets may come from; empty for anywhere.
        ports: that it may open; None for whatever is asked for.
        restricted: that it may not open.
        secrets: its keys.
        open_for: how long, where the packet does not say.
        until: from which moment on nothing counts, UTC.
        username: that the packet must name; empty for any.
        must_state: whether the packet must state an address.
        behind: the machine and port that everything is led to.
        told: what is not in the policy, or otherwise.
        reasons: why it cannot be in the policy; empty if it can.
        command: that it opens by a command of its own, which speaks against it as long as nobody says what that opens.
    """

    number: int
    place: Span
    networks: tuple[IPv4Network, ...]
    ports: tuple[PortRange, ...] | None
    restricted: tuple[PortRange, ...]
    secrets: Secrets
    open_for: timedelta
    until: datetime | None
    username: str
    must_state: bool
    behind: tuple[IPv4Address, int] | None
    told: tuple[Diagnostic, ...]
    reasons: tuple[Diagnostic, ...]
    command: Diagnostic | None


def judge(stanza: Stanza, number: int) -> tuple[Access | None, list[Diagnostic]]:
    """Judge a stanza; what keeps fwknopd from starting is given beside it, and then there is no access."""
    reader = _Reader(stanza)
    secrets = reader.secrets()
    access = Access(
        number=number,
        place=stanza.source.key.span,
        networks=reader.read(stanza.source, read_sources, ()),
        ports=reader.read(stanza.last("OPEN_PORTS"), read_ports, None),
        restricted=reader.read(stanza.last("RESTRICT_PORTS"), read_ports, ()),
        secrets=secrets,
        open_for=reader.open_for(),
        until=reader.until(),
        username=reader.text("REQUIRE_USERNAME"),
        must_state=reader.yes("REQUIRE_SOURCE_ADDRESS", "REQUIRE_SOURCE"),
        behind=reader.read(stanza.last("FORCE_NAT"), read_force_nat, None),
        told=(),
        reasons=tuple(reader.reasons(secrets)),
        command=reader.command(),
    )
    reader.tell_the_rest()
    if reader.mistakes:
        return None, reader.mistakes
    return attrs.evolve(access, told=tuple(reader.told)), []


@attrs.define
class _Reader:
    """Reads the values of one stanza and collects what there is to tell."""

    stanza: Stanza
    mistakes: list[Diagnostic] = attrs.Factory(list)
    told: list[Diagnostic] = attrs.Factory(list)

    def read(self, entry: Entry | None, reader: Callable[[str], _Value], without: _Value) -> _Value:
        """Read an entry's value, if there is one."""
        if entry is None:
            return without
        try:
            return reader(entry.value.text)
        except ValueError as error:
            self.mistakes.append(fatal(f"{entry.name}: {error}", entry.value.span))
            return without

    def text(self, name: str) -> str:
        entry = self.stanza.last(name)
        return entry.value.text.rstrip() if entry else ""

    def yes(self, *names: str) -> bool:
        entry = self.stanza.last(*names)
        return entry is not None and entry.says_yes()

    def secrets(self) -> Secrets:
        """The keys, and how they are used."""
        key = self._judged(self.stanza.last("KEY", "KEY_BASE64"), secret_of) or b""
        hmac_entry = self.stanza.last("HMAC_KEY", "HMAC_KEY_BASE64")
        hmac_key = self._judged(hmac_entry, secret_of) or b""
        digest = self._judged(self.stanza.last("HMAC_DIGEST_TYPE"), digest_of) or "sha256"
        mode = self._judged(self.stanza.last("ENCRYPTION_MODE"), mode_of) or "cbc"
        if hmac_entry and len(hmac_key) > LONGEST_HMAC_KEY:
            self.mistakes.append(
                fatal(f"an HMAC key has at most {LONGEST_HMAC_KEY} bytes", hmac_entry.value.span)
            )
        if hmac_entry and key and key == hmac_key:
            self.mistakes.append(fatal("the key and the HMAC key are the same", hmac_entry.value.span))
        if not self.mistakes and not key and not self._is_gpg():
            self.mistakes.append(fatal("the stanza has no key", self.stanza.source.key.span))
        legacy = mode == "legacy"
        return Secrets(key, hmac_key, digest, "cbc" if legacy or mode == "asymmetric" else mode, legacy)

    def _judged(self, entry: Entry | None, reader: Callable[[Entry | None], _Value]) -> _Value | None:
        try:
            return reader(entry)
        except ValueError as error:
            self.mistakes.append(fatal(str(error), entry.value.span if entry else None))
            return None

    def _is_gpg(self) -> bool:
        mode = self.stanza.last("ENCRYPTION_MODE")
        asymmetric = mode is not None and mode.value.text.strip().lower() == "asymmetric"
        return asymmetric or self.stanza.last("GPG_DECRYPT_ID") is not None

    def open_for(self) -> timedelta:
        """How long the door stays open; what fwknopd takes for no time is its usual one."""
        seconds, longest = USUAL_TIMEOUT, USUAL_LONGEST
        if entry := self.stanza.last("FW_ACCESS_TIMEOUT"):
            seconds = number_in(entry, 0, LONGEST_TIMEOUT, self.mistakes) or USUAL_TIMEOUT
        if entry := self.stanza.last("MAX_FW_TIMEOUT"):
            longest = number_in(entry, 0, LONGEST_TIMEOUT, self.mistakes) or USUAL_LONGEST
        if longest > seconds:
            sentence = (
                f"a packet may ask fwknopd for {longest} s; here never for more than the usual {seconds} s"
            )
            self.told.append(differs(sentence, self.stanza.source.key.span, "open_for says how long"))
        return timedelta(seconds=seconds)

    def until(self) -> datetime | None:
        entry = self.stanza.last("ACCESS_EXPIRE", "ACCESS_EXPIRE_EPOCH")
        if entry and entry.name == "ACCESS_EXPIRE":
            sentence = "the account ends at midnight, by the host's clock for fwknopd, by UTC here"
            self.told.append(differs(sentence, entry.value.span))
            return self.read(entry, read_date, None)
        return self.read(entry, read_epoch, None)

    def reasons(self, secrets: Secrets) -> list[Diagnostic]:
        """Say why the stanza cannot be in a policy."""
        found = []
        place = self.stanza.source.key.span
        if not secrets.key and self._is_gpg():
            found.append(left_out("its packets are GnuPG's, which portward does not read", place))
        if len(secrets.key) > LONGEST_KEY:
            entry = self.stanza.last("KEY", "KEY_BASE64")
            sentence = f"its key has more than {LONGEST_KEY} bytes, with which fwknopd opens no packet"
            found.append(left_out(sentence, entry.value.span if entry else place))
        if secrets.legacy and secrets.hmac_key:
            found.append(left_out("fwknop makes no packets in legacy mode with an HMAC", place))
        return found

    def command(self) -> Diagnostic | None:
        """Say that the stanza opens by a command."""
        entry = self.stanza.last("CMD_CYCLE_OPEN")
        sentence = "it runs a command instead of opening a port, whatever OPEN_PORTS says"
        return left_out(sentence, entry.key.span, "--opens says what the command opens") if entry else None

    def tell_the_rest(self) -> None:
        """Tell of the variables that have no place in a policy."""
        for name, instead in _NOT_TAKEN.items():
            entry = self.stanza.last(name)
            if entry is None or (
                name.startswith(("ENABLE", "FORCE_M", "DISABLE", "FORWARD")) and not entry.says_yes()
            ):
                continue
            if name == "DESTINATION" and entry.value.text.strip() == "ANY":
                continue
            self.told.append(not_taken(f"{name} is not in the policy: {instead}", entry.key.span))
        if (gpg := self.stanza.last("GPG_DECRYPT_ID")) and self.stanza.last("KEY", "KEY_BASE64"):
            self.told.append(
                not_taken("packets of GnuPG are not taken over; those with the key are", gpg.key.span)
            )
        if not self.yes("REQUIRE_SOURCE_ADDRESS", "REQUIRE_SOURCE"):
            sentence = (
                "fwknopd opens for the address in the packet, whoever sent it; here it must be the sender's"
            )
            hint = 'address = "given" does as fwknopd does'
            self.told.append(differs(sentence, self.stanza.source.key.span, hint))
        keys = [each for each in self.stanza.entries if each.name in {"KEY", "KEY_BASE64"}]
        self.told += [
            quirk("a later key of the stanza is the one that counts", each.key.span) for each in keys[:-1]
        ]

"""One stanza of a .fwknoprc, judged: where a client sends its packet, with which keys, and what it asks for."""

import re
from collections.abc import Callable, Iterator, Mapping
from ipaddress import IPv4Address

import attrs

from portward.errors import Diagnostic, Severity, Span
from portward.policy.net import MAX_PORT, Protocol
from portward.sources.fwknop_crypto_words import Secrets, digest_of, mode_of, secret_of
from portward.sources.fwknop_text import Entry


NOT_TAKEN = {
    "SPA_SERVER_PROTO": "packets are sent over UDP",
    "SPA_SOURCE_PORT": "packets are sent from a port of the system's choice",
    "TIME_OFFSET": "packets have the time of this machine's clock",
    "SPOOF_SOURCE_IP": "packets are sent from an address of this machine",
    "RAND_PORT": "packets are sent to the profile's port",
    "NAT_RAND_PORT": "write the port into the profile",
    "KEY_FILE": "write the key into the profile, which you alone can read",
    "HMAC_KEY_FILE": "write the key into the profile, which you alone can read",
    "RESOLVE_IP_HTTP": "the gate takes the address that it sees",
    "RESOLVE_IP_HTTPS": "the gate takes the address that it sees",
    "RESOLVE_HTTP_ONLY": "the gate takes the address that it sees",
    "RESOLVE_URL": "the gate takes the address that it sees",
    "SERVER_RESOLVE_IPV4": 'fwknop\'s packets go over IPv4 if the profile says family = "4"',
}
"""Variables that packets or their way depend on and no profile has, and what portward does instead."""

LONGEST_TIMEOUT = 65535
"""Seconds that the client takes."""

_PORT = re.compile(r"(tcp|udp)/([1-9][0-9]{0,4})")
_NAT = re.compile(r"([A-Za-z0-9][A-Za-z0-9.-]{0,69})[:,]([1-9][0-9]{0,4})")


@attrs.frozen
class RcStanza:
    """What one stanza makes the client send.

    Attributes:
        name: of the stanza.
        place: where it begins.
        server: a host, or empty if the user names it each time.
        port: UDP.
        secrets: its keys.
        digest: of the fields inside.
        access: the ports to ask for; empty if the user names them each time.
        address: to open for; None for the packet's source.
        timeout: seconds, or None.
        nat: the machine behind and its port, or None; an empty host is the server itself.
        username: to name, or empty for the user's own.
        told: what is not in the profile, mistakes among it.
    """

    name: str
    place: Span
    server: str
    port: int
    secrets: Secrets
    digest: str
    access: tuple[tuple[Protocol, int], ...]
    address: IPv4Address | None
    timeout: int | None
    nat: tuple[str, int] | None
    username: str
    told: tuple[Diagnostic, ...]

    @property
    def wrong(self) -> bool:
        """Whether nothing can be made of it."""
        return any(each.severity is Severity.ERROR for each in self.told)


def mistake(message: str, span: Span | None, hint: str = "") -> Diagnostic:
    """Spell what keeps fwknop, or us, from sending a packet."""
    return Diagnostic("PW711", Severity.ERROR, message, span, hint)


def not_taken(message: str, span: Span | None, hint: str = "") -> Diagnostic:
    """Spell what is not in the profile."""
    return Diagnostic("PW712", Severity.ADVICE, message, span, hint)


def judge(name: str, place: Span, entries: Mapping[str, Entry]) -> RcStanza:
    """Judge a stanza, [default] worked in."""
    reader = _Reader(entries)
    told = list(reader.remarks(place))
    access, nat = reader.access()
    return RcStanza(
        name=name,
        place=place,
        server=reader.text("SPA_SERVER"),
        port=reader.number("SPA_SERVER_PORT", MAX_PORT) or 62201,
        secrets=reader.secrets(place),
        digest=reader.judged("DIGEST_TYPE", digest_of),
        access=access,
        address=reader.address(),
        timeout=reader.number("FW_TIMEOUT", LONGEST_TIMEOUT),
        nat=nat,
        username=reader.text("SPOOF_USER"),
        told=(*reader.wrong, *told),
    )


@attrs.define
class _Reader:
    """Reads the values of one stanza and collects what is wrong with them."""

    entries: Mapping[str, Entry]
    wrong: list[Diagnostic] = attrs.Factory(list)

    def text(self, name: str) -> str:
        return self.entries[name].value.text if name in self.entries else ""

    def yes(self, name: str) -> bool:
        return name in self.entries and self.entries[name].says_yes()

    def complain(self, name: str, sentence: str) -> None:
        self.wrong.append(mistake(f"{name}: {sentence}", self.entries[name].value.span))

    def number(self, name: str, last: int) -> int | None:
        """A number in 0..last, where 0 is as good as none; what stands behind the digits is passed over."""
        found = re.match(r"[0-9]{1,9}", self.text(name))
        if name in self.entries and (not found or int(found[0]) > last):
            self.complain(name, f"is not in 0..{last}")
            return None
        return int(found[0]) or None if found else None

    def judged(self, name: str, reader: Callable[[Entry | None], str]) -> str:
        try:
            return reader(self.entries.get(name))
        except ValueError as error:
            self.complain(name, str(error))
            return reader(None)

    def secret(self, *names: str) -> bytes:
        """A secret; the one that is not base64 counts where there are both."""
        for name in names:
            try:
                if name in self.entries:
                    return secret_of(self.entries[name])
            except ValueError as error:
                self.complain(name, str(error))
        return b""

    def secrets(self, place: Span) -> Secrets:
        key = self.secret("KEY", "KEY_BASE64")
        hmac_key = self.secret("HMAC_KEY", "HMAC_KEY_BASE64")
        mode = self.judged("ENCRYPTION_MODE", mode_of)
        if self.yes("USE_GPG") or mode == "asymmetric":
            self.wrong.append(mistake("its packets are GnuPG's, which portward does not make", place))
        elif not key and not self.wrong:
            self.wrong.append(
                mistake("it has no key", place, "fwknop asks for one; here it stands in the profile")
            )
        legacy = mode == "legacy"
        usual = legacy or mode == "asymmetric"
        digest = self.judged("HMAC_DIGEST_TYPE", digest_of)
        return Secrets(key, hmac_key, digest, "cbc" if usual else mode, legacy)

    def asked(self) -> tuple[tuple[Protocol, int], ...]:
        """The ports that the client asks for, as they are named."""
        found = []
        for piece in filter(None, self.text("ACCESS").split(",")):
            port = _PORT.fullmatch(piece)
            if port and int(port[2]) <= MAX_PORT:
                found.append((Protocol(port[1]), int(port[2])))
            else:
                self.complain("ACCESS", "write tcp/22 or udp/53, with commas between")
        return tuple(found)

    def access(self) -> tuple[tuple[tuple[Protocol, int], ...], tuple[str, int] | None]:
        """The ports to ask for and where they lead; NAT_PORT is asked for in place of the port that it leads to."""
        asked = self.asked()
        outside = self.number("NAT_PORT", MAX_PORT)
        nat = self._nat()
        if outside is None or not asked or not (nat or self.yes("NAT_LOCAL")):
            return asked, nat
        protocol, inside = asked[0]
        return ((protocol, outside), *asked[1:]), (nat[0] if nat else "", inside)

    def address(self) -> IPv4Address | None:
        """The address to open for; `source` and `resolve` both leave it to the gate to see it."""
        text = self.text("ALLOW_IP")
        if text.lower() in {"", "source", "resolve", "0.0.0.0"}:  # noqa: S104 - fwknop's word for the source
            return None
        try:
            return IPv4Address(text)
        except ValueError:
            self.complain("ALLOW_IP", "is no IPv4 address, source or resolve")
            return None

    def _nat(self) -> tuple[str, int] | None:
        if "NAT_ACCESS" not in self.entries:
            return None
        found = _NAT.fullmatch(self.text("NAT_ACCESS"))
        if not found or int(found[2]) > MAX_PORT:
            self.complain("NAT_ACCESS", "write HOST:PORT")
            return None
        return found[1], int(found[2])

    def remarks(self, place: Span) -> Iterator[Diagnostic]:
        """Tell of what a profile does not have."""
        for name, instead in NOT_TAKEN.items():
            entry = self.entries.get(name)
            if entry and entry.value.text.upper() not in {"N", "UDP"}:
                yield not_taken(f"{name} is not in the profile: {instead}", entry.key.span)
        if self.text("ALLOW_IP").lower() == "resolve":
            sentence = (
                "ALLOW_IP resolve asks a web page; the profile lets the gate take the address that it sees"
            )
            yield not_taken(sentence, self.entries["ALLOW_IP"].value.span)
        if self.yes("NAT_LOCAL") and not {"NAT_PORT", "NAT_ACCESS"} & self.entries.keys():
            yield not_taken(
                "NAT_LOCAL without NAT_PORT is not in the profile: nat says where the port leads", place
            )
        if "ACCESS" not in self.entries:
            yield not_taken("it names no ports; the profile asks for tcp/22", place)

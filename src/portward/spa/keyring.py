"""Whose keys the gate knows: what the daemon reads and the kernel's tokens are made from. Pure data.

Keys prove who somebody is; what the person may do stands in the policy. A key counts from `since` until `until`: a
rotated key has an end, so that the old one is good for a grace time beside the new one.
"""

import enum
from datetime import datetime

import attrs

from portward.spa.crypto import AesMode


@attrs.frozen
class Term:
    """When a key counts; aware moments, UTC.

    Attributes:
        since: from then on.
        until: before then; None for no end.
    """

    since: datetime
    until: datetime | None = None

    def covers(self, now: datetime) -> bool:
        """Whether a key of this term counts now."""
        return self.since <= now and (self.until is None or now < self.until)


@attrs.frozen
class SealedKey:
    """A person's static key for sealed knocks.

    Attributes:
        person: whose, as in the policy.
        public: X25519, 32 bytes.
        psk: a second secret of 32 bytes that both know, or empty.
        term: see `Term`.
    """

    person: str
    public: bytes
    psk: bytes = attrs.field(repr=False)
    term: Term


@attrs.frozen
class TokenKey:
    """A person's secret that passes and rolling sequences are made from.

    Attributes:
        person: whose, as in the policy.
        secret: 32 bytes.
        slot: which ports the person's rolling sequences have, 0..slots-1; a rotated key has another, if any is free.
        term: see `Term`.
    """

    person: str
    secret: bytes = attrs.field(repr=False)
    slot: int
    term: Term


class HmacDigest(enum.StrEnum):
    """Digests of fwknop's HMAC, by their names in access.conf in lower case."""

    MD5 = "md5"
    SHA1 = "sha1"
    SHA256 = "sha256"
    SHA384 = "sha384"
    SHA512 = "sha512"
    SHA3_256 = "sha3_256"
    SHA3_512 = "sha3_512"


@attrs.frozen
class FwknopKey:
    """One stanza's keys of fwknop.

    Attributes:
        person: whose, as in the policy.
        key: for Rijndael, 1..32 bytes.
        hmac_key: 1..128 bytes; empty for packets without HMAC, which are accepted only where somebody said so.
        hmac_digest: of the HMAC.
        mode: how AES blocks are chained.
        legacy: the key is cut or filled to 16 bytes, as fwknop before 2.5 did; never together with an HMAC.
        username: that the packet must name; empty for any.
        term: see `Term`.
    """

    person: str
    key: bytes = attrs.field(repr=False)
    hmac_key: bytes = attrs.field(repr=False)
    hmac_digest: HmacDigest
    mode: AesMode
    legacy: bool
    username: str
    term: Term


@attrs.frozen
class ServerKey:
    """The gate's own X25519 key; the public one is also the server's id.

    Attributes:
        private: 32 bytes.
        public: 32 bytes.
    """

    private: bytes = attrs.field(repr=False)
    public: bytes


@attrs.frozen
class Keyring:
    """All keys of a gate."""

    sealed: tuple[SealedKey, ...] = ()
    tokens: tuple[TokenKey, ...] = ()
    fwknop: tuple[FwknopKey, ...] = ()

    @property
    def people(self) -> frozenset[str]:
        """Whose keys there are."""
        sealed = (each.person for each in self.sealed)
        return frozenset(
            (*sealed, *(each.person for each in self.tokens), *(each.person for each in self.fwknop))
        )

"""What fwknop's files say about keys: secrets, digests and modes, read as fwknop 2.6.10 reads them.

The same in access.conf and in .fwknoprc. Digests and modes stay words here; what they do is known to `spa`.
"""

import base64
import binascii

import attrs

from portward.sources.fwknop_text import Entry


DIGESTS = ("md5", "sha1", "sha256", "sha384", "sha512", "sha3_256", "sha3_512")
"""Of the HMAC and of the fields inside; in any case of letters."""

MODES = ("cbc", "ecb", "cfb", "ofb", "ctr", "legacy")
"""How Rijndael is used; `legacy` is CBC with a key of 16 bytes."""

LONGEST_KEY = 32
"""Bytes; a longer one can be written, and no packet is ever made with it."""

LONGEST_HMAC_KEY = 128

PLACEHOLDER = "__CHANGEME__"


@attrs.frozen
class Secrets:
    """The keys of a stanza, and how they are used.

    Attributes:
        key: for Rijndael; empty if there is none.
        hmac_key: empty if there is none.
        hmac_digest: one of `DIGESTS`.
        mode: one of `MODES` but `legacy`.
        legacy: whether the key is cut or filled to 16 bytes.
    """

    key: bytes = attrs.field(repr=False)
    hmac_key: bytes = attrs.field(repr=False)
    hmac_digest: str = "sha256"
    mode: str = "cbc"
    legacy: bool = False


def secret_of(entry: Entry | None) -> bytes:
    """The bytes of a KEY or HMAC_KEY, or of its form in base64; empty for no entry.

    Raises:
        ValueError: a sentence that holds nothing of the secret.
    """
    if entry is None:
        return b""
    text = entry.value.text
    if text.startswith(PLACEHOLDER):
        msg = f"{entry.name} was never set"
        raise ValueError(msg)
    if not entry.name.endswith("_BASE64"):
        return text.encode(errors="surrogateescape")
    try:
        stripped = text.rstrip("=")
        return base64.b64decode(stripped + "=" * (-len(stripped) % 4), validate=True)
    except (binascii.Error, ValueError):
        msg = f"{entry.name} is no base64"
        raise ValueError(msg) from None


def digest_of(entry: Entry | None) -> str:
    """The digest that an entry names; SHA-256 for no entry.

    Raises:
        ValueError: fwknop knows no such digest.
    """
    name = entry.value.text.strip().lower() if entry else "sha256"
    if name not in DIGESTS:
        msg = f"fwknop knows no such digest; it knows {', '.join(DIGESTS)}"
        raise ValueError(msg)
    return name


def mode_of(entry: Entry | None) -> str:
    """The mode that an entry names, `asymmetric` for GnuPG's packets; CBC for no entry.

    Raises:
        ValueError: fwknop knows no such mode.
    """
    name = entry.value.text.strip().lower() if entry else "cbc"
    if name not in {*MODES, "asymmetric"}:
        msg = f"fwknop knows no such mode; it knows {', '.join(MODES)} and asymmetric"
        raise ValueError(msg)
    return name

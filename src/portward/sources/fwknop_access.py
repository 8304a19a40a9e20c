"""An access.conf as stanzas, its includes worked in, as fwknopd 2.6.10 reads it.

Pure: what another file holds is asked of the caller. What a stanza means is judged in `fwknop_stanza`.
"""

from collections.abc import Callable, Sequence

import attrs

from portward.errors import Diagnostic
from portward.sources.did_you_mean import nearest
from portward.sources.fwknop_text import Entry, fatal, quirk, read_entries, remarks_on_values


Find = Callable[[str, str], Sequence[tuple[str, bytes]]]
"""Gives the name and content of the file that is included by the file named first, or of each file of the folder if the
second name ends with a slash. Raises ValueError with the reason if there is none."""

DEEPEST = 3
"""Files within files."""

SECRETS = ("KEY", "KEY_BASE64", "HMAC_KEY", "HMAC_KEY_BASE64", "GPG_DECRYPT_PW")

VARIABLES = (
    *SECRETS,
    *("SOURCE", "DESTINATION", "OPEN_PORTS", "RESTRICT_PORTS", "HMAC_DIGEST_TYPE", "ENCRYPTION_MODE"),
    *("FW_ACCESS_TIMEOUT", "MAX_FW_TIMEOUT", "ACCESS_EXPIRE", "ACCESS_EXPIRE_EPOCH", "REQUIRE_USERNAME"),
    *("REQUIRE_SOURCE_ADDRESS", "REQUIRE_SOURCE", "ENABLE_CMD_EXEC", "CMD_EXEC_USER", "CMD_EXEC_GROUP"),
    *(
        "ENABLE_CMD_SUDO_EXEC",
        "CMD_SUDO_EXEC_USER",
        "CMD_SUDO_EXEC_GROUP",
        "CMD_CYCLE_OPEN",
        "CMD_CYCLE_CLOSE",
    ),
    *("CMD_CYCLE_TIMER", "FORCE_NAT", "FORCE_SNAT", "FORCE_MASQUERADE", "DISABLE_DNAT", "FORWARD_ALL"),
    *("GPG_HOME_DIR", "GPG_EXE", "GPG_DECRYPT_ID", "GPG_ALLOW_NO_PW", "GPG_REQUIRE_SIG", "GPG_DISABLE_SIG"),
    *("GPG_IGNORE_SIG_VERIFY_ERROR", "GPG_REMOTE_ID", "GPG_FINGERPRINT_ID"),
)
"""What fwknopd 2.6.10 knows; it passes over anything else."""

KEY_VARIABLES = SECRETS
"""What alone is taken from a file of keys."""


@attrs.frozen
class Stanza:
    """One stanza.

    Attributes:
        source: with which it begins.
        entries: the rest, in order, keys from other files among them.
    """

    source: Entry
    entries: tuple[Entry, ...] = ()

    def last(self, *names: str) -> Entry | None:
        """The entry that counts: the last one of any of these variables."""
        return next((each for each in reversed(self.entries) if each.name in names), None)


@attrs.frozen
class AccessFile:
    """An access.conf and what it includes.

    Attributes:
        stanzas: in the order in which fwknopd tries them.
        fatal: each keeps fwknopd from starting.
        quirks: what fwknopd reads otherwise than it looks.
        texts: by name, secrets blotted out, for showing lines.
    """

    stanzas: tuple[Stanza, ...]
    fatal: tuple[Diagnostic, ...]
    quirks: tuple[Diagnostic, ...]
    texts: dict[str, str]


@attrs.define
class _Reading:
    """What has been read so far."""

    find: Find
    stanzas: list[Stanza] = attrs.Factory(list)
    fatal: list[Diagnostic] = attrs.Factory(list)
    quirks: list[Diagnostic] = attrs.Factory(list)
    texts: dict[str, str] = attrs.Factory(dict)

    def entries(self, content: bytes, file: str) -> list[Entry]:
        """Cut a file, and keep its text without the secrets."""
        entries, mistakes = read_entries(content, file)
        self.fatal += mistakes
        self.quirks += remarks_on_values(entries, SECRETS)
        self.texts[file] = blotted(content, entries, SECRETS)
        return entries

    def found(self, file: str, entry: Entry, *, folder: bool = False) -> Sequence[tuple[str, bytes]]:
        """What an entry includes; that it is not there is told."""
        name = entry.value.text.rstrip()
        try:
            return self.find(file, f"{name.rstrip('/')}/" if folder else name)
        except ValueError as error:
            self.fatal.append(fatal(f"{name} cannot be read ({error})", entry.value.span))
            return ()


def read_access(content: bytes, file: str, find: Find) -> AccessFile:
    """Read an access.conf."""
    reading = _Reading(find)
    _read_file(reading, content, file, 1)
    if not reading.stanzas and not reading.fatal:
        reading.fatal.append(fatal(f"{file} has no stanza", None, "a stanza begins with SOURCE"))
    return AccessFile(tuple(reading.stanzas), tuple(reading.fatal), tuple(reading.quirks), reading.texts)


def _read_file(reading: _Reading, content: bytes, file: str, depth: int) -> None:
    """Read one file; a stanza goes on behind what is included in its middle."""
    current: int | None = None
    for entry in reading.entries(content, file):
        if entry.name == "SOURCE":
            reading.stanzas.append(Stanza(entry))
            current = len(reading.stanzas) - 1
        elif entry.name in {"%include", "%include_folder"}:
            _include(reading, entry, file, depth)
        elif current is None:
            reading.quirks.append(
                quirk(f"{entry.name} before the first SOURCE is passed over", entry.key.span)
            )
        elif entry.name == "%include_keys":
            for name, found in reading.found(file, entry):
                _add(reading, current, *_only_keys(reading, reading.entries(found, name)))
        elif entry.name in VARIABLES:
            _add(reading, current, entry)
        else:
            hint = nearest(entry.name, VARIABLES)
            reading.quirks.append(
                quirk(f"fwknopd does not know {entry.name} and passes over it", entry.key.span, hint)
            )


def _include(reading: _Reading, entry: Entry, file: str, depth: int) -> None:
    if depth > DEEPEST:
        reading.fatal.append(fatal(f"files include each other more than {DEEPEST} deep", entry.key.span))
        return
    for name, content in reading.found(file, entry, folder=entry.name == "%include_folder"):
        _read_file(reading, content, name, depth + 1)


def _add(reading: _Reading, number: int, *entries: Entry) -> None:
    stanza = reading.stanzas[number]
    reading.stanzas[number] = attrs.evolve(stanza, entries=(*stanza.entries, *entries))


def _only_keys(reading: _Reading, entries: list[Entry]) -> list[Entry]:
    for entry in entries:
        if entry.name not in KEY_VARIABLES:
            reading.quirks.append(quirk(f"{entry.name} in a file of keys is passed over", entry.key.span))
    return [each for each in entries if each.name in KEY_VARIABLES]


def blotted(content: bytes, entries: Sequence[Entry], secret: Sequence[str]) -> str:
    """The text with the secrets blotted out, each character by itself, so that columns stay."""
    lines = content.decode(errors="replace").split("\n")
    for entry in entries:
        if entry.name in secret:
            span = entry.value.span
            line, start = lines[span.line - 1], span.column - 1
            lines[span.line - 1] = (
                line[:start] + "*" * len(entry.value.text) + line[start + len(entry.value.text) :]
            )
    return "\n".join(lines)

"""An access.conf for tests, and short ways to read one."""

from collections.abc import Mapping, Sequence

from portward.errors import Diagnostic
from portward.sources.fwknop_access import AccessFile, read_access
from portward.sources.fwknop_conf import FwknopConf
from portward.sources.fwknop_policy import FwknopPolicy, Opened, make_policy


STANZA = """SOURCE ANY
OPEN_PORTS tcp/22
KEY correct horse 1
HMAC_KEY hmac key 2
"""


def access(text: str, files: Mapping[str, str] | None = None) -> AccessFile:
    """Read an access.conf; what it includes comes from the mapping."""

    def find(_file: str, name: str) -> Sequence[tuple[str, bytes]]:
        found = [(each, text.encode()) for each, text in (files or {}).items() if each == name]
        if name.endswith("/"):
            found = [(each, text.encode()) for each, text in (files or {}).items() if each.startswith(name)]
        if not found:
            raise ValueError("it is not there")
        return found

    return read_access(text.encode(), "access.conf", find)


def policy(text: str, given: Opened | None = None, *, weaker: bool = False) -> FwknopPolicy:
    """Make a policy of an access.conf alone."""
    return make_policy(access(text), FwknopConf(), given, allow_weaker=weaker)


def told(diagnostics: Sequence[Diagnostic]) -> list[str]:
    """Line and message of each."""
    return [f"{each.span.line if each.span else 0}: {each.message}" for each in diagnostics]

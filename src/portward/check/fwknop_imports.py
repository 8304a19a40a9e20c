"""The pages of the codes that the importers of fwknop's files give; the diagnostics are made where they read.

An example here is an access.conf or a .fwknoprc, not a policy; a test imports each and sees the code.
"""

from portward.check.page import Page, page
from portward.errors import Severity


STANZA = """SOURCE ANY
OPEN_PORTS tcp/22
KEY the secret of an example
HMAC_KEY another secret of an example
REQUIRE_SOURCE_ADDRESS Y
FW_ACCESS_TIMEOUT 300
"""
"""A stanza that fwknopd and portward mean the same by."""

RC = """[gate]
SPA_SERVER gate.example.org
ACCESS tcp/22
KEY a-secret-of-an-example
HMAC_KEY another-secret-of-an-example
"""
"""A stanza of a client with nothing to say about it."""


def fwknop(  # noqa: PLR0913 - the headings of a page
    code: str, severity: Severity, title: str, *, what: str, why: str, example: str, fix: str = STANZA
) -> Page:
    """Make a page whose example is one of fwknop's files."""
    return page(code, severity, title, what=what, why=why, example=example, fix=fix, by_hand=True)


SERVER = (
    fwknop(
        "PW701",
        Severity.ERROR,
        "fwknopd does not start",
        what="The files have what fwknopd itself refuses. All such places are told at once; no policy is written.",
        why="What would not run there has no meaning to bring here.",
        example=STANZA.replace("KEY the secret", "KEY __CHANGEME__ secret", 1),
    ),
    fwknop(
        "PW702",
        Severity.ADVICE,
        "fwknopd reads this otherwise than it looks",
        what="A remark behind a value, blanks at the end of a key, a variable that fwknopd does not know.",
        why="fwknopd takes it without a word and does something else. A key with a remark in it opens nothing.",
        example=STANZA.replace("tcp/22", "tcp/22\nOPEN_PORT tcp/80"),
    ),
    fwknop(
        "PW703",
        Severity.ERROR,
        "a stanza is not in the policy",
        what="It opens whatever a packet asks for, runs a command instead, or wants GnuPG's packets.",
        why="""A policy says by name what is guarded. `--opens PERSON=PORTS` says what a stanza opens; the person's name
        stands in what is printed.""",
        example=STANZA.replace("OPEN_PORTS tcp/22\n", ""),
    ),
    fwknop(
        "PW704",
        Severity.ADVICE,
        "something is not taken over",
        what="Commands in packets, translation of the visitor's address, a destination, HTTP.",
        why="The policy does less than fwknopd did. Under `--strict` it is an error.",
        example=STANZA + "ENABLE_CMD_EXEC Y\n",
    ),
    fwknop(
        "PW705",
        Severity.NOTE,
        "portward differs from fwknopd here",
        what="How long a packet may ask for, which address it opens for, when an account ends.",
        why="It is told so that nobody is surprised.",
        example=STANZA.replace("FW_ACCESS_TIMEOUT 300", "FW_ACCESS_TIMEOUT 60"),
    ),
    fwknop(
        "PW706",
        Severity.ERROR,
        "packets without HMAC, or in legacy mode",
        what="A stanza without an HMAC key, or with a key that is cut to 16 bytes. `--allow-weaker` takes it as it is.",
        why="""Without an HMAC everybody's junk is decrypted before it is refused, and what is left to tell a forged
        packet is a digest inside. Give both ends an HMAC key: `fwknop --key-gen` makes one.""",
        example=STANZA.replace("HMAC_KEY another secret of an example\n", ""),
    ),
)

CLIENT = (
    fwknop(
        "PW711",
        Severity.ERROR,
        "no packet can be made of this",
        what="A line that fwknop refuses, a stanza without a key or a server, GnuPG's packets.",
        why="fwknop would send nothing, or ask for what is missing each time. `--host` says the server.",
        example=RC.replace("SPA_SERVER gate.example.org\n", ""),
        fix=RC,
    ),
    fwknop(
        "PW712",
        Severity.ADVICE,
        "something is not in the profile",
        what="Another transport than UDP, a forged source, a clock that is wrong on purpose, a key in another file.",
        why="The packet is made without it. Under `--strict` it is an error.",
        example=RC + "SPA_SERVER_PROTO tcp\n",
        fix=RC,
    ),
)

PAGES = (*SERVER, *CLIENT)

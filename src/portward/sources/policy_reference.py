"""The reference page of the policy file, made from the description of its keys, as Markdown."""

from collections.abc import Iterator

from portward.sources.policy_keys import SECTIONS, SPELLINGS, Key, Kind, Section


EXAMPLE = """\
schema = 1
public = ["tcp/80"]                 # open to all in lockdown, never a stray
always = ["192.0.2.0/24"]           # these never need to knock

[defaults]
step_timeout = "10s"                # between one knock and the next
open_for     = "1h"
penalty      = "1m"
strict       = true
mode         = "guard"              # or "lockdown"

[services.ssh]
ports     = ["tcp/22"]
published = ["tcp/12345"]           # reached from outside here; 22 itself is closed

[services.wireguard]
kind      = "wireguard"             # the VPN behind the knock, on udp/51820
on_expiry = "cut"                   # tunnels end with the grant

[services.cameras]
host  = "192.168.1.10"              # behind this gateway: forwarded
ports = ["tcp/443", "tcp/8000-8010"]

[sequences.admin]
knocks       = ["tcp/41733", "udp/9121=open sesame", "icmp/777", "tcp/17021"]
opens        = ["ssh", "wireguard"] # or "*" for everything
open_for     = "7d"
step_timeout = ["12s", "10s", "10s"] # one for all, or one for each step

[sequences.porter]
knocks = ["udp/27272", "tcp/6311", "udp/51011", "tcp/18181"]
opens  = ["cameras"]

[people.alice]
opens    = ["ssh", "wireguard"]
open_for = "8h"
from     = ["198.51.100.0/24"]      # anywhere, if left out
until    = "2027-06-30"

[windows]
length = "10m"
ahead  = "24h"

[passes]
port = 62202

[rolling]
ports = "20000-24999"

[sealed]
port    = 62203
max_age = "2m"

[fwknop]
port = 62201
"""
"""A policy that uses every section; a test holds it to being without mistakes."""


INTRODUCTION = """
    One TOML file says what is guarded and what opens it, usually `/etc/portward/policy.toml`. `portward check` tells
    its mistakes and gives advice, [codes.md](codes.md) explains them, [meaning.md](meaning.md) says what it means
    packet by packet. This page is made from the same description as the reader; so is
    [the JSON Schema](schema/policy.schema.json), which `portward schema` prints.
"""

FILES = """
    `policy.toml` is read together with `policy.d/*.toml` beside it, in the order of their names, hidden files left
    out; `gate.toml` with `gate.d/*.toml`, and so on. Services, sequences, people, `public`, `always` and `interfaces`
    of all files add up, and a sequence may open a service of another file. A name that is defined twice is a mistake.
    All other sections stand only in the main file, and hold for all. `-` reads stdin, which has no parts.
"""


def reference_page() -> str:
    """Write the page."""
    blocks = [
        "# The policy file",
        _paragraph(INTRODUCTION),
        f"```toml\n{EXAMPLE}```",
        "## Files",
        _paragraph(FILES),
        "The file holds secrets: `chmod 640` or less. It is UTF-8; a byte order mark is passed over.",
        "## Spellings",
        "\n".join(f"* **{kind.says.split(' ', 1)[1].capitalize()}**: {text}" for kind, text in SPELLINGS),
    ]
    for section in SECTIONS:
        blocks += _section(section)
    return "\n\n".join(blocks) + "\n"


def _paragraph(text: str) -> str:
    """One line of Markdown."""
    return " ".join(text.split())


def _section(section: Section) -> Iterator[str]:
    """The heading, the purpose and the table of keys of a section."""
    yield f"## `{section.header}`" if section.name else "## Before the first table"
    yield section.about if section.name else _where(section)
    rows = ["| key | value | default | |", "|---|---|---|---|"]
    rows += [
        f"| `{key.name}` | {_kind(key)} | {_default(key)} | {_escaped(key.about)} |" for key in section.keys
    ]
    yield "\n".join(rows)


def _where(section: Section) -> str:
    return f"{section.about} Behind a `[table]` they would belong to that table."


def _kind(key: Key) -> str:
    """What may stand behind a key, with an example."""
    if isinstance(key.kind, Kind):
        choices = " or ".join(f'`"{each}"`' for each in key.kind.choices)
        return choices or f"{key.kind.says}{_range(key.kind)}"
    return f"{key.kind.says}: `[{key.kind.element.example}]`"


def _range(kind: Kind) -> str:
    low, high = kind.schema.get("minimum"), kind.schema.get("maximum")
    return "" if low is None else f", {low:,} to {high:,}"


def _default(key: Key) -> str:
    if key.required:
        return "required"
    if key.given_by:
        return f"as `{key.given_by}` has it"
    if key.inherits:
        return "as in `[defaults]`"
    return f"`{key.default}`" if key.default else "none"


def _escaped(text: str) -> str:
    """Keep a bar from ending the cell."""
    return text.replace("|", "\\|")

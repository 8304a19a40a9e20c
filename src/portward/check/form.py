"""The pages of the codes that the reader of the policy file gives: its form, what it names, and who may read it.

The diagnostics themselves are made in `sources`, which knows nothing of these pages; a test holds the two together.
"""

from portward.check.page import page
from portward.errors import Severity


_SSH = """
schema = 1
[services.ssh]
ports = ["tcp/22"]
"""

PAGES = (
    page(
        "PW101",
        Severity.ERROR,
        "the file is not TOML",
        what="The text breaks TOML's own grammar. Only the first such place is told: what follows cannot be read.",
        why="Most often quotes are missing around a text, a bracket is open, or a table stands twice.",
        example="schema = 1\n[defaults]\npenalty = 1m\n",
        fix='schema = 1\n[defaults]\npenalty = "1m"\n',
    ),
    page(
        "PW102",
        Severity.ERROR,
        "an unknown key or section",
        what="A key does not exist, or not in this section.",
        why="""A misspelt key would silently do nothing. A key that should stand before the first `[table]` belongs to
        that table when it stands behind it.""",
        example='schema = 1\n[defaults]\nstep_timout = "5s"\n',
        fix='schema = 1\n[defaults]\nstep_timeout = "5s"\n',
    ),
    page(
        "PW103",
        Severity.ERROR,
        "a value of the wrong type",
        what="A number stands where a text belongs, a text where a list belongs, and so on.",
        why="Nothing is guessed: `22` could be tcp or udp, `60` seconds or minutes.",
        example="schema = 1\n[services.ssh]\nports = [22]\n",
        fix=_SSH,
    ),
    page(
        "PW104",
        Severity.ERROR,
        "a value that cannot be read",
        what="A port, knock, duration, address or name is misspelt or out of range.",
        why="Ports are 1..65535, durations what both the kernel and RouterOS can hold.",
        example='schema = 1\n[services.ssh]\nports = ["22/tcp"]\n',
        fix=_SSH,
    ),
    page(
        "PW105",
        Severity.ERROR,
        "a key is missing",
        what="The file lacks `schema`, or a service or sequence lacks what it cannot be without.",
        why="A service without ports, or a sequence without knocks, guards and opens nothing.",
        example="schema = 1\n[services.ssh]\n",
        fix=_SSH,
    ),
    page(
        "PW106",
        Severity.ERROR,
        "an empty list",
        what="`ports`, `knocks`, `opens` or `host` is there but empty.",
        why="The same as if it were missing.",
        example="schema = 1\n[services.ssh]\nports = []\n",
        fix=_SSH,
    ),
    page(
        "PW107",
        Severity.ERROR,
        "a name that cannot be one",
        what="The name of a service or sequence has other characters than lower-case letters, digits, `-` and `_`.",
        why="Names become names in nftables and RouterOS and words of the command line, which take no others.",
        example='schema = 1\n[services."My SSH"]\nports = ["tcp/22"]\n',
        fix='schema = 1\n[services.my-ssh]\nports = ["tcp/22"]\n',
    ),
    page(
        "PW108",
        Severity.ERROR,
        "an unknown schema",
        what="`schema` is another number than 1.",
        why="The file was written for another portward, and its keys may mean something else; nothing of it is used.",
        example="schema = 2\n",
        fix="schema = 1\n",
    ),
    page(
        "PW109",
        Severity.ERROR,
        "a section that stands only in the main file",
        what="`[defaults]` or `[sizes]` stands in a file of the directory of parts.",
        why="They hold for everything, so there is one place to look for them.",
        example=_SSH,
        example_part='[defaults]\nopen_for = "2h"\n',
        fix=_SSH + '[defaults]\nopen_for = "2h"\n',
        fix_part='[services.web]\nports = ["tcp/443"]\n',
    ),
    page(
        "PW110",
        Severity.ERROR,
        "a name that is defined twice",
        what="Two files define a service, or a sequence, of the same name. (Twice in one file is no TOML.)",
        why="Which one holds would depend on the order of the files.",
        example=_SSH,
        example_part='[services.ssh]\nports = ["tcp/2222"]\n',
        fix=_SSH,
        fix_part='[services.other-ssh]\nports = ["tcp/2222"]\n',
    ),
    page(
        "PW111",
        Severity.ERROR,
        "the file is not UTF-8",
        what="The file holds bytes that are no UTF-8, at the place that is told.",
        why="TOML is UTF-8. The file was saved in another encoding, or is something else altogether.",
        example="# a comment saved as Latin-1: Küche\n",
        fix="# the same, saved as UTF-8: Küche\n",
        by_hand=True,
    ),
    page(
        "PW301",
        Severity.ERROR,
        "an unknown service",
        what="A sequence opens a service that no file defines.",
        why="The knock would open nothing.",
        example=_SSH + '[sequences.a]\nknocks = ["udp/4747", "tcp/911"]\nopens = ["shh"]\n',
        fix=_SSH + '[sequences.a]\nknocks = ["udp/4747", "tcp/911"]\nopens = ["ssh"]\n',
    ),
    page(
        "PW302",
        Severity.ERROR,
        '"*" beside other services',
        what='`opens` holds `"*"` and names besides.',
        why='`"*"` opens everything, so the names mean nothing; one of the two was not meant.',
        example=_SSH + '[sequences.a]\nknocks = ["udp/4747", "tcp/911"]\nopens = ["*", "ssh"]\n',
        fix=_SSH + '[sequences.a]\nknocks = ["udp/4747", "tcp/911"]\nopens = "*"\n',
    ),
    page(
        "PW303",
        Severity.ERROR,
        "step timeouts that do not fit the knocks",
        what="`step_timeout` is a list, but not of one fewer than there are knocks.",
        why="There is one step between each knock and the next.",
        example=_SSH
        + '[sequences.a]\nknocks = ["udp/4747", "tcp/911"]\nopens = ["ssh"]\nstep_timeout = ["5s", "5s"]\n',
        fix=_SSH
        + '[sequences.a]\nknocks = ["udp/4747", "tcp/911"]\nopens = ["ssh"]\nstep_timeout = ["5s"]\n',
    ),
    page(
        "PW421",
        Severity.ADVICE,
        "others may write the policy",
        what="The group, or everybody, may write to the policy file.",
        why="Who may write it can let themselves in.",
        example="-rw-rw-r-- 1 root staff 812 policy.toml\n",
        fix="-rw-r----- 1 root portward 812 policy.toml\n",
        by_hand=True,
    ),
    page(
        "PW422",
        Severity.ADVICE,
        "others may read the policy",
        what="""Everybody on the machine may read the policy file, and the knocks in it. If only its group may, that is
        a note.""",
        why="Knocks are secrets.",
        example="-rw-r--r-- 1 root root 812 policy.toml\n",
        fix="-rw------- 1 root root 812 policy.toml\n",
        by_hand=True,
    ),
)

"""The commands about people and their keys, as `commands` describes all others."""

from portward.cli.command import POLICY_PATH, Argument, Command, argument


NAME = argument("name", metavar="NAME", help="a person's name")
POLICY = argument(
    "--policy", default=POLICY_PATH, metavar="POLICY", help=f"policy file (default: {POLICY_PATH})"
)
INVITATION: tuple[Argument, ...] = (
    argument(
        "--ways",
        metavar="WAYS",
        help="sealed,pass,rolling: what the keys are for (default: all that the policy takes)",
    ),
    argument(
        "--public-key",
        metavar="KEY",
        help="what portward keygen printed for this person: the private half is never here",
    ),
    argument(
        "--host",
        metavar="HOST",
        help="name or address the person reaches this gate by (default: this host's name)",
    ),
    argument(
        "--output", "-o", metavar="FILE", help="write the invitation to this new file, readable by you alone"
    ),
    argument(
        "--qr", metavar="WHERE", help="draw it as a QR code too: terminal, or a file ending in .svg or .png"
    ),
    argument("--force", action="store_true", help="replace files that are there"),
    POLICY,
)

COMMANDS: tuple[Command, ...] = (
    Command(
        "person add",
        "give somebody keys of their own, and print an invitation",
        "portward.cli.person:add",
        (
            NAME,
            argument(
                "--opens",
                metavar="SERVICES",
                action="append",
                required=True,
                help="services that the person may open, with commas between, or * for all",
            ),
            argument("--open-for", metavar="TIME", help="how long a door stays open (default: the policy's)"),
            argument(
                "--from",
                dest="networks",
                metavar="NET",
                action="append",
                default=[],
                help="network that the person may come from; may be repeated (default: anywhere)",
            ),
            argument("--until", metavar="DAY", help="the last day, UTC: 2027-06-30 (default: no end)"),
            *INVITATION,
        ),
        (
            (
                "portward person add alice --opens ssh --host gate.example.org -o alice.toml",
                "then hand it over",
            ),
            ("portward person add bob --opens ssh,web --qr terminal", "for the camera of a phone"),
        ),
        "people",
    ),
    Command(
        "person list",
        "show people, what they may open, and how long their keys are good",
        "portward.cli.person_end:show",
        (POLICY,),
        (("portward person list --json", "for programs; no keys are shown"),),
        "people",
    ),
    Command(
        "person rotate",
        "make new keys for somebody; the old ones are good for a while",
        "portward.cli.person:rotate",
        (
            NAME,
            argument(
                "--grace", metavar="TIME", default="7d", help="how long the old keys are good (default: 7d)"
            ),
            *INVITATION,
        ),
        (("portward person rotate alice --grace 0s -o alice.toml", "after a laptop was lost"),),
        "people",
    ),
    Command(
        "person revoke",
        "end somebody's keys and open doors now",
        "portward.cli.person_end:revoke",
        (NAME, POLICY),
        (("portward person revoke alice", "the entry stays in the policy, as revoked"),),
        "people",
    ),
    Command(
        "person remove",
        "take somebody out of the policy, with keys and open doors",
        "portward.cli.person_end:remove",
        (NAME, POLICY),
        (),
        "people",
    ),
    Command(
        "keygen",
        "make a key of your own for sealed knocks, and print its public half",
        "portward.cli.keygen:run",
        (
            argument("--show", action="store_true", help="print the public half of the key there is"),
            argument("--force", action="store_true", help="replace the key there is"),
        ),
        (("portward keygen", "hand over what it prints: portward person add NAME --public-key KEY"),),
        "the client",
    ),
    Command(
        "pass",
        "print a one-time pass, and the plain commands that send it",
        "portward.cli.token_pass:run",
        (
            argument("profile", metavar="PROFILE", help="a profile's name, or its host"),
            argument("--count", metavar="NUMBER", default="1", help="how many, 1 to 64 (default: 1)"),
        ),
        (("portward pass gate --count 2", "for nc, bash, PowerShell, and ping where the gate takes it"),),
        "the client",
    ),
)

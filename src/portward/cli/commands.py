"""The one description of the commands: parser, `--help`, man page and completions are made from it.

Only text and types live here. What a command does is imported when it runs: `handler` names
`module:function`, called with the parsed `argparse.Namespace` and the `Environment`, giving an `Outcome`.
"""

from portward.cli.command import POLICY_PATH, Argument, Command, argument
from portward.cli.commands_people import COMMANDS as PEOPLE


__all__ = ["COMMANDS", "GROUPS", "POLICY_PATH", "Argument", "Command"]

POLICY = argument(
    "policy",
    nargs="?",
    default=POLICY_PATH,
    metavar="POLICY",
    help=f"policy file, or - for stdin (default: {POLICY_PATH})",
)
SERVICE = argument("service", metavar="SERVICE", help="name of a service of the policy, or * for all")
ADDRESS = argument("address", metavar="ADDRESS", help="IPv4 or IPv6 address")

ROUTER = argument("router", metavar="ROUTER", help="a router of routers.toml, by its name")
TO_ROUTER = (
    argument(
        "--password-file",
        metavar="FILE",
        help="read the password from FILE, readable by you alone; - for the first line of stdin",
    ),
    argument(
        "--insecure-plain",
        action="store_true",
        help="connect without TLS: everybody on the way can read the password",
    ),
)

EXACT = argument(
    "--exact", action="store_true", help="the file holds RouterOS rules: take them as they are, rule by rule"
)
ALLOW_WEAKER = argument(
    "--allow-weaker",
    action="store_true",
    help="with --exact: leave out, or put weaker, what cannot be as on a router",
)
INTERFACE = argument(
    "--interface",
    metavar="NAME=OURS",
    action="append",
    help="with --exact: an interface or interface list of the script, and the interfaces it is here",
)

GROUPS = ("the policy", "the gate", "people", "routers", "exposure", "the client", "learning")

COMMANDS: tuple[Command, ...] = (
    Command(
        "check",
        "find the mistakes in a policy, and give advice",
        "portward.cli.check:run",
        (
            POLICY,
            argument("--strict", action="store_true", help="treat advice as mistakes"),
            argument("--no-strength", action="store_true", help="leave out how strong each sequence is"),
        ),
        (("portward check policy.toml", "mistakes as file:line:column, then advice"),),
        "the policy",
    ),
    Command(
        "explain",
        "tell what a code such as PW201 means",
        "portward.cli.explain:run",
        (argument("code", nargs="?", metavar="CODE", help="a code; without it, all codes are listed"),),
        (("portward explain PW201", "what, why, example, fix"),),
        "learning",
    ),
    Command(
        "schema",
        "print the JSON Schema of the policy file, for editors",
        "portward.cli.schema:run",
        (),
        (("portward schema > policy.schema.json", "for an editor that completes TOML"),),
        "the policy",
    ),
    Command(
        "compile",
        "print the nftables text that a policy becomes",
        "portward.cli.compile:run",
        (
            POLICY,
            argument(
                "--map",
                action="store_true",
                help="print the map from the text's lines to the policy's instead",
            ),
            EXACT,
            ALLOW_WEAKER,
            INTERFACE,
        ),
        (
            ("portward compile policy.toml | less", "what the kernel would be given"),
            ("portward compile --exact router.rsc --interface WAN=eth0", "RouterOS rules, rule by rule"),
        ),
        "the policy",
    ),
    Command(
        "simulate",
        "run packets against a policy and explain each one",
        "portward.cli.simulate:run",
        (
            argument("policy", metavar="POLICY", help="policy file, or - for stdin"),
            argument(
                "trace",
                metavar="TRACE",
                help="a trace (text), or a pcap or pcapng file; - for a trace on stdin",
            ),
            argument(
                "--host",
                metavar="ADDRESS",
                action="append",
                help="an address of the guarded host; may be repeated (default: see docs/simulating.md)",
            ),
            argument(
                "--at",
                metavar="TIME",
                help="when second 0 is, for people's keys, such as 2026-07-01T12:00, UTC (default: now; of a capture: "
                "its own time)",
            ),
            EXACT,
            ALLOW_WEAKER,
            INTERFACE,
        ),
        (
            ("portward simulate policy.toml visit.trace", "which rule, which stage, why"),
            ("portward simulate router.rsc visit.trace", "what a router with these rules would do"),
            (
                "portward simulate policy.toml visit.pcap --host 192.0.2.1",
                "the same for what tcpdump -w wrote",
            ),
        ),
        "the policy",
    ),
    Command(
        "attack",
        "sweep, scan and replay against a policy in throw-away namespaces, and count honest visits in bad weather",
        "portward.cli.attack:run",
        (
            POLICY,
            argument(
                "--packets",
                metavar="NUMBER",
                default="1,000,000",
                help="packets of each attack at most (default: 1,000,000)",
            ),
            argument(
                "--seconds",
                metavar="NUMBER",
                default="30",
                help="seconds of each attack at most (default: 30)",
            ),
            argument(
                "--visits",
                metavar="NUMBER",
                default="200",
                help="honest visits in each weather; 0 leaves them out (default: 200)",
            ),
            argument(
                "--sequence",
                metavar="SEQUENCE",
                help="the sequence that is replayed and visited (default: the first)",
            ),
            argument("-6", dest="v6", action="store_true", help="attack over IPv6 instead of IPv4"),
        ),
        (
            ("portward attack policy.toml", "needs root; some five minutes, nothing leaves this machine"),
            ("portward attack policy.toml --packets 5,000,000 --seconds 120", "a longer siege"),
        ),
        "the policy",
    ),
    Command(
        "import routeros",
        "make a policy from RouterOS firewall rules",
        "portward.cli.import_routeros:run",
        (
            argument(
                "file",
                metavar="FILE",
                help="RouterOS script, export, or an article that prints one; - for stdin",
            ),
            argument(
                "--output", "-o", metavar="POLICY", help="write the policy to this file instead of stdout"
            ),
            argument("--strict", action="store_true", help="refuse a text that had to be mended"),
            argument(
                "--exact-meaning",
                action="store_true",
                help="keep RouterOS's own meaning: not strict, nothing assumed, differences are mistakes",
            ),
        ),
        (
            ("portward import routeros article.txt -o policy.toml", "the rules of a printed article"),
            ("ssh router /export | portward import routeros -", "the rules of a router"),
        ),
        "the policy",
    ),
    Command(
        "import knockd",
        "make a policy from a knockd.conf",
        "portward.cli.import_knockd:run",
        (
            argument("file", metavar="FILE", help="knockd.conf; - for stdin"),
            argument(
                "--output", "-o", metavar="POLICY", help="write the policy to this new file instead of stdout"
            ),
            argument("--force", action="store_true", help="with --output: replace the file if it is there"),
            argument(
                "--opens",
                metavar="DOOR=PORTS",
                action="append",
                default=[],
                help="say what a door opens whose commands do not: tcp/22,udp/53, or * for everything",
            ),
            argument(
                "--exact-meaning",
                action="store_true",
                help="write strict = false: wrong ports earn no penalty, as in knockd",
            ),
        ),
        (
            ("portward import knockd /etc/knockd.conf -o policy.toml", "then: portward check policy.toml"),
            (
                "portward import knockd knockd.conf --opens vpn=udp/1194",
                "the door [vpn] runs a script that only you know",
            ),
        ),
        "the policy",
    ),
    Command(
        "import fwknop",
        "make a policy and keys from fwknopd's access.conf",
        "portward.cli.import_fwknop:run",
        (
            argument("file", metavar="ACCESS", help="access.conf; - for stdin"),
            argument(
                "conf", nargs="?", metavar="CONF", help="fwknopd.conf, for the port and the age of packets"
            ),
            argument(
                "--output", "-o", metavar="POLICY", help="write the policy to this new file instead of stdout"
            ),
            argument(
                "--keys",
                metavar="DIRECTORY",
                help="write the keys there (default: the directory keys beside --output)",
            ),
            argument("--force", action="store_true", help="replace files that are there"),
            argument(
                "--opens",
                metavar="PERSON=PORTS",
                action="append",
                default=[],
                help="say what a stanza without OPEN_PORTS opens: tcp/22,udp/53, or * for all services",
            ),
            argument(
                "--allow-weaker", action="store_true", help="take stanzas without an HMAC, or in legacy mode"
            ),
            argument("--strict", action="store_true", help="treat what is not taken over as mistakes"),
        ),
        (
            (
                "portward import fwknop /etc/fwknop/access.conf /etc/fwknop/fwknopd.conf -o policy.toml",
                "then: portward check policy.toml",
            ),
            (
                "portward import fwknop access.conf -o policy.toml --opens fwknop-1=tcp/22",
                "a stanza that let each packet ask for anything",
            ),
        ),
        "the policy",
    ),
    Command(
        "export routeros",
        "print the script that makes a MikroTik router keep a policy",
        "portward.cli.export_routeros:run",
        (
            POLICY,
            argument(
                "--version",
                dest="routeros",
                choices=("6", "7"),
                default="7",
                help="RouterOS's major version: 6 or 7 (default: 7)",
            ),
            argument("--output", "-o", metavar="FILE", help="write to this new file, readable by you alone"),
            argument("--force", action="store_true", help="with --output: replace the file if it is there"),
            argument(
                "--remove",
                action="store_true",
                help="print the script that takes all of it away again instead",
            ),
            argument(
                "--allow-weaker",
                action="store_true",
                help="take what RouterOS does less strictly than the policy; each such thing is named",
            ),
            argument(
                "--disable",
                metavar="SERVICE",
                action="append",
                default=[],
                help="switch a service of the router's own off: telnet, ftp, www …; may be repeated",
            ),
        ),
        (
            (
                "portward export routeros policy.toml -o gate.rsc",
                "then on the router: /import file-name=gate.rsc",
            ),
            ("portward export routeros policy.toml --disable telnet,ftp,www", "and what nobody uses off"),
            ("portward export routeros policy.toml --remove", "what undoes it"),
        ),
        "the policy",
    ),
    Command(
        "plan",
        "show what apply would change, as a diff against the live table",
        "portward.cli.plan:run",
        (
            POLICY,
            argument(
                "--detailed-exitcode", action="store_true", help="exit 0 without changes, 2 with changes"
            ),
            EXACT,
            ALLOW_WEAKER,
            INTERFACE,
        ),
        (("portward plan policy.toml", "nothing is changed"),),
        "the gate",
    ),
    Command(
        "apply",
        "put a policy into the kernel",
        "portward.cli.apply:run",
        (
            POLICY,
            argument("--trial", metavar="TIME", help="undo it after TIME (such as 120s) unless confirmed"),
            argument(
                "--no-wait",
                action="store_true",
                help="with --trial: come back at once, do not wait for its end",
            ),
            argument(
                "--confirmed",
                action="store_true",
                help="apply what was confirmed last instead of POLICY; asks nothing",
            ),
            argument("--yes", "-y", action="store_true", help="do not ask"),
            EXACT,
            ALLOW_WEAKER,
            INTERFACE,
        ),
        (
            ("portward apply --exact router.rsc --trial 120s", "RouterOS rules as they are, rule by rule"),
            ("portward apply policy.toml --trial 120s", "then, over a new connection: portward confirm"),
            ("portward apply policy.toml", "for good; grants stay"),
            ("portward apply --confirmed", "what a boot does: the last confirmed policy"),
        ),
        "the gate",
    ),
    Command(
        "confirm",
        "keep the policy that is on trial",
        "portward.cli.trial:confirm",
        (
            argument(
                "--same-connection",
                action="store_true",
                help="accept it from the very SSH session that applied (it does not prove that new ones get in)",
            ),
        ),
        (("portward confirm", "from a new connection, which proves that one gets in"),),
        "the gate",
    ),
    Command(
        "rollback", "undo the policy that is on trial, now", "portward.cli.trial:rollback", (), (), "the gate"
    ),
    Command(
        "status",
        "show doors, who is in and until when, who is mid-sequence, counters",
        "portward.cli.status:run",
        (argument("--all", action="store_true", help="show every source, not only the first 50 of a kind"),),
        (("portward status --json", "for programs"),),
        "the gate",
    ),
    Command(
        "grant",
        "let an address in without a knock",
        "portward.cli.grant:grant",
        (
            SERVICE,
            ADDRESS,
            argument("--for", dest="duration", metavar="TIME", default="1h", help="how long (default: 1h)"),
        ),
        (("portward grant ssh 192.0.2.7 --for 2h", "renews an earlier grant"),),
        "the gate",
    ),
    Command(
        "revoke",
        "end an address's grant",
        "portward.cli.grant:revoke",
        (SERVICE, ADDRESS),
        (("portward revoke '*' 192.0.2.7", "out of every service"),),
        "the gate",
    ),
    Command(
        "save",
        "write the grants with the time they have left, and which sequences are spent, to a file",
        "portward.cli.save:save",
        (argument("--file", metavar="FILE", help="where (default: grants.json in the state directory)"),),
        (),
        "the gate",
    ),
    Command(
        "restore",
        "give back saved grants for the time they have left, and spend again what was spent",
        "portward.cli.save:restore",
        (
            argument(
                "--file", metavar="FILE", help="from where (default: grants.json in the state directory)"
            ),
        ),
        (),
        "the gate",
    ),
    Command(
        "serve",
        "load passes and rolling sequences ahead, and open doors for sealed knocks and fwknop's packets",
        "portward.cli.serve:run",
        (
            argument(
                "policy",
                nargs="?",
                default=POLICY_PATH,
                metavar="POLICY",
                help=f"policy file; the keys are in keys/ beside it (default: {POLICY_PATH})",
            ),
            argument(
                "--state",
                metavar="DIR",
                help="where to remember what was accepted and loaded (default: /var/lib/portward-serve)",
            ),
            argument("--once", action="store_true", help="load ahead what is due and come back, for a timer"),
        ),
        (
            ("portward serve", "as the unit portward-serve runs it; SIGHUP reads policy and keys again"),
            ("portward serve --once", "passes and rolling sequences without a daemon"),
        ),
        "the gate",
    ),
    Command(
        "down",
        "remove our table: everything is as open as without portward",
        "portward.cli.down:run",
        (argument("--yes", "-y", action="store_true", help="do not ask"),),
        (),
        "the gate",
    ),
    Command(
        "push",
        "put a policy into a MikroTik router, which takes it back unless we still get in",
        "portward.cli.push:run",
        (
            ROUTER,
            POLICY,
            argument("--plan", action="store_true", help="show what would change, and change nothing"),
            argument(
                "--detailed-exitcode",
                action="store_true",
                help="with --plan: exit 0 without changes, 2 with changes",
            ),
            argument(
                "--remove", action="store_true", help="take all rules of portward off the router instead"
            ),
            argument(
                "--within",
                metavar="TIME",
                help="how long the router waits for the confirmation (default: 2m, longer for many rules)",
            ),
            argument(
                "--source", metavar="ADDRESS", help="our address as the router sees it (default: it tells)"
            ),
            argument(
                "--before",
                metavar="COMMENT",
                help="put the rules before the filter rule with this comment (default: above all others)",
            ),
            argument(
                "--despite",
                action="append",
                default=[],
                choices=(
                    "way-in",
                    "established",
                    "fasttrack",
                    "notrack",
                    "lists",
                    "chains",
                    "own-service",
                ),
                metavar="REASON",
                help="push although this speaks against it; the refusal names the word; may be repeated",
            ),
            argument(
                "--allow-weaker", action="store_true", help="take what RouterOS can only do more weakly"
            ),
            argument("--yes", "-y", action="store_true", help="do not ask"),
            *TO_ROUTER,
        ),
        (
            ("portward push edge policy.toml --plan", "look only"),
            ("portward push edge policy.toml", "ask, then push; it is confirmed over a new connection"),
        ),
        "routers",
    ),
    Command(
        "pull",
        "show who is in, and who is on the way, on a router",
        "portward.cli.router:pull",
        (ROUTER, *TO_ROUTER),
        (("portward pull edge --json", "for programs"),),
        "routers",
    ),
    Command(
        "router grant",
        "let an address in on a router without a knock",
        "portward.cli.router:grant",
        (
            ROUTER,
            SERVICE,
            ADDRESS,
            argument("--for", dest="duration", metavar="TIME", default="1h", help="how long (default: 1h)"),
            *TO_ROUTER,
        ),
        (("portward router grant edge ssh 192.0.2.7 --for 2h", "replaces an earlier grant"),),
        "routers",
    ),
    Command(
        "router revoke",
        "end an address's grant on a router",
        "portward.cli.router:revoke",
        (ROUTER, SERVICE, ADDRESS, *TO_ROUTER),
        (("portward router revoke edge '*' 192.0.2.7", "out of every service"),),
        "routers",
    ),
    Command(
        "invite",
        "print what a person needs to knock: a profile, a web page, or shell lines",
        "portward.cli.invite:run",
        (
            argument("sequence", metavar="SEQUENCE", help="name of a sequence of the policy"),
            argument(
                "--host",
                required=True,
                metavar="HOST",
                help="name or address the visitor reaches this gate by",
            ),
            argument(
                "--policy",
                default=POLICY_PATH,
                metavar="POLICY",
                help=f"policy file (default: {POLICY_PATH})",
            ),
            argument("--name", metavar="NAME", help="name of the profile (default: the first label of HOST)"),
            argument("--html", action="store_true", help="one self-contained web page whose button knocks"),
            argument(
                "--shell", action="store_true", help="lines for bash, nmap, telnet, curl and PowerShell"
            ),
            argument("--link", metavar="URL", help="with --html: what to open after the knock"),
            argument("--output", "-o", metavar="FILE", help="write to this new file, readable by you alone"),
            argument("--force", action="store_true", help="with --output: replace the file if it is there"),
        ),
        (
            (
                "portward invite admin --host gate.example.org",
                "a profile: the client's import-profile takes it",
            ),
            ("portward invite admin --host gate.example.org --html -o knock.html", "knock from a browser"),
        ),
        "the gate",
    ),
    Command(
        "knock",
        "knock, and wait until the door is open",
        "portward.cli.knock:run",
        (
            argument("host", metavar="HOST", help="a profile's name, or a host name or address"),
            argument(
                "sequence",
                nargs="*",
                default=(),
                metavar="KNOCK",
                help="tcp/33333 udp/22222 icmp/128 …; without it, the profile's",
            ),
            argument(
                "--way",
                choices=("sealed", "pass", "rolling", "sequence", "fwknop"),
                help="how to knock (default: the first of these that the profile knows)",
            ),
            argument(
                "--fwknop",
                action="store_true",
                help="send fwknop's packet, as the profile says, instead of knocks",
            ),
            argument("-4", dest="family", action="store_const", const="4", help="IPv4 only"),
            argument("-6", dest="family", action="store_const", const="6", help="IPv6 only"),
            argument(
                "--both", dest="family", action="store_const", const="both", help="IPv4 and IPv6, each whole"
            ),
            argument("--delay", metavar="TIME", help="between one knock and the next (default: 200ms)"),
            argument("--copies", metavar="NUMBER", help="send each knock so often, 1 to 5 (default: 1)"),
            argument("--source", metavar="ADDRESS", help="send from this address of ours"),
            argument(
                "--verify",
                metavar="PORT",
                action="append",
                help="wait until tcp/PORT opens; knock again if it does not (default: the profile's ports)",
            ),
            argument("--no-verify", action="store_true", help="do not wait for the profile's ports"),
            argument(
                "--timeout",
                metavar="TIME",
                help="give up after this long (default: 30s, or what the profile's second try takes)",
            ),
            argument(
                "--word-file",
                metavar="FILE",
                help="read the knocks, which may have words, from FILE (- for stdin), one a line",
            ),
            argument(
                "--quiet",
                "-q",
                action="store_true",
                help="say nothing but errors; the exit code tells the rest",
            ),
        ),
        (
            ("portward knock gate --verify 22 -- ssh gate.example.org", "knock, then run ssh"),
            ("portward knock 192.0.2.1 tcp/33333 tcp/22222 tcp/11111", "without a profile"),
            ("portward knock --fwknop gate -- ssh gate.example.org", "one packet, also to a real fwknopd"),
        ),
        "the client",
        takes_command=True,
    ),
    Command(
        "import fwknoprc",
        "add the stanzas of a .fwknoprc to this user's profiles",
        "portward.cli.import_fwknoprc:run",
        (
            argument("file", metavar="FILE", help=".fwknoprc; - for stdin"),
            argument("--host", metavar="HOST", help="where to send, for stanzas without SPA_SERVER"),
            argument("--force", action="store_true", help="replace profiles of the same names"),
            argument(
                "--allow-weaker", action="store_true", help="take stanzas without an HMAC, or in legacy mode"
            ),
            argument("--strict", action="store_true", help="treat what is not taken over as mistakes"),
        ),
        (("portward import fwknoprc ~/.fwknoprc", "then: portward knock --fwknop NAME"),),
        "the client",
    ),
    Command(
        "import-profile",
        "add an invitation to this user's profiles",
        "portward.cli.profile:add",
        (
            argument("file", metavar="FILE", help="what `portward invite` printed, or - for stdin"),
            argument("--name", metavar="NAME", help="call the profile this instead"),
            argument("--force", action="store_true", help="replace a profile of the same name"),
        ),
        (("portward import-profile invitation.toml", "then: portward knock NAME"),),
        "the client",
    ),
    Command("profiles", "list this user's profiles", "portward.cli.profile:show", (), (), "the client"),
    Command(
        "ssh-proxy",
        "knock, then connect stdin and stdout to the port (for ProxyCommand)",
        "portward.cli.ssh:proxy",
        (
            argument("host", metavar="HOST", help="a profile's name or its host; ssh's %%h"),
            argument("port", metavar="PORT", help="ssh's %%p"),
        ),
        (("ProxyCommand portward ssh-proxy %h %p", "in ~/.ssh/config"),),
        "the client",
    ),
    Command(
        "ssh-config",
        "print lines for ~/.ssh/config that knock before ssh connects",
        "portward.cli.ssh:config",
        (
            argument(
                "profile", nargs="*", default=(), metavar="PROFILE", help="profiles' names (default: all)"
            ),
            argument("--proxy", action="store_true", help="use ProxyCommand instead of Match exec"),
        ),
        (("portward ssh-config gate >> ~/.ssh/config", "then plain ssh knocks by itself"),),
        "the client",
    ),
    Command(
        "audit",
        "tell what this host, or a router, shows to the network, and what mends it",
        "portward.cli.audit:run",
        (
            argument(
                "file",
                nargs="?",
                metavar="FILE",
                help="RouterOS script or export, - for stdin (default: this host)",
            ),
            argument(
                "--sarif", action="store_true", help="print SARIF 2.1.0, for tools that collect findings"
            ),
            argument("--html", action="store_true", help="print one self-contained web page"),
            argument(
                "--policy",
                metavar="POLICY",
                help=f"what is meant to be guarded (default: {POLICY_PATH}, if it is there)",
            ),
            argument(
                "--no-ask",
                action="store_true",
                help="do not ask this host's own services whether they force TLS",
            ),
            argument(
                "--root", metavar="DIRECTORY", help="a system that does not run: its enabled socket units"
            ),
            argument("--router", metavar="ROUTER", help="ask a router of routers.toml itself; only reads"),
            *TO_ROUTER,
        ),
        (
            ("portward audit", "as root, to see which program holds which port"),
            ("portward audit --html > exposure.html", "to look at, or to send"),
            ("portward audit router.rsc", "what a router's export leaves open"),
            ("portward audit --router edge", "the same of a router that runs, as it is now"),
        ),
        "exposure",
    ),
    Command(
        "probe",
        "look at one's own host from outside, and name what answers",
        "portward.cli.probe:run",
        (
            argument(
                "host", metavar="HOST", help="name, address, or a network of at most 256 addresses; yours"
            ),
            argument("-4", dest="family", action="store_const", const="4", help="IPv4 only, for a name"),
            argument("-6", dest="family", action="store_const", const="6", help="IPv6 only, for a name"),
            argument(
                "--ports",
                metavar="PORTS",
                action="append",
                help="tcp/1-1024,udp/53 …; may be repeated (default: the usual ports of known services)",
            ),
            argument(
                "--rate", metavar="NUMBER", default="100", help="packets a second, 1 to 1000 (default: 100)"
            ),
            argument(
                "--against",
                metavar="FILE",
                help="what `portward audit --json` printed on the host: say where they differ",
            ),
        ),
        (
            ("portward probe gate.example.org", "what answers, by its banner"),
            ("portward probe 192.0.2.1 --against audit.json", "what audit believes closed must be closed"),
        ),
        "exposure",
    ),
    Command(
        "harden",
        "mend what audit finds: switch off, guard, publish or move services; can be undone",
        "portward.cli.harden:run",
        (
            argument(
                "target",
                nargs="*",
                default=(),
                metavar="SERVICE",
                help="ssh, tcp/22, ssh.service or a code such as PX205 (default: all that audit complains of)",
            ),
            argument("--plan", action="store_true", help="show what would be done, and do nothing"),
            argument(
                "--by",
                choices=("disable", "guard", "publish", "move"),
                help="switch off; put behind the knock; publish on another port; let the service change its own",
            ),
            argument(
                "--except",
                dest="spare",
                action="append",
                default=[],
                metavar="SERVICE",
                help="leave this one as it is; may be repeated",
            ),
            argument(
                "--ports", metavar="FIRST-LAST", help="choose other ports from these (default: 10000-32767)"
            ),
            argument("--opened-by", metavar="SEQUENCE", help="the sequence that opens what is guarded"),
            argument(
                "--policy",
                default=POLICY_PATH,
                metavar="POLICY",
                help=f"policy file (default: {POLICY_PATH})",
            ),
            argument(
                "--no-ask",
                action="store_true",
                help="do not ask this host's own services whether they force TLS",
            ),
            argument("--trial", metavar="TIME", help="undo it after TIME (such as 120s) unless confirmed"),
            argument("--no-wait", action="store_true", help="with --trial: come back at once"),
            argument("--yes", "-y", action="store_true", help="do not ask"),
            argument("--confirm", action="store_true", help="keep what is on trial; from a new connection"),
            argument(
                "--same-connection",
                action="store_true",
                help="with --confirm: accept the connection that began it",
            ),
            argument(
                "--undo", action="store_true", help="undo what is on trial, or the last run that was kept"
            ),
            argument("--all", action="store_true", help="with --undo: every run, the newest first"),
            argument("--force", action="store_true", help="with --undo: also files that were changed since"),
            argument("--root", metavar="DIRECTORY", help="mend a system that does not run"),
            argument(
                "--routeros",
                metavar="FILE",
                help="print what switches telnet, www and ftp (or SERVICE …) off on that router; - for stdin",
            ),
            argument("--output", "-o", metavar="FILE", help="with --routeros: write it to this file"),
            argument(
                "--router",
                metavar="ROUTER",
                help="switch them off on a running router of routers.toml, on the router's own trial",
            ),
            *TO_ROUTER,
        ),
        (
            ("portward harden --plan", "what would be done, and what is left to you"),
            ("portward harden --trial 120s", "then, over a new connection: portward harden --confirm"),
            (
                "portward harden ssh --by move --trial 120s",
                "sshd on a random port; both ports until it is confirmed",
            ),
            ("portward harden --undo", "everything as it was, byte by byte"),
            ("portward harden --routeros export.rsc -o off.rsc", "for /import on the router"),
            (
                "portward harden --router edge --plan",
                "the same on a router that runs, over push's connection",
            ),
        ),
        "exposure",
    ),
    *PEOPLE,
    Command(
        "completion",
        "print what makes a shell complete portward's words",
        "portward.cli.completion:run",
        (argument("shell", choices=("bash", "zsh", "fish"), metavar="SHELL", help="bash, zsh or fish"),),
        (("portward completion bash > /etc/bash_completion.d/portward", "the same for zsh and fish"),),
        "learning",
    ),
)

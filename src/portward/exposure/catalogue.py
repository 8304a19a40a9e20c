"""The pages of all codes of exposure in one table, and the reference that is made of them."""

from portward.check.page import Page
from portward.exposure import (
    clear_text,
    compare,
    gaps,
    open_doors,
    router_open,
    router_settings,
    server_settings,
)


PAGES: dict[str, Page] = {
    each.code: each
    for each in sorted(
        (
            *clear_text.PAGES,
            *open_doors.PAGES,
            *server_settings.PAGES,
            *gaps.PAGES,
            *router_open.PAGES,
            *router_settings.PAGES,
            *compare.PAGES,
        ),
        key=lambda each: each.code,
    )
}
"""By code, in order."""

GROUPS = {
    "1": "In clear text, or long out of use",
    "2": "Open to those it is not for",
    "3": "Settings of servers",
    "4": "The firewall and the policy",
    "5": "Routers",
    "6": "Inside and outside",
}
"""By the first digit of the code."""


ABOUT = """\
# What a host or a router shows

Knocking hides what listens. First one has to know what does. `portward audit` looks from inside, `portward probe`
from outside, and what the one believes closed must be closed to the other. Neither changes anything.

## From inside

```text
portward audit                          every port, who reaches it, what is wrong, what mends it
portward audit --json > audit.json      the same for programs, and for `probe --against`
portward audit --sarif                  SARIF 2.1.0, for tools that collect findings
portward audit --html > exposure.html   one web page that needs nothing else
portward audit --policy gate.toml       another policy than /etc/portward/policy.toml
portward audit --root /mnt              a system that does not run: its enabled socket units
portward audit router.rsc               a RouterOS script or export
portward audit --router edge            a router that runs, over the connection that pushes go by
```

Run it as root: only root sees which program holds which socket. The exit code is 1 where something is to be mended
or advised, else 0.

**Who reaches a port** is worked out, not tried. The first packet of a made-up visitor is walked through every
chain that it would meet: nft's own tables, those of iptables (read by `iptables-save`, since nft shows their
extensions only in part), the legacy ones, translation and all. The visitors are a stranger from an address that no
rule names, one from each private range (RFC 1918, RFC 6598, RFC 4193, link-local), and one from each network that
a rule names. They come in by the interfaces that lead to a default route or have a public address; where there is
no default route, by all. A list that packets fill holds no stranger. Where a rule asks for something that portward
does not know, or drops only so many packets a second, both answers are followed, and if they differ the port is
*unsure* (PX402). A socket on `::` counts as one for IPv4 too unless IPv4 has a socket of its own on that port: the
kernel does not say.

**The door** is the service of the policy whose chain stops the stranger. A port in `public` is meant for everybody
and is not complained of, but for clear text.

**What a service is** is told by its program if that speaks one thing only, else by its port; a socket that systemd
holds on another port, by the name of its unit (`ssh.socket`). A few are asked, on
this host and by this host, whether they force TLS: a web server that only sends visitors on to https is well, as
is an FTP, POP3 or IMAP server that takes no name without TLS. `--no-ask` leaves that out. sshd is asked for its
settings with `sshd -T` (settings below `Match` are not looked at); snmpd's file is searched for communities, and
none is ever kept.

**What mends it** comes with each finding, the best first: as `portward harden` would choose, a command where a
service is better off, else the lines of the policy that guard it.

Other network namespaces are not entered. What containers publish is seen as the port of a proxy, or as the rule
that translates it. Kernel sockets without a process (WireGuard, NFS) show without a program.

## From outside

```text
portward probe gate.example.org
portward probe 192.0.2.1 --ports tcp/1-65535 --rate 500
portward probe 192.0.2.1 --against audit.json
```

**Probe only hosts that are yours**, or whose owner has asked you to. It opens whole connections, hides nothing,
sends at most so many packets a second, and refuses networks of more than 256 addresses. A port is *open* if it
takes a connection or answers, *closed* if it says so, *silent* if nothing comes back; by UDP a silent port may
still be open. What answers is named by its greeting, or by its answer to what a client of that port asks first.
`--against` counts what the audit says of this visitor's own address: private or not, or of a network that some
rule names. An address that has knocked sees more, and is told so.

## Routers

A whole export is judged with RouterOS's defaults for what it does not mention; a piece of a script only by what it
says. Strangers come in by the interfaces of the list `WAN`; without such a list, interfaces named `bridge…` are
inside, `pppoe…` and `lte…` outside, and what depends on any other is unsure.

`--router NAME` asks the router itself: one of `routers.toml`, over REST or the binary API, with the password found
as for a push ([push.md](push.md)). It only prints, so the policies `read` and `api` or `rest-api` are enough. What it
finds is what an export of that router would show, and the users too, which no export holds. Nothing is taken from
defaults: a menu that the router lacks is not judged, and one that it does not show to this user is named. Of address
lists those that rules ask for are read, and their lasting entries count. IPv6 rules that are not there count where the
router has an address of IPv6 that leads beyond the next cable.

## Codes

`portward explain PX101` prints the same. This page is made from the rules themselves.
"""


def exposure_page() -> str:
    """Write the page of the documentation, as Markdown."""
    return f"{ABOUT}\n{reference()}"


def reference() -> str:
    """Write the reference of all codes, as Markdown."""
    blocks: list[str] = []
    for digit, heading in GROUPS.items():
        blocks.append(f"### {heading}")
        for page in PAGES.values():
            if page.code[2] == digit:
                blocks += _markdown(page)
    return "\n\n".join(blocks) + "\n"


def _markdown(page: Page) -> list[str]:
    return [
        f"#### {page.code}: {page.title}",
        f"**What** ({page.severity}): {page.what}",
        f"**Why:** {page.why}",
        f"**Example**\n\n```text\n{page.example}\n```",
        f"**Fix**\n\n```text\n{page.fix}\n```",
    ]

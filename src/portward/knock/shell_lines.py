"""The same knock for people without portward: lines to paste for the tools that they have. Pure text.

Each block says what its tool cannot do. Words are written into the lines: a block with a word is a secret.
"""

import shlex
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from typing import Final

import attrs

from portward.knock.plan import fits
from portward.knock.profile import Profile
from portward.policy.net import SMALLEST_ECHO, SMALLEST_ECHO_V6, Knock, Protocol


@attrs.frozen
class Target:
    """Where the lines knock.

    Attributes:
        host: a name or an address.
        version: 4 or 6; a name is taken as IPv4.
        seconds: from one knock to the next.
        limit: seconds that one knock may take. With the pause it stays below the shortest step, of which the
            delay is a quarter at most.
    """

    host: str
    version: int
    seconds: str
    limit: str

    @property
    def in_url(self) -> str:
        """The host as a URL has it (RFC 3986 §3.2.2)."""
        return f"[{self.host}]" if ":" in self.host else self.host


Writer = Callable[[Knock, Target], str | None]
"""Writes the line of one knock; None when the tool cannot send it."""


@attrs.frozen
class Tool:
    """One way to knock.

    Attributes:
        name: what people call it.
        remarks: what to know, one a line.
        line: see `Writer`.
        pause: waits between two knocks.
    """

    name: str
    remarks: tuple[str, ...]
    line: Writer
    pause: Callable[[str], str]


def shell_lines(profile: Profile) -> str:
    """Write a block for each tool, or a sentence on why the tool cannot do it."""
    target = make_target(profile)
    return "\n\n".join("\n".join(_block(tool, profile, target)) for tool in TOOLS)


def make_target(profile: Profile) -> Target:
    """Tell where a profile's lines go."""
    try:
        version = ip_address(profile.host).version
    except ValueError:
        version = 4
    seconds = profile.delay.total_seconds()
    return Target(profile.host, version, f"{seconds:g}", f"{max(2 * seconds, 0.1):g}")


def tool_lines(tool: Tool, profile: Profile, target: Target) -> tuple[list[str], list[Knock]]:
    """Write the lines of one tool, and name the knocks that it cannot send."""
    lines: list[str] = []
    failing = []
    for knock in profile.knocks:
        line = tool.line(knock, target) if _possible(knock, target) else None
        if line is None:
            failing.append(knock)
        else:
            lines += [tool.pause(target.seconds)] if lines else []
            lines.append(line)
    return lines, failing


def _possible(knock: Knock, target: Target) -> bool:
    return target.version == 4 or fits(knock, ip_address(target.host))


def _block(tool: Tool, profile: Profile, target: Target) -> Iterator[str]:
    lines, failing = tool_lines(tool, profile, target)
    yield f"# {tool.name}"
    if failing:
        names = ", ".join(dict.fromkeys(_plainly(knock) for knock in failing))
        yield f"# cannot send {names}: use another tool for the whole sequence"
        return
    yield from (f"# {remark}" for remark in tool.remarks)
    yield from lines


def _plainly(knock: Knock) -> str:
    return f"{knock.protocol}/{knock.number}{' with a word' if knock.word else ''}"


def _payload(knock: Knock, target: Target) -> int:
    return knock.number - (SMALLEST_ECHO if target.version == 4 else SMALLEST_ECHO_V6)


def _sleep(seconds: str) -> str:
    return f"sleep {seconds}"


def _bash(knock: Knock, target: Target) -> str | None:
    match knock.protocol:
        case Protocol.TCP:
            return f"timeout {target.limit} bash -c '</dev/tcp/{target.host}/{knock.number}' 2>/dev/null"
        case Protocol.UDP:
            word = shlex.quote(knock.word.decode(errors="replace") or "knock")
            return f"printf %s {word} >/dev/udp/{target.host}/{knock.number}"
        case _:
            return _ping(knock, target)


def _ping(knock: Knock, target: Target) -> str | None:
    if knock.word:
        return None
    size = _payload(knock, target)
    return f"ping -{target.version} -c 1 -W 1 -s {size} {target.host} >/dev/null"


def _netcat(knock: Knock, target: Target) -> str | None:
    match knock.protocol:
        case Protocol.TCP:
            return f"timeout {target.limit} nc -{target.version} -z {target.host} {knock.number}"
        case Protocol.UDP:
            word = shlex.quote(knock.word.decode(errors="replace") or "knock")
            return f"printf %s {word} | timeout 0.2 nc -{target.version} -u -w 1 {target.host} {knock.number}"
        case _:
            return _ping(knock, target)


def _nmap(knock: Knock, target: Target) -> str | None:
    if knock.word:
        return None
    family = " -6" if target.version == 6 else ""
    once = f"nmap{family} -n --max-retries 0 --host-timeout 2s"
    match knock.protocol:
        case Protocol.TCP:
            return f"sudo {once} -Pn -sS -p {knock.number} {target.host} >/dev/null"
        case Protocol.UDP:
            return f"sudo {once} -Pn -sU -p {knock.number} {target.host} >/dev/null"
        case _:
            size = _payload(knock, target)
            return f"sudo {once} -sn -PE --disable-arp-ping --data-length {size} {target.host} >/dev/null"


def _telnet(knock: Knock, target: Target) -> str | None:
    if knock.protocol is not Protocol.TCP:
        return None
    return f"timeout {target.limit} telnet {target.host} {knock.number} </dev/null >/dev/null 2>&1"


def _curl(knock: Knock, target: Target) -> str | None:
    if knock.protocol is not Protocol.TCP:
        return None
    url = f"http://{target.in_url}:{knock.number}/"
    return f"curl -{target.version} -g -s -m {target.limit} '{url}' >/dev/null"


def _powershell(knock: Knock, target: Target) -> str:
    host = f"'{target.host}'"
    family = "InterNetwork" if target.version == 4 else "InterNetworkV6"
    match knock.protocol:
        case Protocol.TCP:
            return (
                f"$c = [Net.Sockets.TcpClient]::new([Net.Sockets.AddressFamily]::{family}); "
                f"$null = $c.ConnectAsync({host}, {knock.number}); Start-Sleep -Milliseconds 50; $c.Close()"
            )
        case Protocol.UDP:
            return (
                f"$b = {_powershell_bytes(knock.word or b'knock')}; "
                f"$u = [Net.Sockets.UdpClient]::new([Net.Sockets.AddressFamily]::{family}); "
                f"$null = $u.Send($b, $b.Length, {host}, {knock.number}); $u.Close()"
            )
        case _:
            length = _payload(knock, target)
            return (
                f"$b = {_powershell_bytes(knock.word)} + [byte[]]::new({length - len(knock.word)}); "
                f"$null = [Net.NetworkInformation.Ping]::new().Send({host}, 200, [byte[]]$b)"
            )


def _powershell_bytes(word: bytes) -> str:
    """Write a byte array by its numbers, which no quoting can spoil."""
    return f"[byte[]]({', '.join(map(str, word)) or '@()'})" if len(word) != 1 else f"[byte[]](,{word[0]})"


TOOLS: Final[tuple[Tool, ...]] = (
    Tool(
        "bash (Linux, macOS with coreutils; no root)",
        (
            "cannot put a word into an echo request; leave the lines out of the history with a leading space",
            "macOS: ping has no -W in seconds and no -4; use the same -s",
        ),
        _bash,
        _sleep,
    ),
    Tool(
        "netcat (no root)",
        ("ping sends the ICMP knocks; cannot put a word into one",),
        _netcat,
        _sleep,
    ),
    Tool(
        "nmap (root, for exactly one packet a knock)",
        ("cannot carry a word without showing it to every user of the machine",),
        _nmap,
        _sleep,
    ),
    Tool(
        "telnet (no root)",
        ("TCP only; Windows: telnet HOST PORT, then close the window, for each knock",),
        _telnet,
        _sleep,
    ),
    Tool(
        "curl (no root)",
        ("TCP only",),
        _curl,
        _sleep,
    ),
    Tool(
        "PowerShell 5 or later (no administrator)",
        (
            "sends words too, by .NET; plain `ping -l` cannot carry one",
            "Windows repeats a refused TCP knock twice within a second; our gates pass over repeats",
        ),
        _powershell,
        lambda seconds: f"Start-Sleep -Milliseconds {round(float(seconds) * 1000)}",
    ),
)

"""How a pass is sent with what every machine has: nc, bash, PowerShell, ping. Pure text.

A pass is bytes, so each line spells them in the way that its shell knows. bash writes at every line end, which would
cut a pass in two; `dd` puts it together again.
"""

from collections.abc import Iterator

import attrs

from portward.spa.passes import PASS_BYTES


PING_DATA = 2 * PASS_BYTES
"""Bytes of data for `ping -s`: iputils writes its time stamp over the first 16; the pattern is whole behind it."""

NC_SECONDS = 1
"""How long nc stays: it waits for an answer that never comes."""


@attrs.frozen
class PassLine:
    """One way to send a pass.

    Attributes:
        tool: what is needed.
        line: the command.
    """

    tool: str
    line: str = attrs.field(repr=False)


def pass_lines(secret: bytes, host: str, port: int, *, echo: bool) -> tuple[PassLine, ...]:
    """Every way to send a pass.

    Args:
        secret: the pass.
        host: of the gate, a name or an address.
        port: UDP, where passes go to.
        echo: whether the gate takes passes in echo requests too.
    """
    return tuple(_lines(secret, host, port, echo=echo))


def _lines(secret: bytes, host: str, port: int, *, echo: bool) -> Iterator[PassLine]:
    octal = "".join(f"\\{byte:03o}" for byte in secret)
    whole = f" | dd obs={PASS_BYTES} 2>/dev/null" if b"\n" in secret else ""
    yield PassLine("nc", f"printf '{octal}'{whole} | nc -u -w{NC_SECONDS} {host} {port}")
    yield PassLine("bash", f"bash -c \"printf '{octal}'{whole} > /dev/udp/{host}/{port}\"")
    numbers = ",".join(f"0x{byte:02x}" for byte in secret)
    yield PassLine(
        "PowerShell",
        f"$p=[byte[]]({numbers}); $u=New-Object Net.Sockets.UdpClient; "
        f"[void]$u.Send($p,$p.Length,'{host}',{port}); $u.Close()",
    )
    if echo:
        yield PassLine("ping", f"ping -c1 -W1 -s{PING_DATA} -p {secret.hex()} {host}")

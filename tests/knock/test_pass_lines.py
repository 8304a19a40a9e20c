import shutil
import socket
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portward.knock.pass_lines import pass_lines


PASS = bytes.fromhex("00ff0a5c2224602725730d0a41424344")


def lines(secret: bytes = PASS, port: int = 62202, *, echo: bool = True) -> dict[str, str]:
    return {each.tool: each.line for each in pass_lines(secret, "127.0.0.1", port, echo=echo)}


def test_ping_is_named_only_where_the_gate_takes_echo_requests() -> None:
    assert lines()["ping"] == "ping -c1 -W1 -s32 -p 00ff0a5c2224602725730d0a41424344 127.0.0.1"
    assert set(lines(echo=False)) == {"nc", "bash", "PowerShell"}


def test_powershell_has_the_bytes_one_by_one() -> None:
    assert "[byte[]](0x00,0xff,0x0a,0x5c" in lines()["PowerShell"]
    assert "'127.0.0.1',62202" in lines()["PowerShell"]


def arrived(line: str, shell: str, port: socket.socket) -> bytes:
    subprocess.run([shell, "-c", line], check=True, timeout=20)
    return port.recv(100)


@pytest.mark.parametrize("shell", ["sh", "bash"])
@pytest.mark.parametrize("tool", ["nc", "bash"])
def test_the_pass_arrives_in_one_piece_whatever_its_bytes(tool: str, shell: str) -> None:
    """Quotes, percent signs, zeros and line ends included; run as printed."""
    if shutil.which(tool) is None or shutil.which(shell) is None:
        pytest.skip(f"there is no {tool} or no {shell}")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as port:
        port.bind(("127.0.0.1", 0))
        port.settimeout(5)
        for secret in (PASS, b"\n" * 16, bytes(16), bytes(range(16)), b"%s\\n'\"$(id)`id`!"[:16]):
            assert arrived(lines(secret, port.getsockname()[1])[tool], shell, port) == secret


@settings(max_examples=200)
@given(st.binary(min_size=16, max_size=16))
def test_no_byte_of_a_pass_means_anything_to_a_shell(secret: bytes) -> None:
    """All are spelled in digits."""
    for tool, line in lines(secret).items():
        if tool in {"nc", "bash"}:
            spelled = line[line.index("'") + 1 : line.rindex("'")]
            assert set(spelled) <= set("\\01234567")

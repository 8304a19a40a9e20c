from pathlib import Path

import pytest

from portward.apply.routeros_inventory import Password, find_router, first_line, read_password, read_routers
from portward.errors import HostError, PolicyError, UsageError


WHOLE = f"""
schema = 1
[routers.edge]
host = "192.0.2.1"
user = "portward"
version = 7
api = "binary"
port = 9000
password_file = "/home/me/edge.password"
ca_file = "/home/me/ca.pem"
fingerprint = "{"AB:" * 31}AB"
tls_name = "router.lan"
source = "203.0.113.5"
before = "drop the rest"
[routers.old]
host = "old.example.org"
user = "admin"
version = 6
"""


def test_a_router_is_read_whole() -> None:
    edge, old = read_routers(WHOLE, "routers.toml")
    assert (edge.name, edge.host, edge.api, edge.port, edge.fingerprint) == (
        "edge",
        "192.0.2.1",
        "binary",
        9000,
        "ab" * 32,
    )
    assert (old.api, old.port, old.service(plain=False), old.service(plain=True)) == (
        "binary",
        None,
        "api-ssl",
        "api",
    )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('hots = "x"', "unknown key 'hots'"),
        ('api = "ssh"', "must be 'rest' or 'binary'"),
        ("version = 8", "must be 6 or 7"),
        ("version = true", "must be 6 or 7"),
        ("port = 0", "in 1..65535"),
        ('fingerprint = "12"', "64 hexadecimal digits"),
        ('password_file = "relative"', "absolute path"),
        ('source = "here"', "no IPv4 or IPv6 address"),
        ('tls_name = "-x"', "no host name"),
        ('before = ""', "not empty"),
        ('version = 6\napi = "rest"', "version 6 has no REST"),
        ('password = "s3cret"', "unknown key 'password'"),
    ],
)
def test_a_mistake_is_told_with_its_place(line: str, message: str) -> None:
    text = f'schema = 1\n[routers.edge]\nhost = "h"\nuser = "u"\n{line}\n'
    with pytest.raises(PolicyError) as raised:
        read_routers(text, "routers.toml")
    (found,) = raised.value.diagnostics
    assert message in found.message
    assert found.span is not None
    assert found.span.line >= 5
    assert "s3cret" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("schema = 2", 1),
        ("schema = 1\nrouter = 1", 1),
        ("schema = 1\n[routers.edge]", 2),
        ("schema = 1\nrouters = 1", 1),
        ("schema = 1\n[routers]\nedge = 1", 1),
        ('schema = 1\n[routers."a b"]\nhost = "h"\nuser = "u"', 1),
        ("schema = ", 1),
    ],
)
def test_all_mistakes_are_told_at_once(text: str, count: int) -> None:
    with pytest.raises(PolicyError) as raised:
        read_routers(text, "routers.toml")
    assert len(raised.value.diagnostics) == count


def test_the_file_must_be_the_users_alone(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="write one"):
        find_router(tmp_path, "edge")
    path = tmp_path / "routers.toml"
    path.write_text(WHOLE)
    path.chmod(0o644)
    with pytest.raises(HostError, match="chmod 600"):
        find_router(tmp_path, "edge")
    path.chmod(0o600)
    assert find_router(tmp_path, "edge").host == "192.0.2.1"
    with pytest.raises(UsageError, match="no router 'egde'; it has: edge, old"):
        find_router(tmp_path, "egde")


def test_so_must_be_the_password_file(tmp_path: Path) -> None:
    router = read_routers(WHOLE, "routers.toml")[1]
    assert read_password(router, None) is None
    path = tmp_path / "password"
    path.write_text("s3cret\nmore\n")
    path.chmod(0o640)
    with pytest.raises(HostError, match="chmod 600") as raised:
        read_password(router, path)
    assert "s3cret" not in str(raised.value)
    path.chmod(0o600)
    password = read_password(router, path)
    assert password == Password("s3cret")
    assert "s3cret" not in repr(password)


def test_an_empty_password_is_a_mistake() -> None:
    assert first_line("a\r\n", "x").text == "a"
    with pytest.raises(HostError, match="x: the first line"):
        first_line("\n", "x")

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portward.apply import ros_rest
from portward.errors import PeerError, TargetError


def test_each_thing_to_do_has_its_method_and_path() -> None:
    assert ros_rest.show("/ip/service", {}) == ros_rest.Request("GET", "/rest/ip/service")
    assert ros_rest.show("/ip/service", {"name": "a b"}).body == {".query": ["name=a b"]}
    assert ros_rest.add("/x", {"a": "1"}) == ros_rest.Request("PUT", "/rest/x", {"a": "1"})
    assert ros_rest.change("/x", "*A", {"a": "1"}).path == "/rest/x/*A"
    assert ros_rest.remove("/x", "a/b").path == "/rest/x/a%2Fb"
    assert ros_rest.remove("/x", "*1").payload is None


def test_a_body_is_not_part_of_a_repr() -> None:
    assert "geheim" not in repr(ros_rest.add("/x", {"content": "geheim"}))


@pytest.mark.parametrize(
    ("data", "rows"),
    [
        (b"[]", ()),
        (b"", ()),
        (b"{}", ()),
        (b'{"a":"1"}', ({"a": "1"},)),
        (b'[{"a":true,"b":2}]', ({"a": "true", "b": "2"},)),
    ],
)
def test_rows_are_an_array_an_object_or_nothing(data: bytes, rows: object) -> None:
    assert ros_rest.read_rows(200, data) == rows


def test_a_refusal_says_what_the_router_says() -> None:
    body = json.dumps(
        {"error": 400, "message": "Bad Request", "detail": "failure: already have such entry"}
    ).encode()
    with pytest.raises(TargetError, match="refused: failure: already have such entry"):
        ros_rest.read_rows(400, body)
    with pytest.raises(TargetError, match="refused: Not Found"):
        ros_rest.read_rows(404, b'{"error":404,"message":"Not Found"}')
    with pytest.raises(TargetError, match="status 500"):
        ros_rest.read_rows(500, b"[]")


def test_a_refused_login_is_no_refused_command() -> None:
    with pytest.raises(PeerError, match="user name or the password"):
        ros_rest.read_rows(401, b"<html>")


def test_what_is_added_has_an_id() -> None:
    assert ros_rest.read_added(201, b'{".id":"*A"}') == "*A"
    assert ros_rest.read_added(200, b'{"ret":"*B"}') == "*B"
    with pytest.raises(PeerError, match="which row"):
        ros_rest.read_added(200, b"")


@given(
    st.integers(100, 599),
    st.binary(max_size=60)
    | st.recursive(st.none() | st.text(), st.lists).map(lambda x: json.dumps(x).encode()),
)
def test_any_response_is_rows_or_one_of_the_two_errors(status: int, data: bytes) -> None:
    with contextlib.suppress(PeerError, TargetError):
        assert isinstance(ros_rest.read_rows(status, data), tuple)

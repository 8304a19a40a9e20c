import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.exposure.firewalls import host, iptables, listener

from portward.exposure.judge import audit
from portward.exposure.passage import Answer
from portward.exposure.record import audit_object, read_believed


def test_what_is_written_is_read_back() -> None:
    rules = iptables("-A INPUT -s 203.0.113.0/24 -j ACCEPT", policy="DROP")
    text = json.dumps({"result": audit_object(audit(host(listener("tcp/22", program="sshd"), rules=rules)))})
    (row,) = read_believed(text)
    assert (row.port, dict(row.strangers), row.private, row.name) == (
        22,
        {4: Answer.CLOSED},
        Answer.CLOSED,
        "ssh",
    )
    assert list(map(str, row.networks)) == ["203.0.113.0/24"]


def test_a_record_says_who_holds_a_port_and_what_mends_it() -> None:
    made = audit_object(audit(host(listener("tcp/23", program="in.telnetd", unit="inetd.service"))))
    assert made["listeners"][0]["unit"] == "inetd.service"
    assert made["findings"][0]["mends"][0] == {
        "kind": "command",
        "text": "systemctl disable --now inetd.service",
    }


LEAVES = st.none() | st.integers() | st.text()
DOCUMENTS = st.recursive(LEAVES, lambda each: st.lists(each) | st.dictionaries(st.text(), each)).map(
    json.dumps
)


@given(st.text() | DOCUMENTS)
def test_anything_else_is_refused_with_one_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"this is not|Expecting|Extra data|Unterminated|Invalid|control"):
        read_believed(text)

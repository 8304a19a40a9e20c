from datetime import UTC, datetime
from ipaddress import ip_address

import pytest
from tests.knock.keyed_profiles import KEYED, TOKEN

from portward.knock import rolling_send
from portward.spa.rolling import rolling_knocks
from portward.spa.windows import window_at


HERE = ip_address("127.0.0.1")


def test_a_rolling_sequence_is_the_windows_and_at_the_next_try_its_neighbours() -> None:
    rolling = TOKEN.rolling
    assert rolling
    now = datetime(2026, 11, 27, 12, 1, tzinfo=UTC)
    window = window_at(now, TOKEN.window)
    for number, wanted in ((1, window), (2, window - 1), (3, window)):
        knocks = rolling_knocks(TOKEN.secret, TOKEN.server, wanted, rolling.slot, rolling.shape)
        assert rolling_send.knocks_at(TOKEN, rolling, now, number) == knocks


def test_a_rolling_sequence_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[int] = []
    monkeypatch.setattr(
        rolling_send, "send_sequence", lambda sends, _source: sent.extend(each.knock.number for each in sends)
    )
    rolling_send.by_rolling(KEYED)((HERE,), 1)
    assert len(sent) == 5
    assert all(20000 <= port <= 24999 for port in sent)

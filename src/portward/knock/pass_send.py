"""Sends passes of a profile, none of them twice. Takes the time from the system."""

from datetime import UTC, datetime
from pathlib import Path

from portward.knock.pass_counter import hand_out
from portward.knock.profile import Profile
from portward.knock.send import send_datagram
from portward.knock.ways import Addresses, Knocker


def by_pass(profile: Profile, directory: Path) -> Knocker:
    """Send a pass to each address, none of them twice."""
    token = profile.token
    assert token is not None  # noqa: S101 - a way is only chosen where the profile knows it
    port = token.pass_port
    assert port is not None  # noqa: S101 - the same

    def knock(addresses: Addresses, _number: int) -> None:
        passes = hand_out(token, len(addresses), directory, datetime.now(UTC))
        for address, each in zip(addresses, passes, strict=True):
            send_datagram(address, port, each.secret, profile.source)

    return knock

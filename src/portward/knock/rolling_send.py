"""Sends the rolling sequences of a profile. Takes the time from the system."""

from datetime import UTC, datetime

from portward.knock.plan import copies_of_try, plan_sequence
from portward.knock.profile import USUAL_DELAY, Profile
from portward.knock.send import send_sequence
from portward.knock.token_profile import RollingProfile, TokenProfile
from portward.knock.ways import Addresses, Knocker
from portward.policy.net import Knock
from portward.spa.rolling import rolling_knocks
from portward.spa.windows import counting


def by_rolling(profile: Profile) -> Knocker:
    """Send the sequence of the current window, and at the next try that of its neighbour, in case the clocks differ."""
    token = profile.token
    assert token is not None  # noqa: S101 - a way is only chosen where the profile knows it
    rolling = token.rolling
    assert rolling is not None  # noqa: S101 - the same
    delay = min(profile.delay or USUAL_DELAY, rolling.step_timeout / 4)

    def knock(addresses: Addresses, number: int) -> None:
        knocks = knocks_at(token, rolling, datetime.now(UTC), number)
        copies = copies_of_try(number, profile.copies)
        send_sequence(plan_sequence(knocks, addresses, delay, copies), profile.source)

    return knock


def knocks_at(token: TokenProfile, rolling: RollingProfile, now: datetime, number: int) -> tuple[Knock, ...]:
    """The sequence of try `number`, from 1."""
    window = counting(now, token.window)[(number - 1) % 2]
    return rolling_knocks(token.secret, token.server, window, rolling.slot, rolling.shape)

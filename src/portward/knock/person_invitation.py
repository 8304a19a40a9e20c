"""From a person of the policy and new keys to the profile that the person is given. Pure."""

from portward.errors import UsageError
from portward.knock.invitation import ssh_and_doors, usual_name
from portward.knock.profile import Profile, read_host, read_name
from portward.knock.sealed_profile import SealedProfile, Stated
from portward.knock.token_profile import RollingProfile, TokenProfile
from portward.knock.ways import Way
from portward.policy.people import AddressRule, Person, Rolling
from portward.policy.policy import Policy
from portward.spa.keyring import SealedKey, TokenKey
from portward.spa.rolling import Shape


def invite_person(
    policy: Policy, person: Person, host: str, sealed: SealedProfile | None, token: TokenProfile | None
) -> Profile:
    """Make the profile for a person who reaches the gate as `host`.

    Raises:
        UsageError: `host` is none.
    """
    try:
        name = read_name(usual_name(read_host(host)))
    except ValueError as error:
        raise UsageError(str(error)) from None
    ssh, doors = ssh_and_doors(policy.open_to(person))
    return Profile(
        name=name,
        host=host,
        knocks=(),
        verify=doors,
        ssh_port=ssh,
        penalty=policy.penalty if policy.strict else None,
        sealed=sealed,
        token=token,
    )


def sealed_profile(
    policy: Policy, person: Person, server: bytes, key: SealedKey, private: bytes
) -> SealedProfile:
    """What a person needs for sealed knocks; without `private`, for a key of the person's own."""
    assert policy.ways.sealed  # noqa: S101 - keys are made only for ways that the gate takes
    stated = Stated.STATED if person.address is AddressRule.MUST_MATCH else Stated.AS_SEEN
    public = b"" if private else key.public
    return SealedProfile(server, policy.ways.sealed.port, private, public, key.psk, address=stated)


def token_profile(policy: Policy, server: bytes, key: TokenKey, ways: frozenset[Way]) -> TokenProfile:
    """What a person needs for passes and rolling sequences, for those of the two that are among `ways`."""
    passes = policy.ways.passes if Way.PASS in ways else None
    rolling = policy.ways.rolling if Way.ROLLING in ways else None
    return TokenProfile(
        server,
        key.secret,
        policy.ways.windows.length,
        pass_port=passes.port if passes else None,
        per_window=passes.per_window if passes else 1,
        echo=passes.echo if passes else False,
        rolling=_rolling(rolling, key.slot) if rolling else None,
    )


def _rolling(rolling: Rolling, slot: int) -> RollingProfile:
    shape = Shape(rolling.first, rolling.last, rolling.slots, rolling.knocks)
    return RollingProfile(shape, slot, rolling.step_timeout)


def invitation(profile: Profile, *, secret: bool) -> str:
    """Say to its reader what an invitation is, as comments above the profile."""
    keep = "Keep it secret: whoever has it can knock." if secret else "It holds no secret."
    return f"""\
# An invitation to {profile.host}. {keep}
# Save it to a file, then:  portward import-profile FILE
# and from then on:         portward knock {profile.name}
"""

"""Profiles of one gate with every way to knock that keys are for."""

from datetime import timedelta

from portward.knock.profile import Profile
from portward.knock.sealed_profile import SealedProfile
from portward.knock.token_profile import RollingProfile, TokenProfile
from portward.spa.crypto import public_of
from portward.spa.keyring import ServerKey
from portward.spa.rolling import Shape


SERVER = ServerKey(b"\1" * 32, public_of(b"\1" * 32))
PRIVATE = b"\2" * 32
TOKEN = TokenProfile(
    SERVER.public,
    b"\3" * 32,
    pass_port=62202,
    echo=True,
    rolling=RollingProfile(Shape(20000, 24999, 32, 5), 3, timedelta(seconds=2)),
)
SEALED = SealedProfile(SERVER.public, 62203, PRIVATE)
KEYED = Profile("gate", "127.0.0.1", (), delay=timedelta(), sealed=SEALED, token=TOKEN)

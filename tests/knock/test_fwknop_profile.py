from portward.knock.fwknop_profile import USUAL_PORT, FwknopProfile
from portward.policy.net import Protocol


def test_what_is_usual() -> None:
    """Ssh at fwknop's port, for the address that the gate sees."""
    usual = FwknopProfile(b"key", b"hmac")
    assert (usual.access, usual.port, usual.allow_ip) == (((Protocol.TCP, 22),), USUAL_PORT, None)


def test_no_secret_in_the_repr() -> None:
    """Neither key shows."""
    assert "horse" not in repr(FwknopProfile(b"horse one", b"horse two"))

import stat
from pathlib import Path

import attrs
import pytest
from tests.knock.keyed_profiles import KEYED, SEALED

from portward.errors import HostError, UsageError
from portward.knock.own_key import FILE_NAME, joined, make_own, own_public
from portward.knock.profile import Profile
from portward.spa.crypto import public_of


def for_key(public: bytes) -> Profile:
    """An invitation for somebody's own key."""
    return attrs.evolve(KEYED, sealed=attrs.evolve(SEALED, private=b"", public=public))


def test_a_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    directory = tmp_path / "portward"
    assert own_public(directory) is None
    public = make_own(directory, replace=False)
    assert own_public(directory) == public
    assert stat.S_IMODE((directory / FILE_NAME).stat().st_mode) == 0o600
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    with pytest.raises(UsageError, match="--force"):
        make_own(directory, replace=False)
    assert make_own(directory, replace=True) != public


def test_an_invitation_for_ones_key_is_joined_with_it(tmp_path: Path) -> None:
    public = make_own(tmp_path, replace=False)
    sealed = joined(for_key(public), tmp_path).sealed
    assert sealed is not None
    assert (public_of(sealed.private), sealed.public) == (public, b"")
    assert joined(KEYED, tmp_path) is KEYED


def test_an_invitation_for_another_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is none; portward keygen"):
        joined(for_key(bytes(32)), tmp_path)
    make_own(tmp_path, replace=False)
    with pytest.raises(UsageError, match="another key than yours"):
        joined(for_key(bytes(32)), tmp_path)


def test_a_damaged_key_is_told_and_not_shown(tmp_path: Path) -> None:
    make_own(tmp_path, replace=False)
    (tmp_path / FILE_NAME).write_text("hush\n")
    with pytest.raises(HostError, match="holds no key") as caught:
        own_public(tmp_path)
    assert "hush" not in str(caught.value)

import pytest
from tests.exposure.firewalls import host, iptables, listener

from portward.exposure.judge import audit
from portward.exposure.server_settings import takes_passwords


KEYS = {
    "passwordauthentication": "no",
    "kbdinteractiveauthentication": "no",
    "permitrootlogin": "prohibit-password",
}


@pytest.mark.parametrize(
    ("settings", "taken"),
    [
        (KEYS, False),
        ({**KEYS, "passwordauthentication": "yes"}, True),
        ({**KEYS, "kbdinteractiveauthentication": "yes", "usepam": "yes"}, True),
        ({**KEYS, "kbdinteractiveauthentication": "yes", "usepam": "no"}, False),
        ({**KEYS, "passwordauthentication": "yes", "authenticationmethods": "publickey"}, False),
        ({**KEYS, "passwordauthentication": "yes", "authenticationmethods": "publickey,password"}, False),
        ({**KEYS, "passwordauthentication": "yes", "authenticationmethods": "publickey password"}, True),
    ],
)
def test_whether_a_password_alone_lets_in(settings: dict[str, str], taken: bool) -> None:  # noqa: FBT001 - a column
    assert takes_passwords(settings) is taken


def codes(settings: dict[str, str], policy: str = "ACCEPT") -> list[str]:
    facts = host(listener("tcp/41022", program="sshd"), sshd={41022: settings}, rules=iptables(policy=policy))
    return [each.code for each in audit(facts).findings]


def test_passwords_are_told_where_others_reach_it() -> None:
    assert codes({**KEYS, "passwordauthentication": "yes"}) == ["PX301"]
    assert codes({**KEYS, "passwordauthentication": "yes"}, "DROP") == []
    assert codes(KEYS) == []


def test_root_by_password_and_anybody_without_one() -> None:
    assert codes({**KEYS, "passwordauthentication": "yes", "permitrootlogin": "yes"}) == ["PX301", "PX302"]
    assert codes({**KEYS, "permitrootlogin": "yes"}) == []
    assert codes({**KEYS, "permitemptypasswords": "yes"}) == ["PX302"]

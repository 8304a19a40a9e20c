"""Rules about settings of servers that are reachable."""

from collections.abc import Iterable, Mapping

from portward.errors import Severity
from portward.exposure.clear_text import concerned, held_by, label, reached_by
from portward.exposure.facts import Facts
from portward.exposure.finding import Finding, Remedy, command, guarded, setting
from portward.exposure.headings import exposure_page
from portward.exposure.reach import Shown


PASSWORDS = exposure_page(
    "PX301",
    Severity.ERROR,
    "ssh takes passwords",
    what="`sshd -T` says that a password alone is enough to log in, and the port is open to others.",
    why="Passwords are guessed, reused and phished; keys are not. Programs try them all day on every address.",
    example="tcp/22 ssh is reachable by anybody (sshd) and takes passwords",
    fix="""
        printf 'PasswordAuthentication no\\nKbdInteractiveAuthentication no\\n' >
        /etc/ssh/sshd_config.d/00-keys-only.conf
        sshd -t && systemctl reload ssh
    """,
)
ROOT = exposure_page(
    "PX302",
    Severity.ERROR,
    "ssh lets root in by password, or anybody without one",
    what="`sshd -T` says `permitrootlogin yes` while passwords are taken, or `permitemptypasswords yes`.",
    why="The one account name that everybody knows, and nothing else to guess but its password.",
    example="tcp/22 ssh is reachable by anybody (sshd) and lets root in with a password",
    fix="""
        printf 'PermitRootLogin prohibit-password\\nPermitEmptyPasswords no\\n' > /etc/ssh/sshd_config.d/00-root.conf
        sshd -t && systemctl reload ssh
    """,
)

PAGES = (PASSWORDS, ROOT)


def takes_passwords(settings: Mapping[str, str]) -> bool:
    """Whether a password alone lets in (sshd_config(5)): by `password`, or by PAM's questions."""
    methods = settings.get("authenticationmethods", "any")
    if methods != "any" and not any(each in {"password", "keyboard-interactive"} for each in methods.split()):
        return False
    questions = (
        settings.get("kbdinteractiveauthentication") == "yes" and settings.get("usepam", "yes") == "yes"
    )
    return settings.get("passwordauthentication") == "yes" or questions


def ssh_takes_passwords(facts: Facts, shown: tuple[Shown, ...]) -> Iterable[Finding]:
    """An sshd that others reach takes keys only."""
    for each, settings in _servers(facts, shown):
        if takes_passwords(settings):
            remedies = _drop_in("00-keys-only", "PasswordAuthentication no\\nKbdInteractiveAuthentication no")
            yield _about(each, "takes passwords", remedies, PASSWORDS.code)


def ssh_lets_root_in(facts: Facts, shown: tuple[Shown, ...]) -> Iterable[Finding]:
    """An sshd that others reach asks root for a key, and everybody for something."""
    for each, settings in _servers(facts, shown):
        if settings.get("permitemptypasswords") == "yes":
            yield _about(
                each,
                "lets users in who have no password",
                _drop_in("00-root", "PermitEmptyPasswords no"),
                ROOT.code,
            )
        elif settings.get("permitrootlogin") == "yes" and takes_passwords(settings):
            remedies = _drop_in("00-root", "PermitRootLogin prohibit-password")
            yield _about(each, "lets root in with a password", remedies, ROOT.code)


def _servers(facts: Facts, shown: tuple[Shown, ...]) -> Iterable[tuple[Shown, Mapping[str, str]]]:
    seen: set[int] = set()
    for each in shown:
        port = each.listener.port
        settings = facts.sshd.get(port) if each.kind and each.kind.name == "ssh" else None
        if settings and port not in seen and concerned(each, inside=True):
            seen.add(port)
            yield each, settings


def _drop_in(name: str, lines: str) -> tuple[Remedy, ...]:
    place = f"/etc/ssh/sshd_config.d/{name}.conf"
    return (
        command(f"printf '{lines}\\n' > {place} && sshd -t && systemctl reload ssh"),
        setting(lines.replace("\\n", "; ")),
    )


def _about(shown: Shown, what: str, remedies: tuple[Remedy, ...], code: str) -> Finding:
    page = PASSWORDS if code == PASSWORDS.code else ROOT
    sentence = f"{label(shown)} is {reached_by(shown)}{held_by(shown)} and {what}"
    every = (*remedies, guarded("ssh", shown.listener.spelled))
    return Finding(page, page.severity, label(shown), sentence, every, shown.listener)


RULES = (ssh_takes_passwords, ssh_lets_root_in)

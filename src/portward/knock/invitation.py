"""From a policy to what one visitor needs: the profile of a sequence, and its text. Pure."""

from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_address
from typing import Final

from portward.errors import UsageError
from portward.knock.profile import USUAL_DELAY, Profile, read_host, read_name
from portward.knock.profile_text import write_profiles
from portward.policy.net import PortRange, Protocol
from portward.policy.policy import Policy, Sequence, Service


COPIES: Final = 2
"""A gate of ours passes over repeats, so each knock is sent twice: a lost packet rarely costs a visit."""


def find_sequence(policy: Policy, name: str) -> Sequence:
    """The sequence of that name.

    Raises:
        UsageError: there is none.
    """
    for each in policy.sequences:
        if each.name == name:
            return each
    known = ", ".join(each.name for each in policy.sequences) or "none at all"
    raise UsageError(f"the policy has no sequence {name!r}; it has {known}")


def invite(policy: Policy, sequence: Sequence, host: str, name: str | None = None) -> Profile:
    """Make the profile of a sequence for a visitor who reaches the gate as `host`.

    Raises:
        UsageError: `host` or `name` is none.
    """
    try:
        read_host(host)
        name = read_name(name or usual_name(host))
    except ValueError as error:
        raise UsageError(str(error)) from None
    ssh, doors = ssh_and_doors(policy.opened_by(sequence))
    return Profile(
        name=name,
        host=host,
        knocks=sequence.knocks,
        sequence=sequence.name,
        delay=usual_delay(sequence),
        copies=COPIES,
        verify=doors,
        ssh_port=ssh,
        penalty=policy.penalty if policy.strict else None,
    )


def ssh_and_doors(services: tuple[Service, ...]) -> tuple[int | None, tuple[int, ...]]:
    """Where ssh answers, if at all, and the one TCP port, if any, by which a visitor sees that the door is open."""
    here = [each for each in services if not each.hosts or each.published]
    ssh = next(_ssh_doors(here), None)
    doors = (
        [ssh]
        if ssh
        else [door.first for each in here for door in each.doors if door.protocol is Protocol.TCP]
    )
    return ssh, tuple(doors[:1])


def usual_name(host: str) -> str:
    """Name a profile after its host: the first label, or an address with dashes."""
    try:
        return str(ip_address(host)).replace(":", "-").replace(".", "-").strip("-")
    except ValueError:
        return host.partition(".")[0]


def usual_delay(sequence: Sequence) -> timedelta:
    """A quarter of the shortest step, but no longer than people like to wait."""
    return min((USUAL_DELAY, *(step / 4 for step in sequence.step_timeouts)))


def _ssh_doors(services: list[Service]) -> Iterator[int]:
    """Yield where ssh answers: the door of tcp/22, or of a service that is called ssh."""
    for service in services:
        for port, door in zip(service.ports, service.doors, strict=True):
            if _is_ssh(service, port):
                yield door.first


def _is_ssh(service: Service, port: PortRange) -> bool:
    return port.protocol is Protocol.TCP and (
        port.first == port.last == 22 or service.name in {"ssh", "sshd"}
    )


OPENS_ONCE: Final = "It opens once: after that these knocks open nothing any more, for nobody."
"""What whoever is given a sequence that opens once must know."""


def invitation_text(profile: Profile, *, once: bool = False) -> str:
    """Write the invitation: a text that `import-profile` takes, with a word to its reader.

    Args:
        profile: what is handed over.
        once: whether its sequence opens once.
    """
    then = f"# to open, that one time:  portward knock {profile.name}\n# {OPENS_ONCE}"
    usual = f"# and from then on:         portward knock {profile.name}"
    return f"""\
# An invitation to {profile.host}. Keep it secret: whoever has it can knock.
# Save it to a file, then:  portward import-profile FILE
{then if once else usual}
{write_profiles((profile,))}"""

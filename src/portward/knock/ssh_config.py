"""Lines for ~/.ssh/config that knock before ssh connects. Pure text.

`Match … exec` runs a command and goes on when it exits 0 (ssh_config(5)); the block below it is empty, so ssh
connects either way, and a gate that is open already costs nothing but the knock.
"""

from collections.abc import Sequence

from portward.errors import UsageError
from portward.knock.profile import Family, Profile


def match_lines(profile: Profile) -> str:
    """Write the block of one profile: ssh to its name or to its host knocks by itself."""
    family = " --both" if profile.family is Family.ANY else ""
    command = f"portward knock --quiet --no-verify{family} {profile.name}"
    return f'{_alias(profile)}Match host {profile.host} exec "{command}"\n'


def proxy_lines(profile: Profile) -> str:
    """The same by ProxyCommand, which waits for the door and knocks again when it stays shut."""
    return (
        f"{_alias(profile)}Match host {profile.host}\n    ProxyCommand portward ssh-proxy {profile.name} %p\n"
    )


def _alias(profile: Profile) -> str:
    """Write the lines that make the profile's name known to ssh, with the port that ssh answers on."""
    lines = [f"# portward: knock at {profile.host} before ssh connects"]
    names = list(dict.fromkeys((profile.name, profile.host)))
    if len(names) > 1 or profile.ssh_port:
        lines.append(f"Host {' '.join(names)}")
    if len(names) > 1:
        lines.append(f"    HostName {profile.host}")
    if profile.ssh_port:
        lines.append(f"    Port {profile.ssh_port}")
    return "\n".join(lines) + "\n"


def write_config(profiles: Sequence[Profile], *, proxy: bool) -> str:
    """Write the blocks of several profiles.

    Raises:
        UsageError: two of them are for the same host, so that ssh could not tell which knock to use.
    """
    hosts = [each.host for each in profiles]
    for profile in profiles:
        if hosts.count(profile.host) > 1:
            names = ", ".join(each.name for each in profiles if each.host == profile.host)
            raise UsageError(
                f"the profiles {names} are all for {profile.host}; name the one that ssh shall use"
            )
    write = proxy_lines if proxy else match_lines
    return "\n".join(write(each) for each in profiles)

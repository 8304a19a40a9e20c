"""Our own exports, read back: the very policy, if the script is still what `export` writes for it.

A script that somebody changed is not ours any more; then nothing is found here, and its rules must speak for
themselves (`sources/routeros_lift`).
"""

import re

import attrs

from portward.check.rules import mistakes
from portward.compile.routeros import CARRIED, FORM, Target, export
from portward.policy.policy import Policy
from portward.sources.policy_reader import read_policy


_HEAD = re.compile(rf"# portward export {FORM}, RouterOS ([67])((?: -[a-z-]+)*)")


@attrs.frozen
class Owned:
    """What one of our exports was made of."""

    policy: Policy
    target: Target


def recognise(text: str) -> Owned | None:
    """Find the policy and the router that a script was made for; None if it is not ours, or not as it was.

    Only line ends may have changed on the way.
    """
    text = text.replace("\r\n", "\n")
    lines = text.split("\n")
    found = _HEAD.fullmatch(lines[0])
    if not found:
        return None
    carried = [
        line.removeprefix(CARRIED.rstrip()).removeprefix(" ")
        for line in lines
        if line.startswith(CARRIED.rstrip())
    ]
    policy, _ = read_policy("\n".join(carried) + "\n", "the script")
    target = Target(int(found[1]), tuple(name[1:] for name in found[2].split()))
    if policy is None or mistakes(policy) or export(policy, target).text != text:
        return None
    return Owned(policy, target)

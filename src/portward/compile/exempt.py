"""Whom no door stops: loopback, other interfaces, networks that never knock, trusted sources, open connections."""

from portward.compile import names
from portward.compile.ir import Accept, InSet, Is, OutsideInterfaces, Rule, Selector
from portward.compile.names import IpFamily
from portward.policy.net import Network
from portward.policy.policy import EVERYTHING, Policy


def entrance(policy: Policy) -> list[Rule]:
    """Line 1: what is not ours to judge."""
    rules = [Rule((Is.FROM_LOOPBACK, Accept()))]
    if policy.interfaces:
        rules.append(
            Rule(
                (OutsideInterfaces(policy.interfaces), Accept()),
                "not guarded",
                policy.places.nearest("interfaces"),
            )
        )
    return rules


def networks(policy: Policy, family: IpFamily) -> tuple[Network, ...]:
    """The networks of `always` of one family."""
    return tuple(network for network in policy.always if IpFamily.of(network.network_address) is family)


def never_knock(policy: Policy, *questions: Is) -> list[Rule]:
    """Line 3: those who never need to knock, asked behind `questions`."""
    return [
        Rule(
            (*questions, InSet((Selector.source(family),), names.always(family)), Accept()),
            "",
            policy.places.nearest("always"),
        )
        for family in IpFamily
        if networks(policy, family)
    ]


def grant_bits(policy: Policy, family: IpFamily) -> int:
    """How many leading bits of an address a grant covers."""
    return policy.grant_prefix_v4 if family is IpFamily.V4 else policy.grant_prefix_v6


def has_grant(policy: Policy, service: str, family: IpFamily) -> InSet:
    """Ask whether the source has a grant for a service, or with `*` for everything."""
    return InSet((Selector.source(family),), names.grants(service, family), shortened(policy, family))


def shortened(policy: Policy, family: IpFamily) -> int | None:
    """How many bits of the source a grant covers; None for all of them."""
    bits = grant_bits(policy, family)
    return None if bits == family.bits else bits


def trusted(policy: Policy) -> list[Rule]:
    """Let those through who may reach everything."""
    return [Rule((has_grant(policy, EVERYTHING, family), Accept())) for family in IpFamily]


def was_open_before() -> list[Rule]:
    """Let TCP connections go on that were open when the gate was put up."""
    return [
        Rule(
            (
                InSet(
                    (Selector.source(family), Selector.SOURCE_PORT, Selector.DESTINATION_PORT),
                    names.adopted(family),
                ),
                Accept(),
            ),
            "was open before the gate was",
        )
        for family in IpFamily
    ]

"""People in the kernel: one chain for each, which a used pass or the last knock of a rolling sequence leads to.

The chain is entered with the number of the person as the packet's mark. Who came from where is written down before the
grant, so that a grant that nobody could take back is never given: when that set is full, the rule breaks off there.
"""

from collections.abc import Iterator

from portward.compile import names
from portward.compile.exempt import grant_bits, shortened
from portward.compile.ir import (
    Chain,
    Count,
    DynamicSet,
    Expression,
    Goto,
    InSet,
    NetworkSet,
    OfFamily,
    Rule,
    Selector,
    SetMark,
    Update,
    VerdictMap,
)
from portward.compile.names import IpFamily
from portward.policy.net import Network
from portward.policy.people import Person
from portward.policy.policy import Policy


def with_tokens(policy: Policy) -> tuple[Person, ...]:
    """The people whose passes or rolling sequences the kernel may meet; nobody where the gate takes neither."""
    if not (policy.ways.passes or policy.ways.rolling):
        return ()
    return tuple(person for person in policy.people if not person.revoked and person.opens)


def with_keys(policy: Policy) -> bool:
    """Whether anybody can come in by a key, in the kernel or by the daemon."""
    ways = policy.ways
    return bool(policy.people) and any((ways.passes, ways.rolling, ways.sealed, ways.fwknop))


def sets(policy: Policy) -> Iterator[DynamicSet | NetworkSet]:
    """Make the sets that say who came from where, and who may."""
    if not with_keys(policy):
        return
    for family in IpFamily:
        yield DynamicSet(
            names.people(family),
            (family.address_type, "mark"),
            policy.sizes.grants,
            f"which person came from where, by /{grant_bits(policy, family)}",
        )
    for person in with_tokens(policy):
        for family in IpFamily:
            if origins := _of_family(person, family):
                comment = f"where {person.name} may come from"
                yield NetworkSet(names.origins(person.name, family), family, origins, comment)


def _of_family(person: Person, family: IpFamily) -> tuple[Network, ...]:
    return tuple(each for each in person.networks if IpFamily.of(each.network_address) is family)


def maps(policy: Policy) -> Iterator[VerdictMap]:
    """Make the map from people to their chains."""
    if people := with_tokens(policy):
        yield VerdictMap(
            names.PEOPLE,
            (Selector.MARK,),
            tuple(
                ((names.person_number(each.name),), Goto(names.person_chain(each.name))) for each in people
            ),
            ranges=False,
            comment="what opens for whom",
        )


def chains(policy: Policy) -> Iterator[Chain]:
    """Make the chain of each person, and the one behind them all."""
    for person in with_tokens(policy):
        rules = [rule for family in IpFamily for rule in _opening(policy, person, family)]
        yield Chain(
            names.person_chain(person.name), (*rules, Rule((Goto(names.AFTER_KEY),))), comment=person.name
        )
    if with_tokens(policy):
        yield Chain(
            names.AFTER_KEY, (Rule((Count(names.KNOCKS), SetMark(0), Goto(names.CLOSED))),), comment="a key"
        )


def _opening(policy: Policy, person: Person, family: IpFamily) -> Iterator[Rule]:
    """Open for one family what the person may open."""
    source, span = Selector.source(family), policy.places.nearest("people", person.name)
    from_where: tuple[Expression, ...] = ()
    if person.networks:
        if not _of_family(person, family):
            yield Rule((OfFamily(family), Goto(names.AFTER_KEY)), "", span)
            return
        from_where = (InSet((source,), names.origins(person.name, family)),)
    yield Rule(
        (
            *from_where,
            Update((source, Selector.MARK), names.people(family), person.open_for, shortened(policy, family)),
            *(
                Update((source,), names.grants(service, family), person.open_for, shortened(policy, family))
                for service in person.opens
            ),
            Count(names.OPENED),
        ),
        "",
        span,
    )

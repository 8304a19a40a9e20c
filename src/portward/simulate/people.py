"""What a key opens for its person: a chapter of docs/meaning.md, "Keys". Nothing here gives a verdict."""

import attrs

from portward.policy.people import Person
from portward.policy.policy import EVERYTHING, Policy
from portward.simulate.judgement import Grant
from portward.simulate.visit import Visit, network_of


def with_tokens(policy: Policy) -> dict[str, Person]:
    """The people who have tokens, by name; nobody where the gate takes neither passes nor rolling sequences."""
    if not (policy.ways.passes or policy.ways.rolling):
        return {}
    return {each.name: each for each in policy.people if each.opens and not each.revoked}


def open_for(visit: Visit, person: Person, line: str, what: str) -> None:
    """Grant all that the person opens, if the person may come from there; `what` says in a reason by what."""
    span = visit.policy.places.nearest("people", person.name)
    if person.networks and not any(visit.source in each for each in person.networks):
        visit.note(line, f"{what} opens nothing: {person.name} may not come from {visit.source}", span)
        return
    until = visit.now + person.open_for.total_seconds()
    came = (visit.granted_bits, person.name)
    if not visit.state.people[visit.version].update(came, visit.now, until):
        visit.note(line, f"{what} opens nothing: the set of who came from where is full", span)
        return
    for service in person.opens:
        name = "everything" if service == EVERYTHING else service
        if not visit.state.grant(service, visit.version).update(visit.granted_bits, visit.now, until):
            visit.note(line, f"{what} opens neither {name} nor what follows: its set is full", span)
            return
        network = network_of(visit.source, visit.prefix)
        visit.granted.append(Grant(service, "", network, until, person=person.name))
        visit.note(line, f"{what} opens {name}", span)
        visit.reasons[-1] = attrs.evolve(visit.reasons[-1], service=service)

"""All stanzas of an access.conf together become one policy: a person for each, a service for each port.

What one stanza means was judged before. A stanza that cannot be in the policy is told with its reasons; the rest stays.
"""

import enum
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta

import attrs

from portward.errors import Diagnostic, Severity
from portward.policy.net import Address, PortRange
from portward.policy.notation import write_duration, write_ports
from portward.policy.people import AddressRule, Person, Ways
from portward.policy.policy import EVERYTHING, PlacePath, Policy, Service
from portward.sources.fwknop_access import AccessFile
from portward.sources.fwknop_conf import FwknopConf
from portward.sources.fwknop_crypto_words import Secrets
from portward.sources.fwknop_stanza import Access, judge
from portward.sources.fwknop_text import left_out, not_taken
from portward.sources.knockd_services import Place, free_name, service_at


GATE_S_OWN = "server"
"""A name that no person with keys can have: the gate's own key has that file."""


class Fate(enum.StrEnum):
    """What became of a stanza."""

    PERSON = "person"
    REFUSED = "refused"


@attrs.frozen
class LiftedStanza:
    """A stanza and what became of it.

    Attributes:
        access: what it means.
        name: of the person; the one that `--opens` takes.
        fate: see `Fate`.
        ports: that the person may open; None for all services.
        told: all there is to tell of it, its reasons included.
    """

    access: Access
    name: str
    fate: Fate
    ports: tuple[PortRange, ...] | None
    told: tuple[Diagnostic, ...]

    @property
    def secrets(self) -> Secrets:
        """The keys of the person."""
        return self.access.secrets


@attrs.frozen
class FwknopPolicy:
    """What an access.conf becomes.

    Attributes:
        policy: with a person for each stanza that could be kept.
        comments: for the policy's text.
        stanzas: every one and what became of it, in order.
        fatal: each keeps fwknopd from starting; then there is nothing else.
    """

    policy: Policy
    comments: Mapping[PlacePath, str]
    stanzas: tuple[LiftedStanza, ...]
    fatal: tuple[Diagnostic, ...]


Opened = Mapping[str, tuple[PortRange, ...] | None]
"""What the user says that people may open, by their names: ports, or None for all services."""


def make_policy(
    access: AccessFile, conf: FwknopConf, given: Opened | None = None, *, allow_weaker: bool = False
) -> FwknopPolicy:
    """Make a policy of all stanzas.

    Args:
        access: the stanzas.
        conf: settings of fwknopd, or what is usual.
        given: what the user says that people may open.
        allow_weaker: whether to take stanzas without an HMAC, and those in legacy mode.
    """
    judged = [judge(each, number) for number, each in enumerate(access.stanzas, 1)]
    mistakes = [*access.fatal, *conf.fatal, *(each for _, told in judged for each in told)]
    if mistakes:
        return FwknopPolicy(Policy(), {}, (), tuple(mistakes))
    taken = {GATE_S_OWN}
    judged_alone = (
        _lift(each, _name(each, taken), given or {}, allow_weaker=allow_weaker) for each, _ in judged if each
    )
    lifted = list(_with_keys_of_their_own(_without_collisions(judged_alone)))
    kept = [each for each in lifted if each.fate is Fate.PERSON]
    services = _services(kept)
    people = tuple(_person(each, services) for each in kept)
    policy = Policy(tuple(services.values()), people=people, ways=Ways(fwknop=conf.ways))
    return FwknopPolicy(policy, _comments(lifted, conf), tuple(lifted), ())


def _name(access: Access, taken: set[str]) -> str:
    """A person's name: the one that packets must name, if it can be one, else by number."""
    numbered = f"fwknop-{access.number}"
    name = access.username if access.username[:1].isascii() and access.username[:1].isalpha() else numbered
    return free_name(name, taken)


def _lift(access: Access, name: str, given: Opened, *, allow_weaker: bool) -> LiftedStanza:
    """Decide about one stanza."""
    told, reasons = list(access.told), list(access.reasons)
    ports = given.get(name, access.ports)
    if access.command and name not in given:
        reasons.append(access.command)
    elif ports is None and name not in given:
        hint = f"--opens {name}=tcp/22 says what, --opens '{name}={EVERYTHING}' all services of the policy"
        reasons.append(
            left_out("it has no OPEN_PORTS, so it opens whatever a packet asks for", access.place, hint)
        )
    elif ports is None and access.restricted:
        told.append(
            not_taken(
                "RESTRICT_PORTS is not in the policy: the services say what can be opened", access.place
            )
        )
    elif ports is not None:
        ports = tuple(each for each in ports if not any(each.overlaps(never) for never in access.restricted))
        reasons += () if ports else [left_out("RESTRICT_PORTS leaves nothing to open", access.place)]
    for sentence in _weak(access.secrets) if access.secrets.key else ():
        if allow_weaker:
            told.append(Diagnostic("PW706", Severity.ADVICE, sentence, access.place))
        else:
            hint = "give the stanza an HMAC_KEY, or take it as it is with --allow-weaker"
            reasons.append(Diagnostic("PW706", Severity.ERROR, sentence, access.place, hint))
    fate = Fate.REFUSED if reasons else Fate.PERSON
    return LiftedStanza(access, name, fate, ports, (*reasons, *told))


def _without_collisions(lifted: Iterable[LiftedStanza]) -> Iterator[LiftedStanza]:
    """Refuse a stanza that leads a port elsewhere than an earlier one does."""
    doors: dict[tuple[Address | None, PortRange], tuple[Place, LiftedStanza]] = {}
    for stanza in lifted:
        mine = [(claim, place) for place in _places(stanza) for claim in place.claims()]
        mine = [] if stanza.fate is Fate.REFUSED else mine
        clash = next(
            (
                (known, ports, other)
                for (host, ports), place in mine
                for (there, known_ports), (known, other) in doors.items()
                if there == host and known_ports.overlaps(ports) and known != place
            ),
            None,
        )
        if clash:
            _, ports, other = clash
            sentence = f"{write_ports(ports)} leads elsewhere than in stanza {other.access.number}"
            reason = left_out(sentence, stanza.access.place)
            yield attrs.evolve(stanza, fate=Fate.REFUSED, told=(reason, *stanza.told))
            continue
        doors.update({claim: (place, stanza) for claim, place in mine})
        yield stanza


def _with_keys_of_their_own(lifted: Iterable[LiftedStanza]) -> Iterator[LiftedStanza]:
    """Tell of stanzas whose packets are an earlier stanza's too."""
    owners: dict[tuple[Secrets, str], LiftedStanza] = {}
    for stanza in lifted:
        owner = stanza
        if stanza.fate is Fate.PERSON:
            owner = owners.setdefault((stanza.secrets, stanza.access.username), stanza)
        if owner is stanza:
            yield stanza
            continue
        sentence = (
            f"it has the keys of stanza {owner.access.number}: here a packet is one person's, {owner.name}'s"
        )
        told = not_taken(sentence, stanza.access.place, "give each stanza keys of its own")
        yield attrs.evolve(stanza, told=(*stanza.told, told))


def _weak(secrets: Secrets) -> Iterator[str]:
    if not secrets.hmac_key:
        yield "its packets have no HMAC: nothing tells a forged one before it is decrypted"
    if secrets.legacy:
        yield "its packets are in legacy mode, whose key has 16 bytes"


def _places(stanza: LiftedStanza) -> Iterator[Place]:
    """The doors of a stanza, each port by itself, since a packet asks for ports one by one."""
    for port in stanza.ports or ():
        if stanza.access.behind is None:
            yield Place(None, (port,))
        else:
            host, number = stanza.access.behind
            inner = PortRange(port.protocol, number, number)
            yield Place(host, (inner,), () if inner == port else (port,))


def _services(kept: Iterable[LiftedStanza]) -> dict[Place, Service]:
    services: dict[Place, Service] = {}
    taken: set[str] = set()
    for stanza in kept:
        for place in _places(stanza):
            if place not in services:
                services[place] = service_at(place, stanza.name, taken)
    return services


def _person(stanza: LiftedStanza, services: Mapping[Place, Service]) -> Person:
    opens = (
        tuple(services[each].name for each in _places(stanza)) if stanza.ports is not None else (EVERYTHING,)
    )
    access = stanza.access
    rule = AddressRule.MUST_MATCH if access.must_state else AddressRule.AS_SEEN
    return Person(stanza.name, opens, access.open_for, access.networks, access.until, address=rule)


def _comments(lifted: Iterable[LiftedStanza], conf: FwknopConf) -> dict[PlacePath, str]:
    """What to say in the policy's text; nothing of a secret is in it."""
    head = [
        "Made from fwknop's files by portward import fwknop. The keys are in a file of their own.",
        "fwknopd opens the firewall around it, which drops the rest; this policy itself drops packets to its services",
        "from everybody without a grant, and opens no other firewall: that one must let these ports through.",
    ]
    if conf.settings:
        names = ", ".join(each.name for each in conf.settings)
        head.append(f"Settings of fwknopd itself, not needed here: {names}")
    comments: dict[PlacePath, str] = {}
    for each in lifted:
        told = [f"  - {said.message}" for said in each.told]
        if each.fate is Fate.PERSON:
            comments["people", each.name] = "\n".join((f"stanza {each.access.number}, {_where(each)}", *told))
        else:
            head += [f"Not in here: stanza {each.access.number}, {_where(each)}:", *told]
    comments[()] = "\n".join(head)
    return comments


def _where(stanza: LiftedStanza) -> str:
    return f"line {stanza.access.place.line}"


def summary(stanza: LiftedStanza) -> str:
    """One line on what became of a stanza."""
    title = f"stanza {stanza.access.number}"
    if stanza.fate is Fate.REFUSED:
        reasons = [each.message for each in stanza.told if each.severity is Severity.ERROR]
        return f"{title} ({stanza.name}): left out: {'; '.join(reasons)}"
    ports = "all services" if stanza.ports is None else ", ".join(map(write_ports, stanza.ports))
    length = write_duration(max(stanza.access.open_for, timedelta(seconds=1)))
    return f"{title}: the person {stanza.name} opens {ports} for {length}"

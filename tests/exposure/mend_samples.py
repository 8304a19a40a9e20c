"""Made-up hosts for the tests of mends: listeners that strangers reach, units, a policy."""

from ipaddress import ip_address

from portward.errors import Severity
from portward.exposure.facts import Facts, Listener, Origin, Program
from portward.exposure.finding import Finding
from portward.exposure.judge import Audit
from portward.exposure.mend_policy import PolicyTexts
from portward.exposure.mend_situation import Session, Situation, Unit, Wish
from portward.exposure.mends import Way
from portward.exposure.open_doors import DATA
from portward.exposure.passage import Answer
from portward.exposure.reach import Reach, Shown
from portward.exposure.registry import kind_of
from portward.policy.net import Protocol


POLICY = """# mine
schema = 1
[services.web]
ports = ["tcp/8443"]
[sequences.admin]
knocks = ["tcp/33331", "udp/22224", "tcp/11117"]
opens = ["web"]
"""
PATH = "/etc/portward/policy.toml"


def shown(
    program: str,
    place: str,
    unit: str = "",
    *,
    reached: bool = True,
    doors: tuple[str, ...] = (),
    contained: bool = False,
) -> Shown:
    """A listener on every IPv4 address."""
    name, _, port = place.partition("/")
    protocol = Protocol(name)
    programs = (Program(7, program, unit=unit),) if program else ()
    origin = Origin.CONTAINER if contained else Origin.SOCKET
    listener = Listener(
        protocol, ip_address("0.0.0.0"), int(port), programs=programs, unit=unit, origin=origin
    )
    kind = kind_of(program, protocol, int(port), unit)
    reach = Reach({4: Answer.OPEN if reached else Answer.CLOSED})
    return Shown(listener, kind, kind.name if kind else program, reach, doors)


def situation(
    *listeners: Shown,
    units: tuple[Unit, ...] = (),
    files: dict[str, str] | None = None,
    session: Session = Session(),  # noqa: B008 - frozen
    policy: str = POLICY,
    sound: tuple[str, ...] = (),
) -> Situation:
    """A host with a finding about each listener but the `sound` ones."""
    findings = tuple(
        Finding(DATA, Severity.ERROR, each.listener.spelled, "open", listener=each.listener)
        for each in listeners
        if each.listener.spelled not in sound
    )
    known = {(Protocol.TCP, 23): "telnet", (Protocol.TCP, 513): "login"}
    facts = Facts("gate", tuple(each.listener for each in listeners), well_known=known)
    texts = PolicyTexts.of(PATH, {PATH: policy}) if policy else PolicyTexts(PATH)
    by_name = {each.name: each for each in units}
    return Situation(Audit(facts, listeners, findings), texts, by_name, files or {}, session)


def wish(*targets: str, by: Way | None = None, spared: tuple[str, ...] = (), sequence: str = "") -> Wish:
    """A wish whose chance is always the first."""
    return Wish(targets, lambda _: 0, spared, by, sequence=sequence)

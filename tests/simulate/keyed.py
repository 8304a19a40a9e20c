"""A gate whose people have keys: alice, bob and what is loaded for them, from second 0 to 1000."""

from datetime import timedelta
from typing import Any

import attrs
from tests.simulate.transcript import GATE, GATE_6, SSH, VISITOR, VPN, Gate

from portward.policy.notation import read_knock
from portward.policy.people import Passes, Person, Rolling, Ways
from portward.policy.policy import Policy, Sequence
from portward.simulate.judgement import Judgement
from portward.simulate.loaded import KeyWindow, Loaded, Word
from portward.simulate.machine import Machine
from portward.simulate.packet import datagram, echo_request


ALICE = Person("alice", ("ssh",), timedelta(hours=1))
BOB = Person("bob", ("*",), timedelta(hours=1))
PORT = 62202
WAYS = Ways(passes=Passes(PORT, echo=True), rolling=Rolling(20000, 20999, knocks=3))
PASS, SECOND_PASS, BOBS_PASS = b"pass one of hers", b"pass two of hers", b"pass that is his"
KNOCKS = "tcp/20000 udp/20300 tcp/20100"
BOBS_KNOCKS = "udp/20002 tcp/20302 udp/20102"
WORD = b"the word"
LOADED = Loaded(
    (
        KeyWindow(0.0, 1000.0, "alice", (PASS, SECOND_PASS), tuple(map(read_knock, KNOCKS.split(" "))), 0x10),
        KeyWindow(0.0, 1000.0, "bob", (BOBS_PASS,), tuple(map(read_knock, BOBS_KNOCKS.split(" "))), 0x20),
    ),
    (Word(WORD, 1000.0),),
)


def gate(
    *people: Person, ways: Ways = WAYS, sequences: tuple[Sequence, ...] = (), **settings: Any
) -> "KeyedGate":
    """A gate with these people; alice and bob if none are given."""
    return KeyedGate(Policy((SSH, VPN), sequences, people=people or (ALICE, BOB), ways=ways, **settings))


class KeyedGate(Gate):
    """A machine with what is loaded, its memory and a clock."""

    def __init__(self, kept: Policy) -> None:
        super().__init__(kept)
        self.machine = Machine(kept, loaded=LOADED)

    def hears_data(
        self, data: bytes, port: int = PORT, source: Any = VISITOR, *, after: float = 0.1, **changes: Any
    ) -> Judgement:
        """A datagram arrives."""
        self.now += after - 0.1
        goal = GATE if source.version == 4 else GATE_6
        made = datagram(source, goal, port, data)
        return self._judged(attrs.evolve(made, **changes))

    def hears_echo(self, data: bytes, length: int = 120, source: Any = VISITOR) -> Judgement:
        """An echo request arrives."""
        goal = GATE if source.version == 4 else GATE_6
        return self._judged(echo_request(source, goal, length, data))

    def _judged(self, arrived: Any) -> Judgement:
        self.now += 0.1
        judgement = self.machine.judge(self.state, arrived, self.now)
        self.state = judgement.state
        return judgement


def opened(judgement: Judgement) -> list[tuple[str, str]]:
    """Which services for whom."""
    return [(grant.service, grant.person) for grant in judgement.granted]

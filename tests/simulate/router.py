"""A router to talk to in a test: rules in RouterOS's own words, packets in a trace's, the clock is ours."""

import attrs

from portward.simulate.passage import Passage
from portward.simulate.routeros import Router
from portward.simulate.routeros_memory import Memory
from portward.simulate.trace import read_trace
from portward.sources.routeros_rules import Script
from portward.sources.routeros_script import read_source


def script(text: str) -> Script:
    """Rules, each a line behind `/ip firewall filter` where no other menu is named."""
    return read_source(f"/ip firewall filter\n{text}\n".encode(), "test.rsc").script


def knocker(what: str, source: str = "192.0.2.7", to: str = "198.51.100.1") -> Passage:
    """One packet, in the words of a trace."""
    return Passage(read_trace(f"0 {source} > {to} {what}", "test.trace")[0].packet)


@attrs.define
class Talk:
    """A router and what it remembers."""

    router: Router
    memory: Memory

    def at(self, now: float, what: str, source: str = "192.0.2.7", to: str = "198.51.100.1") -> str:
        """Send a packet; what becomes of it comes back."""
        return str(self.router.advance(self.memory, knocker(what, source, to), now).ending)


def router(text: str) -> Talk:
    """A router that has just come up with these rules."""
    made = Router(script(text))
    return Talk(made, made.start())

"""nft in this process, against the real library and the real kernel, in a namespace of its own."""

from collections.abc import Iterator

import pytest

from lab.namespaces import Namespace, namespaces
from portward.apply.libnft import Libnft
from portward.errors import TargetError


pytestmark = pytest.mark.net

TABLE = """
table inet portward {
    set grant_ssh_v4 { type ipv4_addr; flags dynamic,timeout; size 4; }
}
"""


@pytest.fixture
def here() -> Iterator[Namespace]:
    """An empty network namespace, entered."""
    with namespaces("libnft", prefix="pwl") as (made,), made.entered():
        yield made


@pytest.fixture
def nft(here: Namespace) -> Iterator[Libnft]:
    """The library, with one table."""
    assert here.name
    made = Libnft()
    made.run(TABLE)
    yield made
    made.close()


def test_commands_are_carried_out(nft: Libnft, here: Namespace) -> None:
    """What goes in by the library comes out by the program."""
    nft.run("add element inet portward grant_ssh_v4 { 192.0.2.7 timeout 1h }\n")
    assert "192.0.2.7" in here.run("nft", "list", "set", "inet", "portward", "grant_ssh_v4").stdout
    assert "192.0.2.7" in nft.run("list set inet portward grant_ssh_v4\n")


def test_one_text_is_one_transaction(nft: Libnft) -> None:
    """The second line is refused, so the first one is not done either."""
    text = "add element inet portward grant_ssh_v4 { 192.0.2.8 }\nadd element inet portward nowhere { 192.0.2.9 }\n"
    with pytest.raises(TargetError):
        nft.run(text)
    assert "192.0.2.8" not in nft.run("list set inet portward grant_ssh_v4\n")


def test_a_refusal_quotes_nothing_of_the_text(nft: Libnft) -> None:
    """A pass stands in the text; the error says only what was wrong."""
    with pytest.raises(TargetError) as error:
        nft.run("add element inet portward nowhere { 0x00112233445566778899aabbccddeeff }\n")
    assert "0011" not in str(error.value)
    assert "No such file or directory" in str(error.value)


def test_after_a_refusal_it_goes_on(nft: Libnft) -> None:
    """The error of one text does not stick to the next."""
    with pytest.raises(TargetError):
        nft.run("nonsense\n")
    assert nft.run("add element inet portward grant_ssh_v4 { 192.0.2.7 }\n") == ""


def test_a_full_set_is_a_refusal(nft: Libnft) -> None:
    """ENFILE, which the kernel calls too many open files."""
    with pytest.raises(TargetError, match="Too many open files"):
        nft.run(
            "add element inet portward grant_ssh_v4 { 192.0.2.1, 192.0.2.2, 192.0.2.3, 192.0.2.4, 192.0.2.5 }\n"
        )


@pytest.mark.usefixtures("here")
def test_closing_twice_does_no_harm() -> None:
    """The context is given back once."""
    made = Libnft()
    made.close()
    made.close()

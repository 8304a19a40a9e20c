"""What status is made from."""

from datetime import timedelta

from portward.apply.listing import Block, Listing
from portward.apply.live import Element
from portward.apply.overview import doors, visitor
from portward.apply.wanted import Door, StageName, Wanted


def table(*services: str) -> Listing:
    """A table that guards these services."""
    sets = [Block("set", f"grant_{service}_{family}", ()) for service in services for family in ("v4", "v6")]
    return Listing((), {each.key: each for each in [*sets, Block("set", "trusted_v4", ())]})


def test_doors_are_those_of_the_table_with_what_is_on_record() -> None:
    known = Door("ssh", ("tcp/22",), (), ("admin",))
    assert doors(table("ssh", "web"), Wanted("", doors=(known, Door("gone", ("tcp/1",))))) == (
        known,
        Door("web", ()),
    )
    assert doors(table("ssh"), None) == (Door("ssh", ()),)


def test_a_stage_is_named_if_the_record_knows_its_number() -> None:
    element = Element(("192.0.2.7", 17), timedelta(seconds=5))
    stage = StageName("admin", 1, 3)
    assert visitor(element, {17: stage}).stage == stage
    assert visitor(element, {}).stage is None

import pytest

from portward.spa.fwknop_request import Kind


def test_each_of_fwknops_message_types_has_one_kind() -> None:
    """0 command, 1 access, 2 NAT, 3 access with timeout, 4 NAT with timeout, 5 local NAT, 6 the same with timeout."""
    kinds = [Kind.of(number) for number in range(7)]
    assert kinds == [
        Kind.COMMAND, Kind.ACCESS, Kind.NAT, Kind.ACCESS, Kind.NAT, Kind.LOCAL_NAT, Kind.LOCAL_NAT,
    ]  # fmt: skip


@pytest.mark.parametrize("number", [-1, 7, 99])
def test_other_message_types_do_not_exist(number: int) -> None:
    with pytest.raises(ValueError, match="no such message type"):
        Kind.of(number)

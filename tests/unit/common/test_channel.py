import pytest

from peapod.common.channel import open_channel, open_sync_channel
from peapod.common.errors import Invalid, Unavailable


@pytest.mark.parametrize("address", ["", ",", "host", "127.0.0.1:1,"])
async def test_what_is_no_address(address: str) -> None:
    with pytest.raises(Invalid):
        open_channel(address)
    with pytest.raises(Invalid):
        open_sync_channel(address)


def test_names_of_which_none_is_known() -> None:
    with pytest.raises(Unavailable, match=r"cannot resolve a\.invalid: .*; cannot resolve b\.invalid"):
        open_sync_channel("a.invalid:1,b.invalid:2")

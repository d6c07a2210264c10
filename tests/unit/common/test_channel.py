import pytest

from peapod.common.channel import target
from peapod.common.errors import Invalid, Unavailable


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("127.0.0.1:7070", "ipv4:127.0.0.1:7070"),
        ("127.0.0.1:7070, 127.0.0.2:7071", "ipv4:127.0.0.1:7070,127.0.0.2:7071"),
        ("[::1]:7070,127.0.0.1:7071", "ipv6:[::1]:7070,[::ffff:127.0.0.1]:7071"),
        ("apiserver:7070", "dns:///apiserver:7070"),
        ("unix:/run/peapod.sock", "unix:/run/peapod.sock"),
    ],
)
def test_targets(address: str, expected: str) -> None:
    assert target(address) == expected


def test_names_in_a_list_are_looked_up() -> None:
    assert "127.0.0.1]:7070" in target("localhost:7070,[::1]:7071")
    assert "[::1]:7071" in target("localhost:7070,[::1]:7071")


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(Unavailable, match=r"cannot resolve nowhere\.invalid"):
        target("nowhere.invalid:1,127.0.0.1:2")


@pytest.mark.parametrize("address", ["", ",", "host", "127.0.0.1:1,"])
def test_no_targets(address: str) -> None:
    with pytest.raises(Invalid):
        target(address)

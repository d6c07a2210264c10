import pytest

from peapod.common import address
from peapod.common.address import HostPort
from peapod.common.errors import Invalid


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("127.0.0.1:7070", "127.0.0.1", 7070),
        ("localhost:0", "localhost", 0),
        ("[::1]:65535", "::1", 65535),
        (":80", "", 80),
    ],
)
def test_parts(text: str, host: str, port: int) -> None:
    parsed = address.parse(text)
    assert parsed == HostPort(host, port)
    assert str(parsed) == text


@pytest.mark.parametrize(
    "text", ["", "host", "host:", "host:x", "host:-1", "host:65536", "::1:80", "ipv4:1.2.3.4:80", "h:٣"]
)
def test_no_addresses(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        address.parse(text)
    assert repr(text) in caught.value.message


@pytest.mark.parametrize("text", ["127.0.0.1:1", "127.8.9.1:1", "[::1]:1", "localhost:1", "unix:/run/x", "unix:x"])
def test_loopback(text: str) -> None:
    assert address.is_loopback(text)
    address.refuse_exposed(text, False)


@pytest.mark.parametrize(
    "text", ["0.0.0.0:1", ":1", "[::]:1", "10.0.0.1:1", "127.example.com:1", "127.1:1", "example.com:1"]
)
def test_exposed(text: str) -> None:
    assert not address.is_loopback(text)
    address.refuse_exposed(text, True)
    with pytest.raises(Invalid, match="--allow-insecure"):
        address.refuse_exposed(text, False)

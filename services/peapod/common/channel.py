"""Channels to other services: one per process and target, shared by all clients."""

from __future__ import annotations

import ipaddress
import socket

import grpc
import grpc.aio

from peapod.common import address as addresses
from peapod.common import options
from peapod.common.errors import Unavailable


def open_channel(address: str) -> grpc.aio.Channel:
    """Open a channel to `host:port`, or to the first that answers of several, separated by commas.

    Connects when it is first used and again whenever it is lost. Raises `Invalid` for what is no address.
    """
    return grpc.aio.insecure_channel(target(address), options=options.CHANNEL)


def open_sync_channel(address: str) -> grpc.Channel:
    """The same for short-lived programs, on a blocking channel."""
    return grpc.insecure_channel(target(address), options=options.CHANNEL)


def target(address: str) -> str:
    """Write the address as a target that gRPC resolves."""
    if addresses.is_unix(address):
        return address
    places = [addresses.parse(part.strip()) for part in address.split(",")]
    if len(places) == 1 and _number(places[0].host) is None:
        return f"dns:///{places[0]}"
    numbers = [(number, place.port) for place in places for number in _numbers(place)]
    if all(number.version == 4 for number, _ in numbers):
        return "ipv4:" + ",".join(f"{number}:{port}" for number, port in numbers)
    return "ipv6:" + ",".join(f"[{_mapped(number)}]:{port}" for number, port in numbers)


def _numbers(place: addresses.HostPort) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    number = _number(place.host)
    if number is not None:
        return [number]
    try:
        found = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise Unavailable(f"cannot resolve {place.host}: {error.strerror}") from error
    return [ipaddress.ip_address(info[4][0]) for info in found]


def _number(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _mapped(number: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    return f"::ffff:{number}" if number.version == 4 else str(number)

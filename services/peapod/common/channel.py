"""Channels to other services: one per process and target, shared by all clients."""

from __future__ import annotations

import ipaddress
import socket

import grpc
import grpc.aio

from peapod.common import address as addresses
from peapod.common import options
from peapod.common.errors import Unavailable
from peapod.common.failover import FailoverChannel


def open_channel(address: str) -> grpc.aio.Channel:
    """Open a channel to `host:port`, or to whichever answers of several, separated by commas.

    Connects when it is first used and again whenever it is lost. Raises `Invalid` for what is no address.
    """
    channels = [grpc.aio.insecure_channel(target, options=options.CHANNEL) for target in map(_target, _split(address))]
    return channels[0] if len(channels) == 1 else FailoverChannel(channels)


def open_sync_channel(address: str) -> grpc.Channel:
    """The same for short-lived programs, on a blocking channel: it tries several in their order.

    Names in a list are looked up once, now; raises `Unavailable` when none of them is known.
    """
    parts = _split(address)
    target = _target(parts[0]) if len(parts) == 1 else _joint_target(parts)
    return grpc.insecure_channel(target, options=options.CHANNEL)


def _split(address: str) -> list[str]:
    return [part.strip() for part in address.split(",")]


def _target(address: str) -> str:
    return address if addresses.is_unix(address) else f"dns:///{addresses.parse(address)}"


def _joint_target(parts: list[str]) -> str:
    """Write several addresses as one target; gRPC takes several numbers, but not several names."""
    places, problems = [], []
    for place in map(addresses.parse, parts):
        try:
            found = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
        except OSError as error:
            problems.append(f"cannot resolve {place.host}: {error.strerror}")
            continue
        places += [f"[{_ipv6(str(info[4][0]))}]:{place.port}" for info in found]
    if not places:
        raise Unavailable("; ".join(problems))
    return "ipv6:" + ",".join(places)


def _ipv6(number: str) -> str:
    return f"::ffff:{number}" if ipaddress.ip_address(number).version == 4 else number

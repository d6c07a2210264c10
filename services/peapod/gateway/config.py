"""What the gateway can be told."""

from __future__ import annotations

from dataclasses import dataclass

from peapod.common import address
from peapod.common.config import ServiceConfig, option
from peapod.common.errors import Invalid


@dataclass(frozen=True)
class GatewayConfig(ServiceConfig):
    """Serve v1beta1 over HTTP."""

    apiserver: str = option("127.0.0.1:7070", "the apiserver's address, or several, separated by commas")
    address: str = option("127.0.0.1:8080", "where to serve HTTP, /metrics included; port 0 takes any that is free")
    grpc_address: str = option("127.0.0.1:0", "where to serve gRPC health and version; port 0 takes any that is free")

    allowed_hosts: str = option(
        "",
        "names, by comma, that requests may call this server by, besides addresses and localhost; empty: any, unless "
        "it listens on loopback alone",
    )
    history: int = option(20_000, "how many changes of each kind a watch can resume across")
    watch_seconds: float = option(3600.0, "the longest that one watch may last; its client resumes")

    def __post_init__(self) -> None:
        """Refuse what is no address."""
        try:
            address.parse(self.address)
        except Invalid as wrong:
            raise ValueError(f"--address: {wrong.message}") from None
        for name in ("history", "watch_seconds"):
            if getattr(self, name) <= 0:
                raise ValueError(f"--{name.replace('_', '-')} must be positive")

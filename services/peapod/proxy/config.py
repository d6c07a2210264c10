"""What the proxy can be told."""

from __future__ import annotations

from dataclasses import dataclass

from peapod.common.config import ServiceConfig, option


@dataclass(frozen=True)
class ProxyConfig(ServiceConfig):
    """Make services reachable from this node. There are no services yet: it connects, and tells how it is."""

    apiserver: str = option("127.0.0.1:7070", "the apiserver's address, or several, separated by commas")
    address: str = option("127.0.0.1:0", "where to serve health and version; port 0 takes any that is free")

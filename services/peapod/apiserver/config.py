"""What the apiserver can be told."""

from __future__ import annotations

from dataclasses import dataclass

from peapod.apiserver.portal_net import PortalNet
from peapod.common.config import ServiceConfig, option


@dataclass(frozen=True)
class ApiserverConfig(ServiceConfig):
    """Serve the API over gRPC."""

    address: str = option("127.0.0.1:7070", "where to listen")
    store: str = option("sqlite:///peapod.db", "where objects are kept: sqlite:///path or etcd://host:port,host:port")
    scheduler: str = option("", "where schedulers explain placements: host:port, several by comma; empty: nowhere")
    allow_privileged: bool = option(False, "let containers be privileged: they can do anything on their node")
    portal_net: str = option("10.0.0.0/24", "the net that services get their portal IPs from")
    history: int = option(20_000, "how many changes of each kind a watch can resume across")
    watch_seconds: float = option(3600.0, "the longest that one watch may last; its client resumes")
    event_seconds: float = option(3600.0, "how long an event is kept after its last repeat")
    events_most: int = option(20_000, "how many events are kept; beyond that the oldest go")

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        for name in ("history", "watch_seconds", "event_seconds", "events_most"):
            if getattr(self, name) <= 0:
                raise ValueError(f"--{name.replace('_', '-')} must be positive")
        try:
            PortalNet(self.portal_net)
        except ValueError as problem:
            raise ValueError(f"--portal-net {problem}") from None

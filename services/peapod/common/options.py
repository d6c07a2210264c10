"""gRPC's settings for both ends of a connection, side by side because they must fit each other.

A client that pings more often than its server tolerates is cut off with `too_many_pings`.
"""

from __future__ import annotations

MESSAGE_MOST = 256 * 1024 * 1024
"""Bytes of the largest message: a list of several hundred thousand pods."""

PING_SECONDS = 20
PING_TOLERATED_SECONDS = 5
PING_ANSWER_SECONDS = 10
CONNECT_SECONDS = 5

_BOTH = (
    ("grpc.max_send_message_length", MESSAGE_MOST),
    ("grpc.max_receive_message_length", MESSAGE_MOST),
    ("grpc.keepalive_time_ms", PING_SECONDS * 1000),
    ("grpc.keepalive_timeout_ms", PING_ANSWER_SECONDS * 1000),
    # Without it a process that hangs, whose kernel still acknowledges, is given a minute.
    ("grpc.http2.ping_timeout_ms", PING_ANSWER_SECONDS * 1000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
)

SERVER: tuple[tuple[str, int], ...] = (
    *_BOTH,
    ("grpc.http2.min_ping_interval_without_data_ms", PING_TOLERATED_SECONDS * 1000),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", PING_TOLERATED_SECONDS * 1000),
    # Two servers would share one port in silence, each getting half of the calls.
    ("grpc.so_reuseport", 0),
)

CHANNEL: tuple[tuple[str, int], ...] = (
    *_BOTH,
    # Callers know which calls they may repeat, gRPC does not.
    ("grpc.enable_retries", 0),
    # A proxy for the web is none for the cluster, least of all for loopback.
    ("grpc.enable_http_proxy", 0),
    # A restarted server is found at once.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    # In spite of its name: how long one attempt to connect may take.
    ("grpc.min_reconnect_backoff_ms", CONNECT_SECONDS * 1000),
)

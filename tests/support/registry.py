"""A registry on loopback that has one image, for pulls that succeed."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


@contextmanager
def serve(layer: bytes, architecture: str, entrypoint: Sequence[str]) -> Iterator[str]:
    """Serve an image of one layer, and give its name."""
    blobs = _blobs(layer, architecture, entrypoint)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(with_body=True)

        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def _answer(self, *, with_body: bool) -> None:
            kind, content = blobs.get(self.path.rpartition("/")[2], ("application/json", b"{}"))
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Docker-Content-Digest", _digest(content))
            self.end_headers()
            if with_body:
                self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            yield f"127.0.0.1:{server.server_port}/peapod-test/pulled:1"
        finally:
            server.shutdown()


def _blobs(layer: bytes, architecture: str, entrypoint: Sequence[str]) -> dict[str, tuple[str, bytes]]:
    """Make all that the image consists of, each under the last part of its path."""
    config = json.dumps(
        {
            "architecture": architecture,
            "os": "linux",
            "config": {"Entrypoint": list(entrypoint)},
            "rootfs": {"type": "layers", "diff_ids": [_digest(layer)]},
        }
    ).encode()
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": _reference("application/vnd.docker.container.image.v1+json", config),
            "layers": [_reference("application/vnd.docker.image.rootfs.diff.tar", layer)],
        }
    ).encode()
    blobs = {_digest(content): ("application/octet-stream", content) for content in (config, layer)}
    return {**blobs, "1": (MANIFEST, manifest), _digest(manifest): (MANIFEST, manifest)}


def _reference(kind: str, content: bytes) -> dict[str, object]:
    return {"mediaType": kind, "size": len(content), "digest": _digest(content)}


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"

"""Requests as kubectl v0.14.2 sends them, and its way to write objects: all defaults filled in."""

from __future__ import annotations

import gzip
import http.client
import json
from typing import Any

from peapod.common import address as addresses
from tests.support.raw_http import SECONDS, Answer

AGENT = "kubectl/v0.14.2 (linux/amd64) kubernetes/unknown"
API = "/api/v1beta1"

_EMPTY_STATE = {"manifest": {"version": "", "id": "", "volumes": None, "containers": None, "restartPolicy": {}}}


class OldKubectl:
    """One run of the command: its requests share a connection."""

    def __init__(self, address: str) -> None:
        self._connection = http.client.HTTPConnection(*addresses.parse(address), timeout=SECONDS)

    def __enter__(self) -> OldKubectl:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def ask(self, method: str, path: str, body: Any = None) -> Answer:
        """Send one request, with the headers of Go's client and no others."""
        answer = self._sent(method, path, body)
        found = answer.read()
        if answer.getheader("Content-Encoding") == "gzip":
            found = gzip.decompress(found)
        return Answer(answer.status, answer.headers, found)

    def get(self, path: str) -> Any:
        """Read what has to be there."""
        found = self.ask("GET", API + path)
        assert found.status == 200, found.body
        return found.json

    def put(self, path: str, body: Any) -> Any:
        """Replace what has to be taken."""
        found = self.ask("PUT", API + path, body)
        assert found.status == 200, found.body
        return found.json

    def post(self, path: str, body: Any) -> Any:
        """Create what has to be taken."""
        found = self.ask("POST", API + path, body)
        assert found.status == 201, found.body
        return found.json

    def watch(self, path: str) -> http.client.HTTPResponse:
        """Open a watch; each line is an event."""
        return self._sent("GET", API + path, None)

    def _sent(self, method: str, path: str, body: Any) -> http.client.HTTPResponse:
        self._connection.putrequest(method, path, skip_accept_encoding=True)
        self._connection.putheader("User-Agent", AGENT)
        data = b"" if body is None else json.dumps(body).encode()
        if body is not None:
            self._connection.putheader("Content-Length", str(len(data)))
        self._connection.putheader("Accept-Encoding", "gzip")
        self._connection.endheaders(data or None)
        return self._connection.getresponse()


def manifest(*images: str) -> dict[str, Any]:
    """Write a manifest with a container for each image."""
    containers = [
        {
            "name": f"c{number}",
            "image": image,
            "ports": [{"containerPort": 80 + number, "protocol": "TCP"}],
            "resources": {},
            "terminationMessagePath": "/dev/termination-log",
            "imagePullPolicy": "PullIfNotPresent",
            "capabilities": {},
        }
        for number, image in enumerate(images)
    ]
    head = {"version": "v1beta2", "id": "", "volumes": None, "containers": containers}
    return head | {"restartPolicy": {"always": {}}, "dnsPolicy": "ClusterFirst"}


def pod(namespace: str, name: str, **labels: str) -> dict[str, Any]:
    """Write a pod."""
    head = {"kind": "Pod", "id": name, "creationTimestamp": None, "apiVersion": "v1beta1", "namespace": namespace}
    state = {"desiredState": {"manifest": manifest("nginx")}, "currentState": _EMPTY_STATE}
    return head | ({"labels": labels} if labels else {}) | state


def controller(namespace: str, name: str, replicas: int, **labels: str) -> dict[str, Any]:
    """Write a controller of pods with these labels."""
    head = {"kind": "ReplicationController", "id": name, "creationTimestamp": None, "apiVersion": "v1beta1"}
    template = {"desiredState": {"manifest": manifest("nginx")}, "labels": labels}
    desired = {"replicas": replicas, "replicaSelector": labels, "podTemplate": template}
    current = {"replicas": 0, "podTemplate": {"desiredState": _EMPTY_STATE}}
    return head | {"namespace": namespace, "labels": labels, "desiredState": desired, "currentState": current}


def service(namespace: str, name: str, port: int, **selector: str) -> dict[str, Any]:
    """Write a service."""
    head = {"kind": "Service", "id": name, "creationTimestamp": None, "apiVersion": "v1beta1", "namespace": namespace}
    rest = {"port": port, "protocol": "TCP", "selector": selector, "containerPort": port, "sessionAffinity": "None"}
    return head | rest


UNKNOWN = {"terminationGracePeriodSeconds"}
"""What this kubectl does not know, and so drops when it writes what it has read."""


def reread(document: Any) -> Any:
    """Write again what was read."""
    if isinstance(document, dict):
        return {key: reread(value) for key, value in document.items() if key not in UNKNOWN}
    return [reread(item) for item in document] if isinstance(document, list) else document

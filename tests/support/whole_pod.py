"""A pod that uses every field that a user may write, each in the spelling in which v1beta1 writes it."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

_HANDLERS: list[dict[str, Any]] = [
    {"exec": {"command": ["test", "-e", "/ok"]}},
    {"httpGet": {"path": "/ok", "port": 8080, "host": "127.0.0.1"}},
    {"tcpSocket": {"port": "web"}},
]

_REFERENCE = {
    "kind": "Secret",
    "namespace": "default",
    "uid": "a-uid",
    "apiVersion": "v1beta1",
    "resourceVersion": "1",
    "fieldPath": "data",
}

_SOURCES: list[dict[str, Any]] = [
    {"hostDir": {"path": "/srv"}},
    {"emptyDir": {"medium": "Memory"}},
    {"persistentDisk": {"pdName": "disk", "fsType": "ext4", "partition": 1, "readOnly": True}},
    {"gitRepo": {"repository": "https://git.invalid/repository", "revision": "main"}},
    {"secret": {"target": {"name": "keys", **_REFERENCE}}},
    {"nfs": {"server": "nfs.invalid", "path": "/exports", "readOnly": True}},
]


def whole_pod() -> dict[str, Any]:
    """Make a new one, which the caller may change."""
    manifest = {
        "version": "v1beta2",
        "id": "whole",
        "uuid": "a-uuid",
        "volumes": [{"name": f"v{index}", "source": source} for index, source in enumerate(_SOURCES)],
        "containers": [_container(0), _container(1), _container(2)],
        "restartPolicy": {"onFailure": {}},
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "hostNetwork": False,
    }
    pod = {
        "kind": "Pod",
        "apiVersion": "v1beta1",
        "id": "whole",
        "namespace": "default",
        "labels": {"name": "whole"},
        "desiredState": {"manifest": manifest, "host": "n1"},
        "nodeSelector": {"disk": "ssd"},
    }
    return deepcopy(pod)


def _container(number: int) -> dict[str, Any]:
    """Make a container; each of the three has other handlers in the four places for them."""
    handlers = [_HANDLERS[(number + place) % 3] for place in range(4)]
    amounts: dict[str, Any] = {"resources": {"limits": {"cpu": "0.5", "memory": 1048576}, "requests": {"cpu": "0.1"}}}
    return {
        "name": f"c{number}",
        "image": "peapod-test/busybox:1",
        "entrypoint": ["/bin/sh"],
        "command": ["-c", "sleep 1"],
        "workingDir": "/srv",
        "ports": [
            {
                "name": f"web{number}" if number else "web",
                "hostPort": 8080 + number,
                "containerPort": 80 + number,
                "protocol": "TCP",
                "hostIP": "127.0.0.1",
            }
        ],
        "env": [{"name": "KEY", "value": "value"}],
        **(amounts if number else {"cpu": 100, "memory": 1048576}),
        "volumeMounts": [{"name": "v1", "mountPath": "/data", "readOnly": True, "mountType": ""}],
        "livenessProbe": {**handlers[0], "initialDelaySeconds": 5, "timeoutSeconds": 2, "periodSeconds": 5},
        "readinessProbe": {**handlers[1], "initialDelaySeconds": 5, "timeoutSeconds": 2, "periodSeconds": 5},
        "lifecycle": {"postStart": handlers[2], "preStop": handlers[3]},
        "terminationMessagePath": "/tmp/message",
        "privileged": True,
        "imagePullPolicy": "PullIfNotPresent",
        "capabilities": {"add": ["NET_ADMIN"], "drop": ["CHOWN"]},
    }

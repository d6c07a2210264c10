"""One right document of each kind as a client writes it by hand, and what the API calls the kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MANIFEST = {"version": "v1beta2", "containers": [{"name": "c", "image": "i"}]}
SPEC = {"containers": [{"name": "c", "image": "i"}]}


@dataclass(frozen=True)
class Told:
    """One kind as v1beta1 and v1beta2 have it, and as v1beta3 has it."""

    segment: str
    kind: str
    noun: str
    """What errors call it."""
    flat: Mapping[str, Any]
    nested: Mapping[str, Any]
    namespaced: bool = True
    other_kind: str = ""
    """Its name in v1beta3, where that is another."""
    other_segment: str = ""
    shows_deleted: bool = False
    put_creates: int = 0
    invalid: str = ""

    def word(self, version: str) -> str:
        """Its segment in the paths of a version."""
        return (self.other_segment or self.segment.lower()) if version == "v1beta3" else self.segment

    def name(self, version: str) -> str:
        """The name of the kind."""
        return (self.other_kind or self.kind) if version == "v1beta3" else self.kind

    def collection(self, version: str, namespace: str, *, watch: bool = False) -> str:
        """The path of all in a namespace, without what stands behind the question mark."""
        within = f"namespaces/{namespace}/" if version == "v1beta3" and self.namespaced else ""
        return f"/api/{version}/{'watch/' if watch else ''}{within}{self.word(version)}"

    def query(self, version: str, namespace: str) -> str:
        """What stands behind the question mark, with it."""
        return f"?namespace={namespace}" if version != "v1beta3" and self.namespaced else ""

    def many(self, version: str, namespace: str) -> str:
        """The whole address of all in a namespace."""
        return self.collection(version, namespace) + self.query(version, namespace)

    def one(self, version: str, namespace: str, name: str) -> str:
        """The whole address of one."""
        return f"{self.collection(version, namespace)}/{name}{self.query(version, namespace)}"

    def document(self, version: str, name: str, **more: Any) -> dict[str, Any]:
        """Write one; `more` stands beside the name."""
        head = {"kind": self.name(version), "apiVersion": version}
        if version == "v1beta3":
            return head | {"metadata": {"name": name, **more}} | self.nested
        return head | {"id": name, **more} | self.flat


_HARD = {"hard": {"pods": "10"}}

POD = Told("pods", "Pod", "pods", {"desiredState": {"manifest": MANIFEST}}, {"spec": SPEC}, shows_deleted=True)
CONTROLLER = Told(
    "replicationControllers",
    "ReplicationController",
    "replicationControllers",
    {
        "desiredState": {
            "replicas": 2,
            "replicaSelector": {"app": "web"},
            "podTemplate": {"labels": {"app": "web"}, "desiredState": {"manifest": MANIFEST}},
        }
    },
    {
        "spec": {
            "replicas": 2,
            "selector": {"app": "web"},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": SPEC},
        }
    },
)
SERVICE = Told("services", "Service", "service", {"port": 80, "selector": {"app": "web"}}, {"spec": {"port": 80}})
ENDPOINTS = Told(
    "endpoints",
    "Endpoints",
    "endpoints",
    {"endpoints": ["10.0.0.1:80"]},
    {"subsets": [{"addresses": [{"IP": "10.0.0.1"}], "ports": [{"port": 80}]}]},
    put_creates=201,
)
MINION = Told(
    "minions",
    "Minion",
    "minion",
    {"hostIP": "10.1.1.1", "resources": {"capacity": {"cpu": 1, "memory": 1024}}},
    {"spec": {"externalID": "x"}},
    namespaced=False,
    other_kind="Node",
    other_segment="nodes",
)
NODE = Told("nodes", "Minion", "minion", MINION.flat, MINION.nested, namespaced=False, other_kind="Node")
EVENT = Told(
    "events",
    "Event",
    "events",
    {"reason": "started", "source": "kubelet", "timestamp": "2015-01-08T11:52:15Z"},
    {"reason": "started", "source": {"component": "kubelet"}},
    put_creates=200,
    invalid="event",
)
NAMESPACE = Told("namespaces", "Namespace", "namespaces", {}, {}, namespaced=False, shows_deleted=True)
SECRET = Told(
    "secrets", "Secret", "secrets", {"data": {"key": "dmFsdWU="}}, {"data": {"key": "dmFsdWU="}}, invalid="secret"
)
LIMIT_RANGE = Told(
    "limitRanges",
    "LimitRange",
    "limitranges",
    {"spec": {"limits": [{"type": "Pod", "max": {"cpu": "2"}}]}},
    {"spec": {"limits": [{"type": "Pod", "max": {"cpu": "2"}}]}},
    invalid="limitRange",
)
QUOTA = Told("resourceQuotas", "ResourceQuota", "resourcequotas", {"spec": _HARD}, {"spec": _HARD}, shows_deleted=True)

KINDS = (POD, CONTROLLER, SERVICE, ENDPOINTS, MINION, NODE, EVENT, NAMESPACE, SECRET, LIMIT_RANGE, QUOTA)
VERSIONS = ("v1beta1", "v1beta2", "v1beta3")


def pod(name: str, **more: Any) -> dict[str, Any]:
    """A pod of v1beta1."""
    return POD.document("v1beta1", name, **more)

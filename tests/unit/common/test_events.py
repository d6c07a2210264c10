from peapod.common.events import reference_to
from peapod.v1.meta_pb2 import ObjectMeta, ObjectReference
from peapod.v1.node_pb2 import Node
from peapod.v1.pod_pb2 import Pod


def test_a_reference_to_a_pod() -> None:
    pod = Pod(metadata=ObjectMeta(name="web", namespace="default", uid="u", resource_version=7))
    assert reference_to(pod) == ObjectReference(
        kind="Pod", name="web", namespace="default", uid="u", resource_version="7"
    )


def test_a_reference_to_what_was_never_stored() -> None:
    assert reference_to(Node(metadata=ObjectMeta(name="n1"))) == ObjectReference(kind="Node", name="n1")

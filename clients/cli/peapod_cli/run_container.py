"""`peapod run-container`: a replication controller of one image."""

from __future__ import annotations

from argparse import Namespace

from peapod.common.errors import Invalid
from peapod_cli import flag_values, making
from peapod_cli.console import Console

LABEL = "run-container"
"""The label by which the controller knows its pods, unless others are given."""


def run(arguments: Namespace, console: Console) -> None:
    """Make a controller that keeps a number of pods of one container, and show it."""
    if len(arguments.words) != 1:
        raise Invalid("give one name: peapod run-container NAME --image=IMAGE")
    [name] = arguments.words
    labels = flag_values.read_pairs(arguments.labels, "--labels") if arguments.labels else {LABEL: name}
    from peapod.v1 import pod_pb2
    from peapod.v1 import replication_controller_pb2 as pb

    container = pod_pb2.Container(name=name, image=arguments.image)
    if arguments.port:
        container.ports.add(container_port=arguments.port)
    template = pb.PodTemplateSpec(spec=pod_pb2.PodSpec(containers=[container]))
    template.metadata.labels.update(labels)
    controller = pb.ReplicationController()
    controller.metadata.name, controller.metadata.namespace = name, arguments.namespace
    controller.metadata.labels.update(labels)
    spec = pb.ReplicationControllerSpec(replicas=arguments.replicas, selector=labels, template=template)
    controller.spec.CopyFrom(spec)
    making.make(controller, arguments, console)

"""The runtime that runs containers on a Docker engine."""

from peapod.kubelet.runtime.docker.runtime import DockerRuntime

__all__ = ["DockerRuntime"]

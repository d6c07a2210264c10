"""Picks the runtime: the one that was asked for, or the best that this machine has."""

from __future__ import annotations

import logging
from contextlib import suppress
from pathlib import Path

from peapod.common.errors import Unavailable
from peapod.kubelet.runtime.runtime import Runtime, RuntimeUnavailable

logger = logging.getLogger(__name__)

AUTO = "auto"


async def open_runtime(kind: str, node: str, root: Path, *, docker_host: str = "", network_image: str = "") -> Runtime:
    """Make the runtime of a node: "docker", "sandbox", "hollow", or "auto", which is docker where its engine answers,
    and else sandbox.

    What auto has picked is written down in `root` and picked again from then on: a node that changed its runtime
    because the engine was away for a moment would run its pods twice. Only auto reaches for a runtime here; whoever
    uses one opens it. Raises `Unavailable` when auto finds none.
    """
    choice = root / "runtime"
    if kind != AUTO:
        return _make(kind, node, root, docker_host, network_image)
    with suppress(FileNotFoundError):
        kind = choice.read_text().strip()
        logger.info("containers run on %s, as before (%s says so)", kind, choice)
        return _make(kind, node, root, docker_host, network_image)
    runtime = await _best(node, root, docker_host, network_image)
    choice.write_text(f"{runtime.scheme}\n")
    logger.info("containers run on %s", await runtime.version())
    return runtime


async def _best(node: str, root: Path, docker_host: str, network_image: str) -> Runtime:
    try:
        docker = _make("docker", node, root, docker_host, network_image)
        await docker.open()
        return docker
    except ImportError as missing:
        logger.info("docker is not used: %s", missing)
    except RuntimeUnavailable as error:
        await docker.close()
        logger.info("docker is not used: %s", error)
    sandbox = _make("sandbox", node, root, docker_host, network_image)
    try:
        await sandbox.open()
    except RuntimeUnavailable as error:
        raise Unavailable(f"this machine has neither docker nor sandboxes: {error}") from error
    return sandbox


def _make(kind: str, node: str, root: Path, docker_host: str, network_image: str) -> Runtime:
    """Make a runtime; each is imported only when it is wanted, with what it needs."""
    if kind == "docker":
        from peapod.kubelet.runtime.docker import DockerRuntime

        return DockerRuntime(node, engine=docker_host, network_image=network_image)
    if kind == "sandbox":
        from peapod.kubelet.runtime.sandbox.runtime import SandboxRuntime

        return SandboxRuntime(node, root / "sandbox", hidden=(root,))
    if kind == "hollow":
        from peapod.kubelet.runtime.hollow import HollowRuntime

        return HollowRuntime()
    raise ValueError(f"there is no runtime {kind!r}")

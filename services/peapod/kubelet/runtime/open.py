"""Picks the runtime: the one that was asked for, or the best that this machine has."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from peapod.common.errors import Unavailable
from peapod.kubelet.runtime.runtime import Runtime, RuntimeUnavailable

logger = logging.getLogger(__name__)

AUTO = "auto"


async def open_runtime(
    kind: str,
    node: str,
    root: Path,
    *,
    docker_host: str = "",
    docker_config: str = "",
    network_image: str = "",
    hide: Sequence[Path] = (),
) -> Runtime:
    """Make the runtime of a node: "docker", "sandbox", "hollow", or "auto", which is docker where its engine answers,
    and else sandbox.

    What auto has picked is written down in `root` and picked again from then on: a node that changed its runtime
    because the engine was away for a moment would run its pods twice. Only auto reaches for a runtime here; whoever
    uses one opens it. Sandboxes see nothing below `root` and `hide`. Raises `Unavailable` when auto finds none.
    """
    choice = root / "runtime"
    make = partial(_make, node, root, docker_host, docker_config, network_image, hide)
    if kind != AUTO:
        return make(kind)
    with suppress(FileNotFoundError):
        kind = choice.read_text().strip()
        logger.info("containers run on %s, as before (%s says so)", kind, choice)
        return make(kind)
    runtime = await _best(make)
    choice.write_text(f"{runtime.scheme}\n")
    logger.info("containers run on %s", await runtime.version())
    return runtime


async def _best(make: Callable[[str], Runtime]) -> Runtime:
    try:
        docker = make("docker")
        await docker.open()
        return docker
    except ImportError as missing:
        logger.info("docker is not used: %s", missing)
    except RuntimeUnavailable as error:
        await docker.close()
        logger.info("docker is not used: %s", error)
    sandbox = make("sandbox")
    try:
        await sandbox.open()
    except RuntimeUnavailable as error:
        raise Unavailable(f"this machine has neither docker nor sandboxes: {error}") from error
    return sandbox


def _make(
    node: str,
    root: Path,
    docker_host: str,
    docker_config: str,
    network_image: str,
    hide: Sequence[Path],
    kind: str,
) -> Runtime:
    """Make a runtime; each is imported only when it is wanted, with what it needs."""
    if kind == "docker":
        from peapod.kubelet.runtime.docker import DockerRuntime

        return DockerRuntime(node, engine=docker_host, logins=docker_config, network_image=network_image)
    if kind == "sandbox":
        from peapod.kubelet.runtime.sandbox.runtime import SandboxRuntime

        return SandboxRuntime(node, root / "sandbox", hidden=(root, *hide))
    if kind == "hollow":
        from peapod.kubelet.runtime.hollow import HollowRuntime

        return HollowRuntime()
    raise ValueError(f"there is no runtime {kind!r}")

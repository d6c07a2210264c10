"""The files that say who and where a container is: its hostname, the hosts that it knows, and how it resolves names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from peapod.kubelet.runtime.runtime import Dns, Launch, Mount
from peapod.kubelet.runtime.sandbox import bubblewrap
from peapod.kubelet.runtime.sandbox.images import Image

HOSTNAME, HOSTS, RESOLVERS = "hostname", "hosts", "resolv.conf"
"""Files of a container's directory, called in the container's /etc as here."""

NODES_ETC = Path("/etc")
_ETC = PurePosixPath("/etc")
_OWN_ADDRESS = "127.0.0.1"


def files(launch: Launch, image: Image) -> dict[str, bytes]:
    """Write the files; the same for all containers of a pod. Names resolve as on the node unless told otherwise."""
    hostname = bubblewrap.hostname(launch)
    made = {HOSTNAME: f"{hostname}\n".encode(), HOSTS: hosts(hostname)}
    if image.rootfs is None:
        # What the node has not, its /etc would have to be copied for.
        made = {name: content for name, content in made.items() if (NODES_ETC / name).exists()}
    return made if launch.dns is None else made | {RESOLVERS: resolvers(launch.dns)}


def hosts(hostname: str) -> bytes:
    """Know what the node knows, and the pod by its own name."""
    file = NODES_ETC / HOSTS
    known = file.read_bytes() if file.exists() else b""
    end = b"" if not known or known.endswith(b"\n") else b"\n"
    return known + end + f"{_OWN_ADDRESS}\t{hostname}\n".encode()


def resolvers(dns: Dns) -> bytes:
    """Write a resolv.conf."""
    lines = [f"nameserver {server}" for server in dns.servers]
    if dns.searches:
        lines.append(f"search {' '.join(dns.searches)}")
    if dns.options:
        lines.append(f"options {' '.join(dns.options)}")
    return "".join(f"{line}\n" for line in lines).encode()


def mounts(own: Path, made: Iterable[str], users: Sequence[Mount]) -> list[Mount]:
    """Place the files of the container's directory, where the user mounts nothing else."""
    sources = {name: own / name for name in made}
    if RESOLVERS not in sources and (NODES_ETC / RESOLVERS).exists():
        sources[RESOLVERS] = (NODES_ETC / RESOLVERS).resolve()
    taken = {PurePosixPath(mount.target) for mount in users}
    return [
        Mount(str(source), str(_ETC / name), read_only=True)
        for name, source in sources.items()
        if not taken.intersection([_ETC / name, _ETC])
    ]

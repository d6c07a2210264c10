"""Chooses the sources of static pods that a kubelet was told of."""

from __future__ import annotations

from pathlib import Path

from peapod.common.events import Record
from peapod.kubelet.config import KubeletConfig
from peapod.kubelet.sources.manifest_dir import ManifestDir
from peapod.kubelet.sources.manifest_url import ManifestUrl
from peapod.kubelet.sources.manifests import Origin
from peapod.kubelet.sources.static_pods import StaticPods


def open_static(config: KubeletConfig, record: Record) -> list[ManifestDir | ManifestUrl]:
    """Make them, those first whose pods count first; what is wrong with manifests is recorded as events."""
    sources: list[ManifestDir | ManifestUrl] = []
    file, http = (Origin(word, config.node_name, config.allow_privileged) for word in ("file", "http"))
    files = StaticPods(file, record)
    if config.manifest_dir:
        sources.append(ManifestDir(Path(config.manifest_dir).absolute(), files, config.manifest_seconds))
    if config.manifest_url:
        pods = StaticPods(http, record, files.pods)
        sources.append(ManifestUrl(config.manifest_url, pods, config.manifest_seconds))
    return sources

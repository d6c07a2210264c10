"""`peapod apiversions`: the versions of the API that the gateway speaks."""

from __future__ import annotations

from argparse import Namespace

from peapod.common.errors import Unavailable
from peapod_cli import gateway, settings_files
from peapod_cli.console import Console


def run(arguments: Namespace, console: Console) -> None:
    """Print them in one line."""
    url = settings_files.gateway(arguments.gateway)
    answer = gateway.get(url, "/api")
    versions = answer.get("versions") if isinstance(answer, dict) else None
    if not isinstance(versions, list) or not all(isinstance(version, str) for version in versions):
        raise Unavailable(f"what listens at {url} is no Peapod gateway: /api names no versions")
    console.line(f"Available Server Api Versions: {','.join(versions)}")

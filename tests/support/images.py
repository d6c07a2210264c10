"""Test images in the engine of this machine: made when they are missing or no longer what their recipe says."""

from __future__ import annotations

import json
from contextlib import closing

import docker
from docker.errors import ImageNotFound
from docker.utils import kwargs_from_env

from tests.images.recipes import RECIPES, Recipe

CONTENT_LABEL = "io.peapod.test-content"


def ensure(name: str, address: str = "") -> str:
    """Have the image in the engine as its recipe makes it, and return its name. Quick when it is there.

    The engine is the one at the address, or the one that the environment names.
    """
    recipe = RECIPES[name]
    with closing(_client(address)) as engine:
        if _content(engine, name) != recipe.content():
            repository, tag = name.split(":")
            engine.import_image_from_data(recipe.rootfs(), repository, tag, changes=_changes(recipe))
    return name


def _client(address: str) -> docker.APIClient:
    settings = {"base_url": address} if address else kwargs_from_env()
    return docker.APIClient(**settings, timeout=120)


def _content(engine: docker.APIClient, name: str) -> str:
    try:
        labels = engine.inspect_image(name)["Config"]["Labels"] or {}
    except ImageNotFound:
        return ""
    return str(labels.get(CONTENT_LABEL, ""))


def _changes(recipe: Recipe) -> list[str]:
    command = [f"CMD {json.dumps(list(recipe.command))}"] if recipe.command else []
    return [f"LABEL {CONTENT_LABEL}={recipe.content()}", "ENV PATH=/usr/sbin:/usr/bin:/sbin:/bin", *command]

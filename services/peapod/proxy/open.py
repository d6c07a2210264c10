"""Chooses how portals are made reachable on this node."""

from __future__ import annotations

import logging

from peapod.common.errors import Unavailable
from peapod.proxy.backend import Backend
from peapod.proxy.iptables.backend import IptablesBackend
from peapod.proxy.userspace.backend import UserspaceBackend

logger = logging.getLogger(__name__)

MODES = ("auto", "iptables", "userspace")


async def open_backend(mode: str, portal_net: str) -> Backend:
    """Open the one that `mode` names; "auto" is iptables where it may, else userspace.

    Raises `Unavailable` when "iptables" is asked for and may not.
    """
    if mode != "userspace":
        try:
            return await _iptables(portal_net)
        except Unavailable as problem:
            if mode == "iptables":
                raise Unavailable(f"--mode iptables cannot work here: {problem.message}") from problem
            logger.info("mode userspace: no iptables here (%s)", problem.message)
    userspace = UserspaceBackend()
    await userspace.open()
    return userspace


async def _iptables(portal_net: str) -> Backend:
    backend = IptablesBackend(portal_net)
    await backend.open()
    return backend

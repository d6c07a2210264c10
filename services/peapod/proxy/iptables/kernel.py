"""The kernel's tables and flows, by the programs that read and change them."""

from __future__ import annotations

from pathlib import Path

from peapod.common import programs
from peapod.common.errors import Unavailable
from peapod.proxy.iptables import restore
from peapod.proxy.iptables.flows import Flow
from peapod.proxy.iptables.restore import Saved

TABLES = ("nat", "filter")
LOCK_SECONDS = 5
"""How long to wait for others who change tables at the same time."""

_SYSCTLS = Path("/proc/sys/net")
_NOTHING_DELETED = "0 flow entries"


async def saved() -> Saved:
    """Read the tables. Raises `Unavailable` where that cannot be: not installed, not allowed, not in this kernel."""
    return restore.parse("".join([await programs.run("iptables-save", "-t", table) for table in TABLES]))


async def restored(text: str) -> None:
    """Change the tables, each in one step or not at all."""
    await programs.run("iptables-restore", "-w", str(LOCK_SECONDS), "--noflush", input=text)


async def ended(flow: Flow) -> None:
    """End flows; their next datagrams begin new ones. Idempotent."""
    try:
        await programs.run("conntrack", "-D", *flow.arguments)
    except programs.ProgramFailed as failed:
        if _NOTHING_DELETED not in failed.message:
            raise


def can_end_flows() -> bool:
    """Tell whether there is a program for it."""
    try:
        programs.find("conntrack")
    except Unavailable:
        return False
    return True


def forwards() -> bool:
    """Tell whether this node passes packets of others on at all."""
    return _sysctl("ipv4/ip_forward")


def hears_bridges() -> bool:
    """Tell whether the tables see what passes between the ports of a bridge, such as the answers of one pod to
    another.
    """
    return _sysctl("bridge/bridge-nf-call-iptables")


def _sysctl(name: str) -> bool:
    try:
        return (_SYSCTLS / name).read_text().strip() == "1"
    except OSError:
        return False

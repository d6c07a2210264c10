"""Machines of a test's own, as network namespaces on one switch. None of their packets can get anywhere else.

switch      a bridge that every cable leads to, and nothing else
control     192.0.2.1; what a node sends to a portal as it is, since no rule has brought it elsewhere, ends here
node i      192.0.2.1i, with an engine whose containers are in 10.253.i.0/24, and ways to those of the other nodes
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from tests.support import netns, own_engine
from tests.support.needs import lacking
from tests.support.netns import Netns, namespaces
from tests.support.own_engine import OwnEngine

PORTALS = "10.0.0.0/24"
CONTROL = "192.0.2.1"


def need() -> None:
    """Skip where such machines cannot be made, or a proxy would not work on them."""
    netns.need("iptables-restore", "iptables-save", "conntrack")
    if reason := own_engine.why_missing():
        lacking(reason)


@dataclass(frozen=True)
class Machine:
    """One machine, whose cable can be cut."""

    address: str
    netns: Netns
    port: str
    """The switch's end of its cable."""
    switch: Netns

    def cut(self) -> None:
        """Cut its cable: nothing goes in or out, and nobody is told."""
        self.switch.run("ip", "link", "set", self.port, "down")

    def mend(self) -> None:
        """Put its cable back."""
        self.switch.run("ip", "link", "set", self.port, "up")


@dataclass(frozen=True)
class NodeMachine(Machine):
    """A machine for pods."""

    engine: OwnEngine
    gateway: str
    """Its own address on the bridge of its pods."""


@dataclass(frozen=True)
class Machines:
    """One for the control plane, and some for pods."""

    control: Machine
    nodes: tuple[NodeMachine, ...]


@asynccontextmanager
async def running_machines(count: int) -> AsyncGenerator[Machines]:
    """Run a machine for the control plane and `count` for pods; in the end nothing of them is left."""
    async with AsyncExitStack() as stack:
        switch, control, *nodes = stack.enter_context(namespaces(count + 2))
        switch.run("ip", "link", "add", "switch", "type", "bridge")
        switch.run("ip", "link", "set", "switch", "up")
        _connect(control, switch, CONTROL, "control")
        control.run("ip", "route", "add", "blackhole", PORTALS)
        made = [await _node(stack, number, node, switch) for number, node in enumerate(nodes, start=1)]
        _tell_ways([control, *nodes], made)
        yield Machines(Machine(CONTROL, control, "control", switch), tuple(made))


async def _node(stack: AsyncExitStack, number: int, node: Netns, switch: Netns) -> NodeMachine:
    address, gateway, port = f"192.0.2.1{number}", f"10.253.{number}.1", f"node-{number}"
    _connect(node, switch, address, port)
    # As a machine's default route would lead them away.
    node.run("ip", "route", "add", PORTALS, "via", CONTROL)
    node.run("sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
    # Then Docker lets a container reach itself by way of the bridge, as a pod does that asks its own service.
    own = own_engine.own_engine(node.prefix, f"{gateway}/24", ["--userland-proxy=false"])
    return NodeMachine(address, node, port, switch, await stack.enter_async_context(own), gateway)


def _connect(machine: Netns, switch: Netns, address: str, port: str) -> None:
    switch.connect(machine, port, "eth0")
    switch.run("ip", "link", "set", port, "master", "switch")
    machine.run("ip", "addr", "add", f"{address}/24", "dev", "eth0")


def _tell_ways(machines: list[Netns], nodes: list[NodeMachine]) -> None:
    for machine in machines:
        for node in (one for one in nodes if one.netns is not machine):
            machine.run("ip", "route", "add", f"{node.gateway[:-1]}0/24", "via", node.address)

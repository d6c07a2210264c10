"""Decides what to do about one pod: a pure function from what is wanted and what is there to the next acts.

A plan is carried out and then made anew from what is there by then, so each needs to be right only about the next
move. Nothing is ever started while something of the pod has to be stopped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from peapod.kubelet.naming import NETWORK, spec_hash
from peapod.kubelet.planning import actions
from peapod.kubelet.planning.actions import (
    CleanUp,
    EnsureImage,
    Release,
    Remove,
    SetUpVolumes,
    StartContainer,
    StartNetwork,
    Step,
    Stop,
)
from peapod.kubelet.planning.fate import Fate, Scene, Starts, Waits
from peapod.kubelet.planning.goal import Goal, Intent
from peapod.kubelet.planning.instances import Instances
from peapod.kubelet.planning.memory import Memory, Now
from peapod.kubelet.planning.restart import Done
from peapod.kubelet.runtime.runtime import Observed, Phase


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in order; the actions of one may run side by side. An empty plan leaves everything as it is."""

    steps: tuple[Step, ...] = ()
    wake_after: float | None = None
    """Seconds after which to plan again even if nothing is heard by then."""
    last: bool = False
    """Whether nothing of the pod is left once the steps are done."""

    @property
    def sentence(self) -> str:
        """What the plan does, in words; empty when it does nothing."""
        return actions.sentence(self.steps)


def plan(goal: Goal, observed: Iterable[Observed], memory: Memory, now: Now) -> Plan:
    """Plan the next move for the goal's pod; containers of other pods among the observed are ignored."""
    instances = Instances.of(goal.uid, observed)
    if goal.intent is Intent.REMOVE:
        return _remove(goal, instances)
    if goal.intent is Intent.REST:
        return _over(goal, instances, memory, "the pod is over")
    if goal.pod is None:
        raise ValueError(f"pod {goal.uid} is to run, but nothing says how")
    scene = Scene(goal.pod, spec_hash(goal.pod.spec), goal.needs_network, instances, memory, now)
    if unfit := _unfit(goal, scene):
        return Plan(_steps(*_stops(goal, unfit)))
    return _run(goal, scene)


def _remove(goal: Goal, instances: Instances) -> Plan:
    everything = instances.all()
    if not everything:
        return Plan(((CleanUp(),),), last=True)
    stops = _stops(goal, dict.fromkeys(instances.running(), "the pod is gone"))
    return Plan(_steps(*stops, tuple(Remove(one) for one in everything)))


def _over(goal: Goal, instances: Instances, memory: Memory, why: str) -> Plan:
    """Stop what still runs, and then give up what others may wait for."""
    stops = _stops(goal, dict.fromkeys(instances.running(), why))
    steps = _steps(*stops, _surplus(goal, instances))
    return Plan(steps or (() if memory.released else ((Release(),),)))


def _unfit(goal: Goal, scene: Scene) -> dict[Observed, str]:
    """Find what must not run on, and say why."""
    running = scene.instances.running()
    names = _names(goal)
    if any(one.name.spec_hash != scene.spec_hash or one.name.container not in names for one in running):
        return dict.fromkeys(running, "the pod's spec has changed")
    if goal.needs_network and not scene.instances.network():
        return dict.fromkeys(running, "the network container is gone")
    doubles = [one for one in running if one is not scene.instances.newest(one.name.container)]
    unwell = {one: scene.memory.unwell[one.id] for one in running if one.id in scene.memory.unwell}
    return unwell | dict.fromkeys(doubles, "a newer instance is there")


def _run(goal: Goal, scene: Scene) -> Plan:
    """Start what is missing and due."""
    fates = {container.name: scene.container(container.name) for container in scene.pod.spec.containers}
    if all(isinstance(fate, Done) for fate in fates.values()):
        return _over(goal, scene.instances, scene.memory, "all containers have done their work")
    network = scene.network() if goal.needs_network else None
    pending = [fate for fate in (*fates.values(), network) if isinstance(fate, Waits)]
    return Plan(
        _steps(*_starts(scene, fates, network), _surplus(goal, scene.instances)),
        wake_after=min((fate.seconds for fate in pending), default=None),
    )


def _starts(scene: Scene, fates: dict[str, Fate], network: Fate | None) -> tuple[Step, ...]:
    if isinstance(network, Waits):
        return ()
    due = {name: fate.attempt for name, fate in fates.items() if isinstance(fate, Starts)}
    ready: list[actions.Action] = [SetUpVolumes()] if due else []
    if isinstance(network, Starts):
        ready.append(StartNetwork(network.attempt, scene.spec_hash))
    ready += [EnsureImage(name) for name in due]
    return tuple(ready), tuple(StartContainer(name, attempt, scene.spec_hash) for name, attempt in due.items())


def _stops(goal: Goal, whys: Mapping[Observed, str]) -> tuple[Step, Step]:
    """Stop users' containers first, while they still have their network."""
    stops = [Stop(one, goal.grace_seconds, why) for one, why in whys.items()]
    users = tuple(stop for stop in stops if stop.part != NETWORK)
    return users, tuple(stop for stop in stops if stop.part == NETWORK)


def _surplus(goal: Goal, instances: Instances) -> Step:
    """Remove what is of no more use: one instance that has ended is kept for each container beside the newest."""
    kept = [instances.newest(name) for name in _names(goal)] + [instances.remains(name) for name in _names(goal)]
    return tuple(
        Remove(one)
        for one in instances.all()
        if one.phase is not Phase.RUNNING and not any(one is other for other in kept)
    )


def _names(goal: Goal) -> set[str]:
    names = {container.name for container in goal.pod.spec.containers} if goal.pod else set()
    return names | {NETWORK} if goal.needs_network else names


def _steps(*steps: Step) -> tuple[Step, ...]:
    return tuple(step for step in steps if step)

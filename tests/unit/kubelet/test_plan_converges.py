"""From any observed state, planning again and again converges, starts nothing twice, and touches no other pod."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from peapod.kubelet.naming import NETWORK, spec_hash
from peapod.kubelet.notes import Notes
from peapod.kubelet.planning.actions import (
    Action,
    CleanUp,
    EnsureImage,
    Release,
    Remove,
    SetUpVolumes,
    StartContainer,
    StartNetwork,
    Stop,
)
from peapod.kubelet.planning.fate import Scene
from peapod.kubelet.planning.goal import Goal, Intent
from peapod.kubelet.planning.instances import Instances
from peapod.kubelet.planning.memory import Memory, Now
from peapod.kubelet.planning.plan import Plan, plan
from peapod.kubelet.runtime.runtime import Observed, Phase
from peapod.kubelet.status import Place, status_of
from peapod.v1 import pod_pb2
from tests.support.pods import at, make_pod, seen

ROUNDS = 150
PLACE = Place("10.0.0.1", "docker", at(0))
POLICIES = [pod_pb2.RESTART_POLICY_ALWAYS, pod_pb2.RESTART_POLICY_ON_FAILURE, pod_pb2.RESTART_POLICY_NEVER]


@dataclass
class Model:
    """A runtime of plain records, which complains about what no plan may ask for."""

    pod: pod_pb2.Pod
    needs_network: bool
    crashes: dict[str, int]
    """How often each container still ends right after its start."""
    containers: list[Observed]
    sick: dict[str, int] = field(default_factory=dict)
    """How many instances of each container still fail their liveness probe or postStart hook."""
    unwell: dict[str, str] = field(default_factory=dict)
    failures: dict[str, int] = field(default_factory=dict)
    """How often each container still cannot be started."""
    notes: Notes = field(default_factory=Notes)
    time: float = 1000
    volumes: bool = False
    cleaned: bool = False
    begun: set[tuple[str, int]] = field(default_factory=set)
    told: dict[str, int] = field(default_factory=dict)
    stop_code: int = 137
    """How containers end that are stopped."""
    kills: list[int] = field(default_factory=list)
    """After how many actions of each of the first plans the kubelet is killed, and forgets what cannot be observed."""

    def do(self, action: Action) -> None:
        self.time += 0.01
        match action:
            case Stop(one):
                self._own(one)
                assert one.phase is Phase.RUNNING
                ended = replace(one, phase=Phase.EXITED, finished_at=at(self.time), exit_code=self.stop_code)
                self.containers[self.containers.index(one)] = ended
                self.unwell.pop(one.id, None)
            case Remove(one):
                self._own(one)
                self.containers = [other for other in self.containers if other.id != one.id]
            case SetUpVolumes():
                self.volumes = True
                self.notes.released = False
            case StartNetwork(attempt, key):
                self._start(NETWORK, attempt, key)
            case StartContainer(part, attempt, key):
                assert self.volumes
                if self.failures.get(part, 0) > 0:
                    self.failures[part] -= 1
                    self.notes.failed(part, "RunContainerError", "no", self.now())
                elif not self.needs_network or self._running(NETWORK):  # else the runtime says ContainerGone
                    self._start(part, attempt, key)
                    self.notes.started(part)
            case CleanUp():
                assert not self.mine()
                self.cleaned = True
            case Release():
                assert not [one for one in self.mine() if one.phase is Phase.RUNNING]
                self.volumes = False
                self.notes.released = True
            case EnsureImage():
                pass

    def now(self) -> Now:
        return Now(at(self.time), self.time)

    def mine(self) -> list[Observed]:
        return [one for one in self.containers if one.name.uid == self.pod.metadata.uid]

    def _own(self, one: Observed) -> None:
        assert one.id in {mine.id for mine in self.mine()}, f"{one.name} is not of this pod, or not there"

    def _running(self, name: str) -> bool:
        return any(one.phase is Phase.RUNNING and one.name.container == name for one in self.mine())

    def _start(self, name: str, attempt: int, key: str) -> None:
        assert not self._running(name), "a second instance of a container that runs"
        assert (name, attempt) not in self.begun, "the same attempt twice"
        self.begun.add((name, attempt))
        others = [one for one in self.mine() if one.name.container == name]
        assert all(
            one.name.attempt < attempt or (one.name.attempt == attempt and one.phase is Phase.CREATED) for one in others
        ), "attempts must rise"
        self.containers = [one for one in self.containers if not (one in others and one.name.attempt == attempt)]
        fresh = seen(self.pod, name, attempt, since=self.time, spec=key)
        if self.crashes.get(name, 0) > 0:
            self.crashes[name] -= 1
            fresh = replace(fresh, phase=Phase.EXITED, finished_at=at(self.time + 0.5), exit_code=1)
        self.containers.append(fresh)
        self._examine(fresh)

    def _examine(self, one: Observed) -> None:
        """Find a running instance of a container that is sick unwell, as its probes would some time later."""
        name = one.name.container
        if one.phase is Phase.RUNNING and one.name.uid == self.pod.metadata.uid and self.sick.get(name, 0) > 0:
            self.sick[name] -= 1
            self.unwell[one.id] = "its liveness probe failed"

    def settle(self, goal: Goal) -> None:
        """Carry plans out until there is nothing left to do."""
        for one in self.containers:
            self._examine(one)
        for _ in range(ROUNDS):
            made = self.next_plan(goal)
            actions = [action for step in made.steps for action in step]
            if self.kills and actions:
                del actions[self.kills.pop() :]
                self.notes = Notes()
            for action in actions:
                self.do(action)
            if self.cleaned or (not made.steps and made.wake_after is None):
                assert self.next_plan(goal) == made
                return
            self.time += max(0.01, made.wake_after or 0)
        raise AssertionError("it does not come to rest")

    def next_plan(self, goal: Goal) -> Plan:
        """Plan for what is there, in whatever order it is listed."""
        memory = self.notes.memory(self.containers, self.now(), unwell=self.unwell)
        made = plan(goal, self.containers, memory, self.now())
        turned = plan(goal, self.containers[::-1], memory, self.now())
        assert [set(step) for step in made.steps] == [set(step) for step in turned.steps]
        if goal.intent is Intent.RUN:
            self._tell(goal, memory)
        return made

    def _tell(self, goal: Goal, memory: Memory) -> None:
        """Report, as a worker does: no container is ever told to have been restarted less often than before."""
        found = Instances.of("uid-1", self.containers)
        status = status_of(
            Scene(self.pod, spec_hash(self.pod.spec), goal.needs_network, found, memory, self.now()), PLACE
        )
        for one in status.container_statuses:
            assert one.restart_count >= self.told.get(one.name, 0)
            assert one.ready == (one.state.HasField("running") and found.newest(one.name) is not None)
            self.told[one.name] = one.restart_count


@st.composite
def instances(draw: st.DrawFn, pod: pod_pb2.Pod) -> Observed:
    container = draw(st.sampled_from(["a", "b", NETWORK, "stranger"]))
    key = draw(st.sampled_from(["", "", "0ld5pec0"]))
    attempt = draw(st.integers(0, 4))
    began = draw(st.floats(0, 900))
    kind = draw(st.sampled_from(["created", "running", "exited"]))
    ran = (began, began + draw(st.floats(0, 99))) if kind == "exited" else None
    return seen(
        pod,
        container,
        attempt,
        ran=ran,
        since=began,
        created=kind == "created",
        code=draw(st.sampled_from([0, 1, 137])),
        spec=key,
    )


@st.composite
def models(draw: st.DrawFn) -> Model:
    pod = make_pod("a", "b", policy=draw(st.sampled_from(POLICIES)))
    other = make_pod("a", "b", uid="uid-2", name="other")
    observed = draw(st.lists(st.one_of(instances(pod), instances(other)), max_size=12, unique_by=lambda one: one.id))
    crashes = draw(st.fixed_dictionaries({"a": st.integers(0, 5), "b": st.integers(0, 2), NETWORK: st.integers(0, 2)}))
    few = st.integers(0, 3)
    return Model(
        pod,
        draw(st.booleans()),
        crashes,
        observed,
        sick=draw(st.fixed_dictionaries({"a": few, "b": few})),
        failures=draw(st.fixed_dictionaries({"a": few, "b": few})),
        stop_code=draw(st.sampled_from([0, 137, 143])),
        kills=draw(st.lists(st.integers(0, 6), max_size=10)),
    )


def strangers(model: Model) -> list[Observed]:
    return [one for one in model.containers if one.name.uid != model.pod.metadata.uid]


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(models())
def test_a_wanted_pod_comes_to_run_once(model: Model) -> None:
    others = strangers(model)
    goal = Goal("uid-1", Intent.RUN, model.pod, model.needs_network)
    model.settle(goal)
    assert strangers(model) == others
    assert not model.unwell, "what is unwell must not run on"
    running = [one for one in model.mine() if one.phase is Phase.RUNNING]
    names = [one.name.container for one in running]
    assert len(names) == len(set(names))
    assert {one.name.spec_hash for one in running} <= {spec_hash(model.pod.spec)}
    if model.pod.spec.restart_policy == pod_pb2.RESTART_POLICY_ALWAYS:
        assert set(names) == ({"a", "b", NETWORK} if model.needs_network else {"a", "b"})
    for name in ("a", "b", NETWORK, "stranger"):
        assert len([one for one in model.mine() if one.name.container == name]) <= 2


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(models())
def test_a_pod_that_is_gone_leaves_nothing(model: Model) -> None:
    others = strangers(model)
    model.settle(Goal("uid-1", Intent.REMOVE, None, model.needs_network))
    assert model.cleaned
    assert model.containers == others


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(models())
def test_a_pod_at_rest_starts_and_runs_nothing(model: Model) -> None:
    others = strangers(model)
    model.settle(Goal("uid-1", Intent.REST, model.pod, model.needs_network))
    assert not model.begun
    assert not any(one.phase is Phase.RUNNING for one in model.mine())
    assert strangers(model) == others

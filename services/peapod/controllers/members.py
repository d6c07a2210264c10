"""Which pods the selectors of objects pick, such as those of replication controllers.

It is kept up change by change: a cluster has many more changes of pods than of selectors.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from types import MappingProxyType

from peapod.common import labels
from peapod.common.follower import Key
from peapod.common.labels import Selector
from peapod.v1.pod_pb2 import Pod

_NONE: Mapping[str, Pod] = MappingProxyType({})


class Members:
    """The pods of each owner, by name. An owner picks pods of its own namespace."""

    def __init__(self) -> None:
        self._pods: defaultdict[str, dict[str, Pod]] = defaultdict(dict)
        self._selectors: defaultdict[str, dict[str, Selector]] = defaultdict(dict)
        self._members: dict[Key, dict[str, Pod]] = {}

    def of(self, owner: Key) -> Mapping[str, Pod]:
        """The pods that an owner picks now; none for one that is not known."""
        return self._members.get(owner, _NONE)

    def choose(self, owner: Key, wanted: Mapping[str, str]) -> None:
        """Have an owner pick the pods with all these labels; without a label it picks none. Idempotent."""
        namespace, name = owner
        selector = labels.from_map(wanted)
        if selector.empty:
            self._selectors[namespace].pop(name, None)
            self._members.pop(owner, None)
        elif self._selectors[namespace].get(name) != selector:
            self._selectors[namespace][name] = selector
            pods = self._pods[namespace].items()
            self._members[owner] = {each: pod for each, pod in pods if selector.matches(pod.metadata.labels)}

    def changed(self, old: Pod | None, new: Pod | None) -> list[Key]:
        """Take in a pod's change; return the owners that pick it, or did."""
        metadata = (new or old or Pod()).metadata
        namespace, name = metadata.namespace, metadata.name
        if new is None:
            self._pods[namespace].pop(name, None)
        else:
            self._pods[namespace][name] = new
        owners = ((namespace, owner) for owner in self._selectors[namespace])
        return [owner for owner in owners if self._sort(owner, name, new)]

    def _sort(self, owner: Key, name: str, pod: Pod | None) -> bool:
        """Put a pod among an owner's, or take it away; tell whether it is or was one of them."""
        members, selector = self._members[owner], self._selectors[owner[0]][owner[1]]
        had = members.pop(name, None) is not None
        has = pod is not None and selector.matches(pod.metadata.labels)
        if has and pod is not None:
            members[name] = pod
        return had or has

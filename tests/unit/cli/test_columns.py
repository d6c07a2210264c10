"""The cells of `get`, for each kind."""

from __future__ import annotations

from google.protobuf import text_format

from peapod.v1 import event_pb2, namespace_pb2, node_pb2, pod_pb2, secret_pb2
from peapod_cli.columns import COLUMNS
from peapod_cli.kinds import EVENT, NAMESPACE, NODE, POD, SECRET, Kind


def rows(kind: Kind, message: object, *, wide: bool = False, now: float = 0) -> list[list[str]]:
    made = COLUMNS[kind].of([message], wide=wide, now=now, heads=False)
    heads = COLUMNS[kind].wide_heads if wide else COLUMNS[kind].heads
    assert all(len(row) <= len(heads) for row in made)
    return [list(row) for row in made]


def pod(text: str = "") -> pod_pb2.Pod:
    two = 'spec { containers { name: "a" image: "x" } containers { name: "b" image: "y" } }'
    return text_format.Merge(text, text_format.Parse(f'metadata {{ name: "p" }} {two}', pod_pb2.Pod()))


def test_a_second_container_has_a_line_of_its_own() -> None:
    assert rows(POD, pod()) == [["p", "a", "x", "<unassigned>", "<none>", ""], ["", "b", "y"]]


def test_a_bound_pod_shows_node_and_address() -> None:
    placed = pod('spec { node_name: "n" } status { phase: POD_PHASE_RUNNING host_ip: "10.0.0.1" }')
    assert rows(POD, placed)[0][3:] == ["n/10.0.0.1", "<none>", "Running"]


def test_wide_adds_the_address_and_the_age() -> None:
    known = pod(
        'metadata { creation_timestamp { seconds: 100 } } status { pod_ip: "10.0.0.2" phase: POD_PHASE_PENDING }'
    )
    assert rows(POD, known, wide=True, now=190) == [
        ["p", "10.0.0.2", "a", "x", "<unassigned>", "<none>", "Pending", "About a minute"],
        ["", "", "b", "y"],
    ]


def test_a_pod_without_containers_is_shown_all_the_same() -> None:
    assert rows(POD, pod_pb2.Pod())[0][1:3] == ["", ""]


def node(text: str) -> node_pb2.Node:
    return text_format.Parse(f'metadata {{ name: "n" }} {text}', node_pb2.Node())


def test_a_node_says_which_conditions_hold() -> None:
    ready = 'status { conditions { type: "Ready" status: CONDITION_STATUS_TRUE } }'
    lost = 'status { conditions { type: "Ready" status: CONDITION_STATUS_UNKNOWN } }'
    assert rows(NODE, node(ready)) == [["n", "<none>", "Ready"]]
    assert rows(NODE, node(lost)) == [["n", "<none>", "NotReady"]]
    assert rows(NODE, node(ready + " spec { unschedulable: true }")) == [["n", "<none>", "NotSchedulable,Ready"]]
    assert rows(NODE, node("")) == [["n", "<none>", "Unknown"]]


def test_an_event_says_when_how_often_of_whom_and_by_whom() -> None:
    event = text_format.Parse(
        """
        involved_object { kind: "Pod" name: "p" field_path: "spec.containers{a}" }
        reason: "started" message: "Started." count: 3
        source { component: "kubelet" host: "n" }
        first_timestamp { seconds: 0 } last_timestamp { seconds: 60 }
        """,
        event_pb2.Event(),
    )
    assert rows(EVENT, event) == [
        [
            "Thu, 01 Jan 1970 00:00:00 +0000",
            "Thu, 01 Jan 1970 00:01:00 +0000",
            "3",
            "p",
            "Pod",
            "spec.containers{a}",
            "started",
            "{kubelet n}",
            "Started.",
        ]
    ]


def test_a_namespace_says_its_phase() -> None:
    namespace = namespace_pb2.Namespace(status={"phase": namespace_pb2.NAMESPACE_PHASE_TERMINATING})
    assert rows(NAMESPACE, namespace) == [["", "<none>", "Terminating"]]


def test_a_secret_shows_how_much_and_not_what() -> None:
    secret = text_format.Parse(
        'metadata { name: "s" } data { key: "k" value: "v" } type: "Opaque"', secret_pb2.Secret()
    )
    assert rows(SECRET, secret) == [["s", "1"]]
    assert rows(SECRET, secret, wide=True, now=0) == [["s", "1", "Opaque", "Less than a second"]]

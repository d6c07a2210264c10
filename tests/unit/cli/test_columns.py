"""The cells of `get`, for each kind."""

from __future__ import annotations

from google.protobuf import text_format

from peapod.common import kinds
from peapod.common.kinds import (
    ENDPOINTS,
    EVENT,
    NAMESPACE,
    NODE,
    POD,
    REPLICATION_CONTROLLER,
    RESOURCE_QUOTA,
    SECRET,
    SERVICE,
    Kind,
)
from peapod.v1 import (
    endpoints_pb2,
    event_pb2,
    namespace_pb2,
    node_pb2,
    pod_pb2,
    replication_controller_pb2,
    resource_quota_pb2,
    secret_pb2,
    service_pb2,
)
from peapod_cli.columns import COLUMNS


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


CONTROLLER = """
metadata { name: "r" }
spec {
  replicas: 3 selector { key: "a" value: "b" }
  template { spec { containers { name: "a" image: "x" } containers { name: "b" image: "y" } } }
}
status { replicas: 2 }
"""


def test_a_controller_says_how_many_pods_it_wants_of_which_containers() -> None:
    controller = text_format.Parse(CONTROLLER, replication_controller_pb2.ReplicationController())
    assert rows(REPLICATION_CONTROLLER, controller) == [["r", "a", "x", "a=b", "3"], ["", "b", "y"]]
    assert rows(REPLICATION_CONTROLLER, controller, wide=True)[0][4:] == ["3", "2", "Less than a second"]
    gone = COLUMNS[REPLICATION_CONTROLLER].gone(controller, wide=False, now=0)
    assert [list(row) for row in gone] == [["r", "a", "x", "a=b", "Deleted"], ["", "b", "y"]]


def test_a_service_says_whom_it_picks_and_where_it_is() -> None:
    service = text_format.Parse(
        'metadata { name: "s" } spec { cluster_ip: "10.0.0.7" ports { port: 80 } external_ips: "192.0.2.1" }',
        service_pb2.Service(),
    )
    assert rows(SERVICE, service) == [["s", "<none>", "<none>", "10.0.0.7", "80"]]
    assert rows(SERVICE, service, wide=True)[0][5:] == ["192.0.2.1", "Less than a second"]


def test_endpoints_name_three_addresses_of_ports_without_a_name() -> None:
    endpoints = endpoints_pb2.Endpoints(metadata={"name": "e"})
    assert rows(ENDPOINTS, endpoints) == [["e", "<none>"]]
    subset = endpoints.subsets.add(addresses=[{"ip": f"10.1.0.{number}"} for number in (1, 2, 3)])
    subset.ports.add(name="named", port=99)
    subset.ports.add(port=80)
    assert rows(ENDPOINTS, endpoints) == [["e", "10.1.0.1:80,10.1.0.2:80,10.1.0.3:80"]]
    subset.addresses.add(ip="10.1.0.4")
    assert rows(ENDPOINTS, endpoints) == [["e", "10.1.0.1:80,10.1.0.2:80,10.1.0.3:80..."]]


def test_a_quota_is_a_name() -> None:
    assert rows(RESOURCE_QUOTA, resource_quota_pb2.ResourceQuota(metadata={"name": "q"})) == [["q"]]


def test_every_kind_has_columns() -> None:
    assert set(COLUMNS) == set(kinds.KINDS)

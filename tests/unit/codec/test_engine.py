"""The engine under the tables: places in messages, tables with others inside, and reports."""

from __future__ import annotations

from typing import Any

import pytest

from peapod.codec.engine.many import Objects
from peapod.codec.engine.place import Place
from peapod.codec.engine.report import Report, Unsupported
from peapod.codec.engine.scalars import INT32, PORT, TEXT, TIME, rfc3339, timestamp, words
from peapod.codec.engine.shapes import Constant, Object
from peapod.codec.engine.table import Field, Table
from peapod.v1 import pod_pb2, service_pb2

PORTS = Table(
    "Ports",
    Field("port", "spec.ports[0].port", INT32, always=True),
    Field("target", "spec.ports[0].target_port", PORT),
    Field("name", "spec.ports[0].name", TEXT),
)


def read(table: Table, document: Any, message: Any) -> Report:
    report = Report()
    table.read(document, message, report)
    return report


def test_the_first_item_of_a_list_stands_for_the_list() -> None:
    service = service_pb2.Service()
    assert read(PORTS, {"port": 80, "name": "web", "target": "http"}, service).problems == []
    [port] = service.spec.ports
    assert (port.port, port.name, port.target_port.text) == (80, "web", "http")
    assert PORTS.write(service) == {"port": 80, "target": "http", "name": "web"}


def test_an_item_that_is_there_is_written_to() -> None:
    service = service_pb2.Service()
    service.spec.ports.add(port=80)
    service.spec.ports.add(port=81)
    read(PORTS, {"name": "web"}, service)
    assert [(port.port, port.name) for port in service.spec.ports] == [(80, "web"), (81, "")]


def test_nothing_comes_into_being_where_nothing_is_said() -> None:
    service = service_pb2.Service()
    assert PORTS.write(service) == {"port": 0}
    read(PORTS, {"port": 0, "name": "", "target": None}, service)
    assert service == service_pb2.Service()


def test_a_first_item_may_be_on_the_way_to_another() -> None:
    place = Place(pod_pb2.Pod.DESCRIPTOR, "spec.containers[0].ports[0].host_ip")
    pod = pod_pb2.Pod()
    assert place.value_of(pod) == ""
    place.made_owner_of(pod).host_ip = "127.0.0.1"
    assert place.value_of(pod) == "127.0.0.1"
    assert (len(pod.spec.containers), len(pod.spec.containers[0].ports)) == (1, 1)


def test_an_empty_path_is_the_message_itself() -> None:
    pod = pod_pb2.Pod()
    place = Place(pod_pb2.Pod.DESCRIPTOR, "")
    assert place.value_of(pod) is place.made_value_of(pod) is pod
    assert not place.tells_presence


def test_keys_are_read_in_the_tables_order() -> None:
    """Whatever the document's is: a later field may look at what an earlier one has read."""
    read_keys: list[str] = []

    class Noted(Constant):
        def reader(self, place: Place) -> Any:
            return lambda value, _, __: read_keys.append(value)

    table = Table("T", *(Field(name, "", Noted()) for name in "abc"))
    read(table, {"c": "c", "A": "a", "b": "b"}, pod_pb2.Pod())
    assert read_keys == ["a", "b", "c"]


def test_a_table_takes_the_place_of_another_wherever_that_is() -> None:
    port = Table("Port", Field("number", "container_port", INT32))
    container = Table("Container", Field("ports", "ports", Objects(port)))
    pod = Table("Pod", Field("spec", "spec", Object(Table("Spec", Field("all", "containers", Objects(container))))))
    own = Table("Port", Field("nr", "container_port", INT32))
    message = pod_pb2.Pod()
    message.spec.containers.add().ports.add(container_port=80)
    assert pod.write(message) == {"spec": {"all": [{"ports": [{"number": 80}]}]}}
    assert pod.revised({"Port": own}).write(message) == {"spec": {"all": [{"ports": [{"nr": 80}]}]}}
    assert pod.revised({"Pod": own}) is own


def test_one_table_serves_messages_of_several_types() -> None:
    table = Table("Named", Field("id", "metadata.name", TEXT))
    for message in (pod_pb2.Pod(), service_pb2.Service()):
        read(table, {"id": "a"}, message)
        assert table.write(message) == {"id": "a"}


@pytest.mark.parametrize(
    ("root", "steps", "path"),
    [
        ("", (), ""),
        ("", (".a", 0, ".b", "[x.y]"), "a[0].b[x.y]"),
        ("items[2]", (".a",), "items[2].a"),
        ("[2]", (), "[2]"),
        ("", ("..a",), ".a"),
    ],
)
def test_a_report_says_the_place(root: str, steps: tuple[str | int, ...], path: str) -> None:
    report = Report(root)
    report.steps += steps
    assert report.path() == path


def test_a_report_comes_back_to_where_it_was() -> None:
    table = Table("T", Field("list", "spec.containers", Objects(Table("C", Field("name", "name", TEXT)))))
    report = read(table, {"list": [7, {"name": 7}, {"Name": "a", "x": 1}], "y": 2}, pod_pb2.Pod())
    assert [problem.field for problem in report.problems] == ["list[0]", "list[1].name"]
    assert sorted(report.unknown) == ["list[2].x", "y"]
    assert report.steps == []


def test_a_word_that_there_is_not_is_unsupported() -> None:
    shape = words({"One": 1}, also={"Uno": 1})
    assert (shape.take("one"), shape.take("UNO"), shape.take("")) == (1, 1, 0)
    with pytest.raises(Unsupported, match="must be one of One"):
        shape.take("two")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1428486736, "2015-04-08T09:52:16Z"),
        (-1, "1969-12-31T23:59:59Z"),
        (-62135596800, "0001-01-01T00:00:00Z"),
        (253402300799, "9999-12-31T23:59:59Z"),
    ],
)
def test_a_time_is_written_and_read_to_the_second(seconds: int, text: str) -> None:
    assert rfc3339(seconds) == text
    assert timestamp(text).seconds == seconds
    assert timestamp(text.replace("Z", ".75Z")).seconds == seconds


def test_the_first_second_of_1970_is_a_time() -> None:
    table = Table("T", Field("at", "metadata.creation_timestamp", TIME, always=True))
    pod = pod_pb2.Pod()
    assert table.write(pod) == {"at": None}
    read(table, {"at": "1970-01-01T00:00:00Z"}, pod)
    assert table.write(pod) == {"at": "1970-01-01T00:00:00Z"}

"""Events of static pods, told of what the API shows of them."""

from __future__ import annotations

from peapod.common.events import Record
from peapod.kubelet.mirrors import Mirrors
from peapod.v1 import meta_pb2


def of_mirrors(record: Record, mirrors: Mirrors) -> Record:
    """Have events of static pods recorded of their mirrors, or while there are none, of any pod of that name."""

    def translated(about: meta_pb2.ObjectReference, reason: str, message: str) -> None:
        shown = meta_pb2.ObjectReference()
        shown.CopyFrom(about)
        shown.uid = mirrors.shown_uid(about.uid)
        record(shown, reason, message)

    return translated

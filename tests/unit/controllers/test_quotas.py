from __future__ import annotations

from peapod.controllers.quotas.decide import differ, recounted
from peapod.v1.resource_quota_pb2 import ResourceQuota
from tests.support.kinds import make_controller, make_quota, make_service
from tests.support.objects import make_pod


def counted(**used: str) -> ResourceQuota:
    """A quota that bounds pods and cpu, of which so much is used."""
    quota = make_quota()
    quota.status.hard.update(quota.spec.hard)
    quota.status.used.update(used)
    return quota


def test_what_is_bounded_is_counted_and_nothing_else() -> None:
    contents = [make_pod(cpu="500m", memory="64Mi"), make_pod(cpu="1"), make_service(), make_controller(), make_quota()]
    made = recounted(make_quota(), contents)
    assert made.status == counted(pods="2", cpu="1500m").status


def test_a_status_is_written_for_other_amounts_and_not_for_other_spellings() -> None:
    assert not differ(counted(pods="2", cpu="1.5"), counted(pods="2", cpu="1500m"))
    assert differ(counted(pods="2", cpu="1"), counted(pods="2", cpu="1500m"))


def test_a_status_is_written_when_something_else_is_bounded_than_before() -> None:
    assert differ(make_quota(), recounted(make_quota(), []))
    stored = recounted(make_quota(), [])
    assert not differ(stored, recounted(stored, []))
    stored.spec.hard["services"] = "3"
    assert differ(stored, recounted(stored, []))
    del stored.spec.hard["services"], stored.spec.hard["cpu"]
    assert differ(stored, recounted(stored, []))

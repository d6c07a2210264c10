"""What the e2e tests stand on: images that are made once, and clusters that several tests share."""

from __future__ import annotations

from collections.abc import Generator, Iterator

import pytest

from tests.images.recipes import RECIPES
from tests.support import containers, images
from tests.support.cluster import Cluster
from tests.support.site import Site

pytest.register_assert_rewrite("tests.e2e.main_job")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what the services of the test's cluster said, when it fails."""
    report: pytest.TestReport = yield
    clusters = [one for one in getattr(item, "funcargs", {}).values() if isinstance(one, Cluster | Site)]
    if report.failed and report.when == "call":
        report.sections += [("the services' logs", cluster.logs()) for cluster in clusters]
    return report


@pytest.fixture(scope="session")
def pod_images() -> None:
    """Have the images of the tests' pods in the engine."""
    for name in RECIPES:
        images.ensure(name)


@pytest.fixture(scope="session")
def bases() -> dict[str, str]:
    """Have the base images, and get the variables that name them."""
    return containers.base_images()


@pytest.fixture(scope="session")
def services_image(bases: dict[str, str]) -> str:
    """Have the services' image of this checkout."""
    return containers.services_image(bases)


@pytest.fixture(scope="module")
def cluster(
    services_image: str, bases: dict[str, str], pod_images: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cluster]:
    """A cluster of two nodes in containers."""
    with containers.cluster(services_image, bases["ETCD_IMAGE"], tmp_path_factory.mktemp("nodes")) as running:
        yield running

"""What all tests share: the order of the tiers, what a test needs of the machine, and no container left behind."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
from collections.abc import AsyncGenerator, Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support import engine
from tests.support.apiserver import OwnApi, running_apiserver
from tests.support.following import Following, following
from tests.support.needs import lacking

TIERS = ("unit", "conformance", "service", "e2e")
"""From the quick to the slow, so that what is wrong shows early."""

# A machine under load is slow to draw examples. In CI the examples are the same in each run, so that what failed fails
# again; on a desk each run draws others.
settings.register_profile("desk", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("desk"), derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "desk")

# No DNS server that a test starts asks any other than those that the test names.
os.environ["PEAPOD_DNS_RESOLV_CONF"] = os.devnull

_nodes = itertools.count(1)
_leaks: list[str] = []


def pytest_configure() -> None:
    """Heed interrupts and hang-ups, which whoever runs tests in the background has them ignore: all that they start
    would ignore them too.
    """
    for number in (signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_tier)


def _tier(item: pytest.Item) -> int:
    folders = item.path.relative_to(Path(__file__).parent).parts
    return TIERS.index(folders[0]) if folders[0] in TIERS else len(TIERS)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Run a test only where its needs are met."""
    for name, why_missing in NEEDS.items():
        if item.get_closest_marker(name) and (reason := why_missing()):
            lacking(reason)


@cache
def _why_no_docker() -> str:
    return engine.why_missing()


@cache
def _why_no_etcd() -> str:
    return "" if shutil.which("etcd") else "there is no etcd on the PATH; scripts/install-machine brings it"


NEEDS: dict[str, Callable[[], str]] = {"docker": _why_no_docker, "etcd": _why_no_etcd}


@pytest.fixture
async def api(tmp_path: Path) -> AsyncGenerator[OwnApi]:
    """An apiserver in this process, on a store of its own."""
    async with running_apiserver(tmp_path / "peapod.db") as running:
        yield running


@pytest.fixture
async def seen(api: OwnApi) -> AsyncGenerator[Following]:
    """What a watcher of the apiserver sees."""
    async with following(api) as watcher:
        yield watcher


@pytest.fixture
def node_name() -> str:
    """A node's name that no other test has, by which the sweep finds the containers of its kubelet."""
    return f"{engine.SESSION}-{next(_nodes)}"


@pytest.fixture(scope="session", autouse=True)
def _no_container_left_behind(request: pytest.FixtureRequest) -> Iterator[None]:
    on_docker = any(item.get_closest_marker("docker") for item in request.session.items)
    if on_docker and not _why_no_docker():
        engine.sweep()
    yield
    if on_docker and not _why_no_docker():
        _leaks.extend(engine.sweep())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _leaks:
        terminalreporter.section("left behind by tests, now removed")
        terminalreporter.write_line("\n".join(_leaks))

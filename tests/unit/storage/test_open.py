"""Which store a URL names."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from peapod.apiserver.storage.etcd import EtcdStore
from peapod.apiserver.storage.open import open_store
from peapod.apiserver.storage.sqlite import SqliteStore
from peapod.common.errors import Invalid


async def test_a_path_is_relative_unless_it_starts_with_a_slash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for url, path in (("sqlite:///a.db", "a.db"), (f"sqlite:///{tmp_path}/b.db", "b.db")):
        store = open_store(url)
        assert isinstance(store, SqliteStore)
        assert (tmp_path / path).exists()
        await store.close()


@pytest.mark.parametrize("url", ["etcd://etcd:2379", "etcd://a:1,b:2,[::1]:3", "etcd://a:1, b:2/some/where/"])
async def test_etcd_is_not_spoken_to_yet(url: str) -> None:
    store = open_store(url)
    assert isinstance(store, EtcdStore)
    await store.close()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "store.db",
        "sqlite:///",
        "sqlite://a.db",
        "etcd://",
        "etcd://host",
        "etcd:///prefix",
        "etcd://a:1,",
        "mysql://a",
    ],
)
def test_anything_else_is_refused(url: str) -> None:
    with pytest.raises(Invalid):
        open_store(url)


def test_the_embedded_store_does_not_load_the_other(tmp_path: Path) -> None:
    program = (
        "import sys; from peapod.apiserver.storage.open import open_store; open_store(sys.argv[1]);"
        "sys.exit('etcd3' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program, f"sqlite:///{tmp_path}/store.db"], check=True)

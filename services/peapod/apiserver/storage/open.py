"""Picks the engine by its URL, and imports only that one."""

from __future__ import annotations

from pathlib import Path

from peapod.apiserver.storage.store import Store
from peapod.common import address
from peapod.common.errors import Invalid

SQLITE = "sqlite:///"
ETCD = "etcd://"


def open_store(url: str) -> Store:
    """Open the store at `sqlite:///path` or `etcd://host:port,host:port[/prefix]`.

    `sqlite:////path` has an absolute path. Raises `Invalid` for any other URL or a file that is no store, and
    `Unavailable` when the file is in use. etcd is first spoken to when the store is used.
    """
    if url.startswith(SQLITE) and url != SQLITE:
        return _open_sqlite(Path(url.removeprefix(SQLITE)))
    if url.startswith(ETCD) and url != ETCD:
        return _open_etcd(url.removeprefix(ETCD))
    raise Invalid(f'"{url}" is no store: it is {SQLITE}PATH or {ETCD}HOST:PORT[,HOST:PORT...][/PREFIX]')


def _open_sqlite(path: Path) -> Store:
    from peapod.apiserver.storage.sqlite import SqliteStore

    return SqliteStore(path)


def _open_etcd(rest: str) -> Store:
    endpoints, _, prefix = rest.partition("/")
    members = [str(address.parse(endpoint.strip())) for endpoint in endpoints.split(",")]
    try:
        from peapod.apiserver.storage.etcd import EtcdStore
    except ImportError as error:
        raise Invalid(f"etcd needs the package's extra: pip install 'peapod[etcd]' ({error})") from error
    return EtcdStore(members, f"/{prefix.strip('/')}" if prefix.strip("/") else "")

"""A program that commits without end and prints "key revision" once a commit is acknowledged; made to be killed."""

from __future__ import annotations

import asyncio
import sys

from peapod.apiserver.storage.open import open_store
from peapod.apiserver.storage.store import Put, Store

WRITERS = 16


async def main(url: str, name: str) -> None:
    store = open_store(url)
    await asyncio.gather(*(_write(store, f"/peapod/pods/{name}-{number}") for number in range(WRITERS)))


async def _write(store: Store, prefix: str) -> None:
    count = 0
    while True:
        key = f"{prefix}/{count}"
        revision = await store.commit([Put(key, key.encode(), expect=0), Put(f"{prefix}/newest", b"%d" % count)])
        sys.stdout.write(f"{key} {revision}\n")
        sys.stdout.flush()
        count += 1


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))

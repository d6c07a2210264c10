"""Where a machine resolves names."""

from __future__ import annotations

from pathlib import Path

from peapod.common import resolv_conf
from peapod.common.resolv_conf import Resolver


def test_the_file_is_read_as_resolvers_read_it(tmp_path: Path) -> None:
    file = tmp_path / "resolv.conf"
    file.write_text(
        "# one\nnameserver 192.0.2.1\nsearch a b\noptions ndots:5\ndomain c\nnameserver 2001:db8::1 # two\n;x\n"
    )
    assert resolv_conf.read(file) == Resolver(("192.0.2.1", "2001:db8::1"), ("c",))


def test_a_machine_without_one_has_no_servers_of_its_own(tmp_path: Path) -> None:
    assert resolv_conf.read(tmp_path / "none") == Resolver((), ())
    assert resolv_conf.parse("") == Resolver((), ())

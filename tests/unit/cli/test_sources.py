"""Files, directories and documents."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from peapod.common.errors import Invalid
from peapod_cli import sources
from peapod_cli.yaml_form import dump


def read(tmp_path: Path, name: str, content: str | bytes) -> Any:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(sources.read(str(path)).documents)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.json", '{"a": 1}', [{"a": 1}]),
        ("a.json", '\ufeff{"a": 1}\n\n{"b": 2}{"c": 3}\n', [{"a": 1}, {"b": 2}, {"c": 3}]),
        ("a.yaml", "a: 1\n---\nb: 2\n", [{"a": 1}, {"b": 2}]),
        ("a.yml", "---\n---\n# nothing\n---\na: 1\n...\n", [{"a": 1}]),
        ("a.yaml", "t: 2015-01-08T11:52:15Z", [{"t": "2015-01-08T11:52:15Z"}]),
        ("a.yaml", '{"a": [1, null, true]}', [{"a": [1, None, True]}]),
        ("a.yaml", "base: &b {x: 1}\ncopy: *b", [{"base": {"x": 1}, "copy": {"x": 1}}]),
        ("no-suffix", '{"a": 1}', [{"a": 1}]),
        ("no-suffix", "a: 1", [{"a": 1}]),
    ],
)
def test_documents(tmp_path: Path, name: str, content: str, expected: list[Any]) -> None:
    assert read(tmp_path, name, content) == expected


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.json", '{"a": }', "line 1 column 7: expecting value"),
        ("a.json", '{"a": 1}\n{"b" 2}', "line 2 column 6: expecting ':' delimiter"),
        ("a.json", '{"a": 1, "a": 2}', 'the key "a" is given twice in one object'),
        ("a.json", '{"a": NaN}', "NaN is not JSON"),
        ("a.json", "[" * 100_000, "nested too deeply"),
        ("a.json", "", "there is no object in it"),
        ("a.json", b"\xff", "byte 0 is not UTF-8 text"),
        ("a.yaml", "a: [1", "line 1 column 6: "),
        ("a.yaml", "a: 1\na: 2", 'line 2 column 1: the key "a" is given twice in one object'),
        ("a.yaml", "a: !!python/object:os.system {}", "could not determine a constructor"),
        ("a.yaml", "a: \x07", "special characters are not allowed"),
        ("a.yaml", "# only a comment", "there is no object in it"),
        ("a.yaml", "[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_document(tmp_path: Path, name: str, content: str | bytes, why: str) -> None:
    with pytest.raises(Invalid, match=re.escape(why)) as caught:
        read(tmp_path, name, content)
    assert "\n" not in caught.value.message


def test_a_directory_stands_for_its_files_in_order(tmp_path: Path) -> None:
    for name in ("b.yml", "a.json", "c.yaml", "d.txt"):
        (tmp_path / name).touch()
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / "e.json").touch()
    names = [Path(path).name for path in sources.files([str(tmp_path), "-", "x.json"])]
    assert names == ["a.json", "b.yml", "c.yaml", "-", "x.json"]


def test_an_empty_directory_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"there is no .json, .yaml or .yml file"):
        list(sources.files([str(tmp_path)]))


def test_a_file_that_is_not_there_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="no such file or directory"):
        sources.read(str(tmp_path / "none.json"))


def test_yaml_is_written_in_full_and_in_order() -> None:
    shared = {"x": "1"}
    assert dump({"b": shared, "a": shared, "t": "2015-01-08T11:52:15Z"}) == (
        "b:\n  x: '1'\na:\n  x: '1'\nt: '2015-01-08T11:52:15Z'\n"
    )

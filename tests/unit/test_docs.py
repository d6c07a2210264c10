"""The documents hold: what they name is there, their links lead somewhere, their programs can be imported."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import shlex
from pathlib import Path

import pytest
import yaml

from peapod_cli import arguments

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")] + sorted(ROOT.glob("docs/*.md"))
BASES = (ROOT, ROOT / "services" / "peapod", ROOT / "clients" / "cli" / "peapod_cli", ROOT / "tests")
"""Where the paths of the documents begin; `cli/` is short for the third."""
TOP = sorted(entry.name for entry in ROOT.iterdir() if entry.is_dir() and not entry.name.startswith("."))

_WORD = re.compile(r"(?<![\w./~-])\.?\w[\w-]*(?:/[\w.-]+)+")
_LINK = re.compile(r"\]\((?!https?://)([^)#]+)\)")
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NAME = re.compile(r"[\w/]+\.py")

documents = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)


@documents
def test_paths_that_are_named_exist(document: Path) -> None:
    text = document.read_text().replace(diagram(), "")
    named = {word.rstrip(".-") for word in _WORD.findall(text) if _is_path(word)}
    assert sorted(word for word in named if not _found(word)) == []


@documents
def test_links_lead_somewhere(document: Path) -> None:
    links = _LINK.findall(document.read_text())
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_the_diagram_names_files() -> None:
    files = {path.as_posix() for base in BASES[1:3] for path in base.rglob("*.py")}
    names = set(_NAME.findall(diagram()))
    assert len(names) > 20
    assert {name for name in names if not any(file.endswith(f"/{name}") for file in files)} == set()


@pytest.mark.parametrize("program", range(3))
def test_the_programs_import_what_exists(program: int) -> None:
    programs = blocks(ROOT / "README.md", "python")
    assert len(programs) == 3
    for node in ast.walk(ast.parse(programs[program])):
        if isinstance(node, ast.ImportFrom) and node.module:
            module = importlib.import_module(node.module)
            for alias in node.names:
                there = hasattr(module, alias.name) or importlib.util.find_spec(f"{node.module}.{alias.name}")
                assert there, f"{node.module} has no {alias.name}"


def test_the_data_can_be_read() -> None:
    for text in blocks(ROOT / "README.md", "json"):
        assert json.loads(text)["kind"] == "Pod"
    for text in blocks(ROOT / "README.md", "yaml"):
        assert yaml.safe_load(text)["kind"] == "Pod"


@pytest.mark.parametrize("line", dict.fromkeys(re.findall(r"^\$ (peapod .+)$", (ROOT / "README.md").read_text(), re.M)))
def test_the_commands_can_be_given(line: str) -> None:
    words = shlex.split(line.partition(" 2> ")[0])[1:]
    assert words[0] not in arguments.SERVICES
    assert arguments.command(arguments.parse(words).module)


def diagram() -> str:
    [text] = blocks(ROOT / "docs" / "flow.md", "")
    return text


def blocks(document: Path, language: str) -> list[str]:
    return [text for found, text in _BLOCK.findall(document.read_text()) if found == language]


def _is_path(word: str) -> bool:
    """Tell a path of the checkout from an alternative ("create/get"), an image ("peapod-test/redis") and the like."""
    first = word.split("/")[0]
    return bool(re.search(r"\.(py|md|proto|json|ya?ml)$", word)) or first in TOP or first in (".ci", "cli")


def _found(word: str) -> bool:
    return any((base / word.removeprefix("cli/")).exists() for base in BASES)

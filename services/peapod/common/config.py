"""Settings: one frozen dataclass per service, filled from flags, the environment and a file.

A flag wins over `PEAPOD_<SERVICE>_<FIELD>`, that over `PEAPOD_<FIELD>`, that over `--config FILE` (YAML or JSON),
and that over the default. Every command passes through here, so nothing heavy is imported before it is needed.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn, TypeVar, cast, get_origin, get_type_hints

T = TypeVar("T")

Value = str | int | float | bool | tuple[str, ...]
V = TypeVar("V", bound=Value)

_WORDS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
_METAVARS = {int: "NUMBER", float: "NUMBER", tuple: "A,B,..."}


def option(default: V, help: str, *, choices: Sequence[str] = ()) -> V:
    """Declare one setting of a dataclass: its default, what it means, and the values that it may have."""
    return dataclasses.field(default=default, metadata={"help": help, "choices": tuple(choices)})


@dataclasses.dataclass(frozen=True)
class ServiceConfig:
    """What every service can be told; a service's own dataclass extends this one."""

    log_format: str = option("text", "how log lines look", choices=("text", "json"))
    log_level: str = option("info", "the least important lines to log", choices=("debug", "info", "warning", "error"))
    metrics_address: str = option(
        "", "where Prometheus finds /metrics over HTTP, such as 127.0.0.1:9070; empty: nowhere"
    )
    allow_insecure: bool = option(False, "listen on addresses that other machines can reach, without TLS")


def load(cls: type[T], argv: Sequence[str], prog: str) -> T:
    """Fill the dataclass; its service is the last word of `prog`.

    Says what is wrong in one line and exits with 2 when a setting is; a ValueError of `__post_init__` counts too.
    """
    settings = _settings(cls)
    parser = _parser(settings, prog, (cls.__doc__ or "").partition("\n")[0])
    switches = {setting.flag for setting in settings if setting.kind is bool}
    flags = vars(parser.parse_args([_usual(word, switches) for word in argv]))
    try:
        variables = _from_environment([*settings, _FILE], prog.split()[-1])
        file = flags.pop(_FILE.name, "") or variables.pop(_FILE.name, "")
        return cls(**(_from_file(settings, file) | variables | flags))
    except ValueError as wrong:
        parser.error(str(wrong))


@dataclasses.dataclass(frozen=True)
class _Setting:
    name: str
    kind: type
    default: Any
    help: str
    choices: tuple[str, ...] = ()

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")

    @property
    def metavar(self) -> str:
        last = self.name.rpartition("_")[2].upper()
        return "|".join(self.choices) or (last if last == "SECONDS" else _METAVARS.get(self.kind, last))

    @property
    def shown(self) -> str:
        if self.kind is tuple:
            return ",".join(self.default) or "none"
        return str(self.default).lower() if self.kind is bool else str(self.default) or "none"

    def read(self, text: str) -> Value:
        """Raises ValueError with one clause."""
        if self.kind is bool:
            if text.lower() not in _WORDS:
                raise ValueError(f"{text!r} is neither true nor false")
            return _WORDS[text.lower()]
        if self.kind is tuple:
            return tuple(word.strip() for word in text.split(",") if word.strip())
        if self.choices and text not in self.choices:
            raise ValueError(f"{text!r} is none of {', '.join(self.choices)}")
        try:
            return cast("Value", self.kind(text))
        except ValueError:
            raise ValueError(f"{text!r} is not a number") from None


_FILE = _Setting("config", str, "", "YAML or JSON file with any of these settings")


def _settings(cls: type[Any]) -> list[_Setting]:
    hints = get_type_hints(cls)
    return [
        _Setting(field.name, get_origin(hints[field.name]) or hints[field.name], field.default, **field.metadata)
        for field in dataclasses.fields(cls)
    ]


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


class _Read(argparse.Action):
    """Reads a flag's text as its setting says; a list grows with each occurrence."""

    def __init__(self, *, setting: _Setting, **rest: Any) -> None:
        super().__init__(**rest)
        self._setting = setting

    def __call__(self, _parser: Any, namespace: argparse.Namespace, text: Any, _option: Any = None) -> None:
        try:
            value: Any = self._setting.read(text)
        except ValueError as wrong:
            raise argparse.ArgumentError(self, str(wrong)) from None
        before = getattr(namespace, self.dest, ()) if self._setting.kind is tuple else None
        setattr(namespace, self.dest, value if before is None else before + value)


def _parser(settings: Sequence[_Setting], prog: str, description: str) -> argparse.ArgumentParser:
    parser = _Parser(prog=prog, description=description, allow_abbrev=False, argument_default=argparse.SUPPRESS)
    for setting in [_FILE, *settings]:
        text = f"{setting.help} (default: {setting.shown})".replace("%", "%%")
        if setting.kind is bool:
            parser.add_argument(setting.flag, action=argparse.BooleanOptionalAction, help=text)
        else:
            parser.add_argument(setting.flag, action=_Read, setting=setting, metavar=setting.metavar, help=text)
    return parser


def _from_environment(settings: Sequence[_Setting], service: str) -> dict[str, Any]:
    found = {}
    for setting in settings:
        for prefix in ("PEAPOD_", f"PEAPOD_{service}_"):
            variable = (prefix + setting.name).replace("-", "_").upper()
            if variable in os.environ:
                found[setting.name] = _read(setting, os.environ[variable], variable)
    return found


def _from_file(settings: Sequence[_Setting], path: str) -> dict[str, Any]:
    by_name = {setting.name: setting for setting in settings}
    found = {}
    for key, value in _content(path).items():
        setting = by_name.get(str(key).replace("-", "_"))
        if setting is None:
            raise ValueError(f"{path}: there is no setting {key!r}")
        found[setting.name] = _read(setting, _text(value), f"{path}: {key}")
    return found


def _content(path: str) -> dict[Any, Any]:
    if not path:
        return {}
    import yaml

    try:
        content = yaml.safe_load(Path(path).read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as wrong:
        raise ValueError(f"{path}: {' '.join(str(wrong).split())}") from None
    if not isinstance(content, dict):
        raise ValueError(f"{path}: must be a mapping of settings")
    return content


def _read(setting: _Setting, text: str, place: str) -> Value:
    try:
        return setting.read(text)
    except ValueError as wrong:
        raise ValueError(f"{place}: {wrong}") from None


def _text(value: Any) -> str:
    if value is None:
        return ""
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _usual(word: str, switches: set[str]) -> str:
    """Let `--node_name=x` be `--node-name=x` and `--register=false` be `--no-register`, as they were written then."""
    if not word.startswith("--"):
        return word
    flag, equals, value = word.partition("=")
    flag = flag.replace("_", "-")
    if equals and flag in switches and value.lower() in _WORDS:
        return flag if _WORDS[value.lower()] else "--no-" + flag.removeprefix("--")
    return flag + equals + value

"""Logins for registries, from a config file as `docker login` writes it."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docker import auth
from docker.errors import DockerException
from docker.utils import config

from peapod.kubelet.runtime.docker.state import one_line

_REFUSALS = ("unauthorized", "denied", "authentication required", "no basic auth credentials")
"""Words by which registries say that they want another login."""


class CredentialsError(Exception):
    """The logins cannot be read; the message names the file."""


@dataclass(frozen=True)
class Login:
    """What a registry is told; empty where no login is known for it."""

    header: str
    origin: str
    """Whose login this is and out of which file, or that there is none, to be read in an error."""

    def explain(self, problem: str) -> str:
        """Add to a registry's refusal with which login it was asked."""
        refused = any(word in problem.lower() for word in _REFUSALS)
        return f"{problem} ({self.origin})" if refused else problem


class Credentials:
    """The file at `path`, or if that is empty, the one that the docker command would read. Read anew for each use."""

    def __init__(self, path: str = "") -> None:
        self._path = path

    def find(self, repository: str) -> Login:
        """Look up the login for the registry of an image; may run a credential helper. Raises `CredentialsError`."""
        registry, _ = auth.resolve_repository_name(repository)
        path = self._path or str(config.find_config_file() or "")
        known = _read(path) if path else {}
        if not known:
            return Login("", f"no login for {registry} is known")
        try:
            login = auth.load_config(config_dict=known).resolve_authconfig(registry)
        except (DockerException, ValueError, OSError) as error:
            raise CredentialsError(f"the logins in {path} cannot be used: {one_line(str(error))}") from error
        if not login:
            return Login("", f"{path} has no login for {registry}")
        user = login.get("username") or login.get("Username") or "a token"
        return Login(auth.encode_header(login).decode(), f"with the login of {user} from {path}")


def _read(path: str) -> dict[str, Any]:
    try:
        known = json.loads(Path(path).read_bytes())
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise CredentialsError(f"the logins in {path} cannot be read: {why}") from error
    if not isinstance(known, dict) or not isinstance(known.get("auths", {}), dict):
        raise CredentialsError(f"the logins in {path} cannot be read: they are not a JSON object")
    # Without any of these the SDK takes the whole file for logins, or looks for another file.
    found = {key: known[key] for key in ("auths", "credsStore", "credHelpers") if known.get(key)}
    if "auths" in found:
        found["auths"] = {registry: _with_auth(entry) for registry, entry in found["auths"].items()}
    return found


def _with_auth(entry: Any) -> Any:
    """Bring a login that stands there plainly into the form that the SDK reads."""
    if not isinstance(entry, dict) or entry.get("auth") or not entry.get("username"):
        return entry
    plain = f"{entry['username']}:{entry.get('password', '')}"
    return {**entry, "auth": base64.b64encode(plain.encode()).decode()}

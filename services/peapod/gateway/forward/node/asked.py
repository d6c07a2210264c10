"""What a request asks of a node's server, and how that server said no."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import parse_qs, unquote

from starlette.types import Scope

from peapod.common.errors import Invalid, NotReady, PeapodError, Unavailable
from peapod.gateway.forward.place import Place
from peapod.gateway.forward.problems import Refusal, unreachable
from peapod.gateway.sites import asked_from_elsewhere
from peapod.gateway.status import outcome

NODE_UNREACHABLE = 502
FORBIDDEN = 403
_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})


class Asked(NamedTuple):
    """One request, without the way to the node."""

    node: str
    words: Sequence[str]
    """The parts of the path."""
    query: Mapping[str, Sequence[str]]

    def one(self, name: str) -> str:
        """Return a parameter; empty when there is none."""
        return self.query.get(name, [""])[0]

    def flag(self, name: str) -> bool:
        """Tell whether a parameter says yes."""
        return self.one(name) in _TRUE

    @property
    def path(self) -> str:
        """The path, as the node's server saw it."""
        return "/" + "/".join(self.words)


class Coordinates(NamedTuple):
    """A pod, or one of its containers."""

    namespace: str
    pod: str
    uid: str = ""
    container: str = ""


def read(place: Place) -> Asked:
    """Take a request apart."""
    words = [unquote(word) for word in place.rest.split("/")[1:]]
    return Asked(place.name, words, parse_qs(place.query, keep_blank_values=True))


def container_of(asked: Asked) -> Coordinates:
    """Read `/verb/namespace/pod[/uid]/container`; raises `Refusal` for any other path."""
    match asked.words:
        case [_, namespace, pod, container]:
            return Coordinates(namespace, pod, "", container)
        case [_, namespace, pod, uid, container]:
            return Coordinates(namespace, pod, uid, container)
    raise _unexpected(asked, "container")


def pod_of(asked: Asked) -> Coordinates:
    """Read `/verb/namespace/pod[/uid]`; raises `Refusal` for any other path."""
    match asked.words:
        case [_, namespace, pod]:
            return Coordinates(namespace, pod)
        case [_, namespace, pod, uid]:
            return Coordinates(namespace, pod, uid)
    raise _unexpected(asked)


def said(status: int, text: str) -> Refusal:
    """Say no as the kubelet did, in one line."""
    return Refusal(status, f"{text}\n")


def refused(error: PeapodError, asked: Asked) -> Refusal:
    """Say an error as the kubelet would have, or as a proxy that does not reach it."""
    if isinstance(error, Unavailable):
        return unreachable(f"http://{asked.node}{asked.path}", error.message, NODE_UNREACHABLE)
    # What the API calls a conflict, or invalid, was to the kubelet a bad request.
    status = 400 if isinstance(error, (Invalid, NotReady)) else outcome(error).code
    return said(status, f"Internal Error: {error.message}" if status == 500 else error.message)


def refuse_other_sites(scope: Scope) -> None:
    """Raise `Refusal` when a page of another site has a browser ask for what acts on a container, if only by a GET."""
    if site := asked_from_elsewhere(scope):
        raise said(FORBIDDEN, f"Forbidden to pages of other sites, such as {site}")


def _unexpected(asked: Asked, last: str = "") -> Refusal:
    forms = ("/.../.../<namespace>/<pod>", "/.../.../<namespace>/<pod>/<uid>")
    expected = " or ".join(f"{form}/<{last}>" if last else form for form in forms)
    return said(400, f"Unexpected path {asked.path}. Expected {expected}")

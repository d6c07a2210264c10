"""Documents understood: the objects that files declare, or everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from peapod.codec import codec
from peapod.codec.codec import Decoded, Part
from peapod.codec.version import Version
from peapod.codec.versions import V1BETA1, VERSIONS
from peapod.common.errors import Invalid, PeapodError, Unavailable, Violation
from peapod.common.kinds import KINDS, Kind, of_message
from peapod_cli import checks, sources
from peapod_cli.console import Console
from peapod_cli.settings import Scope
from peapod_cli.sources import Source


class Declared(NamedTuple):
    """An object, and where it was declared: the file, the path inside of its document, and in whose words."""

    kind: Kind
    message: Any
    place: str
    path: str
    version: Version

    def complain(self, error: PeapodError, console: Console) -> None:
        """Say what the server refused, one line for each wrong field, in the words of the file."""
        for violation in error.violations:
            path = self.version.words(self.message, violation.field)
            where = ": ".join(filter(None, (self.place, _join(self.path, path))))
            console.error(f"{where}: {violation.description}")
        if not error.violations:
            console.error(f"{self.place}: {error.message}")


def of_files(names: Sequence[str], console: Console, scope: Scope, *, strict: bool = True) -> Iterator[list[Declared]]:
    """Read file by file what each declares, with `declared`. What is wrong with one is said, and the others go on."""
    for name in sources.files(names):
        try:
            found = declared(sources.read(name), console, scope, strict=strict)
        except (Invalid, Unavailable) as wrong:
            console.error(wrong.message)
        else:
            if found:
                yield found


def declared(source: Source, console: Console, scope: Scope, *, strict: bool = True) -> list[Declared] | None:
    """Read all objects of a file; None when anything is wrong, which is said.

    An object that names another namespace than the required one is wrong. With `strict` an unknown key is wrong too,
    else it is warned of.
    """
    objects: list[Declared] = []
    wrong = False
    for index, document in enumerate(source.documents):
        place = source.place(index)
        for part in codec.split(document):
            version = _version(part.document)
            decoded = _decode(part)
            problems = [f"{place}: {_said(field, text)}" for field, text, _ in decoded.problems]
            unknown = [f"{place}: {path}: unknown field" for path in decoded.unknown]
            problems += _place_in_namespace(decoded.message, scope, place, part.path)
            if problems or (strict and unknown):
                problems += _broken_rules(decoded, version, place, part.path)
                wrong = True
            _say(console, problems, unknown, strict)
            if decoded.message is not None:
                objects.append(Declared(of_message(decoded.message), decoded.message, place, part.path, version))
    return None if wrong else objects


def _version(document: Any) -> Version:
    """Find the version whose words a document uses, as far as it can be told."""
    name = codec.member(document, "apiVersion")
    return VERSIONS.get(name, V1BETA1) if isinstance(name, str) else V1BETA1


def _decode(part: Part) -> Decoded:
    """Read one object; one of a kind that is not kept, such as a binding, cannot be declared."""
    decoded = codec.decode(part.document, part.path)
    name = decoded.message.DESCRIPTOR.name if decoded.message else ""
    if not name or name in {kind.title for kind in KINDS}:
        return decoded
    return Decoded(None, [Violation(_join(part.path, "kind"), f"{name} cannot be declared by itself")], [])


def _say(console: Console, problems: Sequence[str], unknown: Sequence[str], strict: bool) -> None:
    for problem in problems:
        console.error(problem)
    for line in unknown:
        (console.error if strict else console.warning)(line)


def _place_in_namespace(message: Any, scope: Scope, place: str, path: str) -> list[str]:
    if message is None or not of_message(message).namespaced:
        return []
    given = message.metadata.namespace
    if scope.required and given and given != scope.required:
        return [f'{place}: {_join(path, "namespace")}: is "{given}", but --namespace says "{scope.required}"']
    message.metadata.namespace = given or scope.otherwise
    return []


def _broken_rules(decoded: Decoded, version: Version, place: str, path: str) -> list[str]:
    """Say, of what could not be read as a whole, what the server would say of the rest."""
    if decoded.message is None:
        return []
    root = f"{path}." if path else ""
    problems = [problem._replace(field=problem.field.removeprefix(root)) for problem in decoded.problems]
    broken = checks.broken_rules(of_message(decoded.message), decoded.message, version, problems)
    return [f"{place}: {_said(_join(path, field), text)}" for field, text, _ in broken]


def _said(field: str, description: str) -> str:
    return f"{field}: {description}" if field else description


def _join(path: str, field: str) -> str:
    return f"{path}.{field}" if path and field else path or field

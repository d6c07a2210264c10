"""`peapod completion`: what makes a shell complete the command's words, and the words themselves."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence

from peapod.common.errors import PeapodError
from peapod.common.kinds import Kind
from peapod_cli import arguments as command_line
from peapod_cli import completing
from peapod_cli.calls import Connection
from peapod_cli.console import Console
from peapod_cli.verbs import VERBS

PATIENCE_SECONDS = 2.0
"""How long a server may take to name objects to somebody who waits for the next word."""

BASH = """\
_peapod() {
    local IFS=$'\\n'
    COMPREPLY=($("${COMP_WORDS[0]}" completion bash "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _peapod peapod
"""

ZSH = """\
#compdef peapod
_peapod() {
    local -a found
    found=(${(f)"$("${words[1]}" completion zsh "${(@)words[2,CURRENT]}" 2>/dev/null)"})
    if (( $#found )); then compadd -- $found; else _files; fi
}
compdef _peapod peapod
"""


def run(arguments: Namespace, console: Console) -> None:
    """Print what a shell has to read; or, for that, what may stand in the place of the last of some words."""
    if arguments.typed:
        for candidate in _candidates(arguments.typed):
            console.line(candidate)
    else:
        console.line({"bash": BASH, "zsh": ZSH}[arguments.shell].rstrip("\\n"))


def _candidates(typed: Sequence[str]) -> list[str]:
    def names(kind: Kind) -> list[str]:
        # Whoever is still typing wants no error.
        try:
            told = command_line.place(typed)
            with Connection(told.server, answer_seconds=PATIENCE_SECONDS) as connection:
                namespace = told.namespace if kind.namespaced else ""
                return [item.metadata.name for item in connection.of(kind).list(namespace).items]
        except PeapodError:
            return []

    return completing.candidates(command_line.parser(), VERBS, typed, names)

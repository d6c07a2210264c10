"""Collects what is wrong with a document, each by its place."""

from __future__ import annotations

from peapod.common.errors import Violation


class Unsupported(ValueError):
    """Raised for a value that is none of those that there are; says in one clause which there are."""


class Report:
    """What was found so far, and the place that is being read: whoever goes down pushes a step and pops it again.

    A step is a key with a dot before it, a subscript in brackets, or the number of an item. Nothing is made of the
    steps unless something is wrong.
    """

    __slots__ = ("problems", "root", "steps", "unknown")

    def __init__(self, root: str = "") -> None:
        self.root = root
        self.steps: list[str | int] = []
        self.problems: list[Violation] = []
        self.unknown: list[str] = []

    def path(self, *below: str | int) -> str:
        """Say the place that is being read, or one below it."""
        steps = [f"[{step}]" if isinstance(step, int) else step for step in (*self.steps, *below)]
        path = self.root + "".join(steps)
        return path if self.root else path.removeprefix(".")

    def problem(self, description: str, *below: str | int) -> None:
        """Say that the value at this place, or at one below it, is wrong."""
        self.problems.append(Violation(self.path(*below), description))

    def missing(self, description: str, *below: str | int) -> None:
        """Say that a value that must be there is not."""
        self.problems.append(Violation.required(self.path(*below), description))

    def refuse(self, wrong: ValueError, *below: str | int) -> None:
        """Say of the value what an error says."""
        make = Violation.not_supported if isinstance(wrong, Unsupported) else Violation
        self.problems.append(make(self.path(*below), str(wrong)))

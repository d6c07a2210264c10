"""Make the test images, or those that are named: python -m tests.images [NAME...]."""

from __future__ import annotations

import sys

from tests.images.recipes import RECIPES
from tests.support import images


def main(names: list[str]) -> int:
    if unknown := [name for name in names if name not in RECIPES]:
        print(f"no such test image: {', '.join(unknown)}; there are {', '.join(RECIPES)}", file=sys.stderr)
        return 2
    for name in names or RECIPES:
        print(images.ensure(name), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

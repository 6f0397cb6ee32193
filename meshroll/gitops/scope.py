"""Where a word on a service counts: in its stack, and at its place in the repository."""

from __future__ import annotations

import re
from dataclasses import dataclass

_PLACEHOLDER = re.compile(r"\\\{(?:cluster|service)\\\}")


@dataclass(frozen=True)
class Scope:
    """Whose words are asked for: a stack's, or those said below some paths; without either everybody's.

    Words of one stack count for all of it, wherever they were said: what was undone in one cluster is not released in
    the next. Where one side names no stack, the place decides.
    """

    stack: str = ""
    paths: tuple[str, ...] = ()  # may hold {cluster} and {service}

    def covers(self, stack: str, path: str) -> bool:
        """Whether what was said in a stack (empty: without one) and at a path counts here."""
        if self.stack and stack:
            return self.stack == stack
        return not self.paths or any(related(path, own) for own in self.paths)


EVERYWHERE = Scope()


def related(one: str, other: str) -> bool:
    """Whether one path is the other, above it or below it; the empty path is above all."""
    pairs = zip(_names(one), _names(other), strict=False)
    return all(_fits(name, twin) or _fits(twin, name) for name, twin in pairs)


def _names(path: str) -> list[str]:
    return [name for name in path.split("/") if name]


def _fits(name: str, pattern: str) -> bool:
    return name == pattern or bool(re.fullmatch(_PLACEHOLDER.sub(".+", re.escape(pattern)), name))

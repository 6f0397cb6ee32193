"""Where a release or undo of a service counts: in its stack, and at its place in the repository."""

from __future__ import annotations

import re
from dataclasses import dataclass

_PLACEHOLDER = re.compile(r"\\\{(?:cluster|service)\\\}")


@dataclass(frozen=True)
class Scope:
    """Whose events count: those of a stack and those at its places; without any place those of everybody.

    Events of one stack count for all of it, at whatever place: what was undone in one cluster is not released in
    the next. Otherwise the place decides, also between stacks: one may have been renamed.
    """

    stack: str = ""
    paths: tuple[str, ...] = ()  # may hold {cluster} and {service}

    def covers(self, stack: str, path: str) -> bool:
        """Whether an event of a stack (empty: without one) and at a path counts here."""
        if self.stack and self.stack == stack:
            return True
        return self.holds(path) if self.paths else not (self.stack and stack)

    def holds(self, path: str) -> bool:
        """Whether a path is at one of the places."""
        return not self.paths or any(related(path, own) for own in self.paths)


EVERYWHERE = Scope()


def related(path: str, place: str) -> bool:
    """Whether a path is the place, above it or below it; the empty path is above all. A place may hold placeholders."""
    return all(_fits(name, pattern) for name, pattern in zip(_names(path), _names(place), strict=False))


def _names(path: str) -> list[str]:
    return [name for name in path.split("/") if name]


def _fits(name: str, pattern: str) -> bool:
    return name == pattern or bool(re.fullmatch(_PLACEHOLDER.sub(".+", re.escape(pattern)), name))

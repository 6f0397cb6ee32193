"""What the table of parts is made of: a `Part` is a process, a `Step` is work between parts that every `up` repeats."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from meshroll.errors import MeshrollError
from meshroll.sandbox.supervision.probes import Probe


@dataclass(frozen=True)
class Part:
    """A process that is kept running: what it needs first, how it is started, how it says that it is ready."""

    name: str
    command: tuple[str, ...]
    ready: Probe
    needs: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    ports: Mapping[str, int] = field(default_factory=dict)
    # Where the ports are, and a whole network that the part must have to itself.
    host: str = "127.0.0.1"
    network: str = ""
    cwd: Path | None = None
    grace: float = 5.0
    # What it started outlives its death, and its successor takes it over; only a `stop` ends that too.
    leaves: bool = False

    @property
    def digest(self) -> str:
        """Changes when the part is started in another way: with other arguments, or from another build."""
        return hashlib.sha256("\0".join(self.command).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Task:
    """Idempotent work, such as seeding a cluster, that later parts need."""

    name: str
    run: Callable[[], None]
    needs: tuple[str, ...] = ()


Node = Part | Task


def levels(nodes: Sequence[Node]) -> list[list[Node]]:
    """The table in levels: a row stands one level after the last of its needs. Its order is checked on the way."""
    level: dict[str, int] = {}
    grouped: list[list[Node]] = []
    for node in nodes:
        missing = [need for need in node.needs if need not in level]
        if missing:
            raise MeshrollError(f"needs {', '.join(missing)}, which must stand before it in the table", where=node.name)
        level[node.name] = 1 + max((level[need] for need in node.needs), default=-1)
        while len(grouped) <= level[node.name]:
            grouped.append([])
        grouped[level[node.name]].append(node)
    return grouped

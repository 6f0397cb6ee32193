"""A canary's steps laid out in time: what goes to the new version, for how long, and what goes on from there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from meshroll.manifests.durations import duration_text
from meshroll.manifests.timeline.words import Header

Gate = Literal["pause", "analysis", "experiment", "plugin"]


@dataclass(frozen=True)
class Stage:
    """A step at which the canary stays: until it ends, `weight` percent and requests with `headers` go to it."""

    step: int  # index in the Rollout's steps
    weight: int
    headers: tuple[Header, ...] = ()
    seconds: int | None = None  # None: until a person continues, or the gate ends by itself
    gate: Gate = "pause"


@dataclass(frozen=True)
class Timeline:
    """What each step does, in order; after the last one everything goes to the new version.

    `none` is why no canary will run; there are no stages then. `note` is what the steps depend on.
    """

    stages: tuple[Stage, ...]
    words: tuple[str, ...] = ()
    none: str = ""
    note: str = ""

    @property
    def weights(self) -> tuple[int, ...]:
        """The weight of every stage, and 100 for the end."""
        return () if self.none else (*(stage.weight for stage in self.stages), 100)

    @property
    def manual_gates(self) -> int:
        """How often the canary waits for a person."""
        return sum(stage.gate == "pause" and stage.seconds is None for stage in self.stages)

    @property
    def shortest_seconds(self) -> int:
        """The sum of the times that are set: no canary is quicker unless it is promoted by hand."""
        return sum(stage.seconds or 0 for stage in self.stages)

    def without_canary(self, reason: str) -> Timeline:
        """The same Rollout where no canary will run."""
        return self if self.none else Timeline((), none=reason)

    def with_note(self, note: str) -> Timeline:
        """The same with what it depends on."""
        return self if self.none else replace(self, note="; ".join(filter(None, (self.note, note))))

    @property
    def course(self) -> str:
        """The steps up to the end, without the note."""
        least = f" (at least {duration_text(self.shortest_seconds)})" if self.shortest_seconds else ""
        return ", ".join([*self.words, "then 100%"]) + least

    def __str__(self) -> str:
        if self.none:
            return f"no canary: {self.none}"
        return f"{self.course}; {self.note}" if self.note else self.course

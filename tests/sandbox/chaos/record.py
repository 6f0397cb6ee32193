"""All that one scenario showed, and how it is printed."""

from __future__ import annotations

from dataclasses import dataclass

from tests.sandbox.chaos.commands import Done
from tests.sandbox.chaos.load import Traffic
from tests.sandbox.chaos.observation import Observation
from tests.sandbox.chaos.scenario import Scenario


@dataclass(frozen=True)
class Versions:
    """The provider's versions in one scenario: in Git before, wished for, committed by Ada, and wished for at last."""

    before: str
    wanted: str
    theirs: str
    next: str


@dataclass(frozen=True)
class Step:
    """A part of a scenario: what was said, and what was seen when nothing moved any more."""

    name: str
    said: tuple[Done, ...]
    seen: Observation


@dataclass(frozen=True)
class Record:
    """One scenario, played once. `judged` and `ends` are the commands it is about and what held when they succeeded."""

    scenario: Scenario
    seed: int
    versions: Versions
    judged: tuple[Done, ...]
    ends: tuple[tuple[Done, Observation], ...]
    act: Step
    second: Step | None
    next: Step
    traffic: Traffic
    flows: bool  # whether requests are answered at the end
    left: int  # processes of plug-ins that outlive their `pulumi`
    timeline: tuple[str, ...]  # what was done and when, with the first failures
    seconds: float

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps in their order."""
        return tuple(step for step in (self.act, self.second, self.next) if step is not None)

    def __str__(self) -> str:
        lines = [
            f"scenario     {self.scenario.name} (seed {self.seed}, {self.seconds:.0f} s)",
            f"versions     {self.versions}",
        ]
        lines += [f"  {line}" for line in self.timeline]
        for done, seen in self.ends:
            lines += [f"--- when `{done.words}` had succeeded", *_indented(seen)]
        for step in self.steps:
            lines += [f"--- {step.name}"]
            lines += [line for done in step.said for line in _indented(done)]
            lines += _indented(step.seen)
        return "\n".join([*lines, f"--- traffic: {self.traffic}; answered at the end: {self.flows}; left: {self.left}"])


def _indented(shown: object) -> list[str]:
    return [f"  {line}" for line in str(shown).splitlines()]

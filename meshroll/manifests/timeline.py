"""A canary's steps laid out in time: which share or header goes to the new version, for how long, and who continues."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from meshroll.errors import BadInputError

_DURATION = re.compile(r"(?:([0-9]{1,9})h)?(?:([0-9]{1,9})m)?(?:([0-9]{1,9})s)?")
_WHOLE = re.compile("[0-9]{1,9}")
_LONGEST = 10**9  # seconds, some thirty years


@dataclass(frozen=True)
class Stage:
    """A pause of the canary: until it ends, `weight` percent and requests with `header` go to the new version."""

    step: int  # index of the pause in the Rollout's steps
    weight: int
    header: tuple[str, str] | None  # name and exact value
    seconds: int | None  # None: until a person continues

    def __str__(self) -> str:
        share = f"{self.header[0]}: {self.header[1]}" if self.header else f"{self.weight}%"
        return f"{share} until promoted" if self.seconds is None else f"{share} for {duration_text(self.seconds)}"


@dataclass(frozen=True)
class Timeline:
    """The stages in order; after the last one everything goes to the new version."""

    stages: tuple[Stage, ...]

    @property
    def weights(self) -> tuple[int, ...]:
        """The weight of every stage, and 100 for the end."""
        return (*(stage.weight for stage in self.stages), 100)

    @property
    def manual_gates(self) -> int:
        """How often the canary waits for a person."""
        return sum(stage.seconds is None for stage in self.stages)

    @property
    def shortest_seconds(self) -> int:
        """The sum of the timed pauses: no canary is quicker unless it is promoted by hand."""
        return sum(stage.seconds or 0 for stage in self.stages)

    def __str__(self) -> str:
        least = f" (at least {duration_text(self.shortest_seconds)})" if self.shortest_seconds else ""
        return ", ".join([*(str(stage) for stage in self.stages), "then 100%"]) + least


def timeline(rollout: Mapping[str, Any]) -> Timeline:
    """The timeline of a Rollout object. Raises BadInputError for steps that nobody understands."""
    try:
        steps = rollout.get("spec", {}).get("strategy", {}).get("canary", {}).get("steps") or []
        if isinstance(steps, list):
            return timeline_of_steps(steps)
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError):
        pass
    raise BadInputError("the canary's steps cannot be understood", expected="steps that Argo Rollouts takes")


def timeline_of_steps(steps: Sequence[Mapping[str, Any]]) -> Timeline:
    """The timeline of canary steps as a Rollout has them; pauses without weight before them are stages of 0%."""
    stages: list[Stage] = []
    weight, headers = 0, {}
    for index, step in enumerate(steps):
        if "setWeight" in step:
            weight = int(step["setWeight"])
        if "setHeaderRoute" in step:
            headers[step["setHeaderRoute"]["name"]] = _header(step["setHeaderRoute"])
        if "pause" in step:
            duration = (step["pause"] or {}).get("duration")
            header = next((header for header in reversed(headers.values()) if header), None)
            stages.append(Stage(index, weight, header, None if duration is None else seconds(duration)))
    return Timeline(tuple(stages))


def _header(route: Mapping[str, Any]) -> tuple[str, str] | None:
    """The header of a route; a route without a match is one that the step takes away."""
    for match in route.get("match") or ():
        value = match.get("headerValue", {})
        return match["headerName"], str(next(iter(value.values()), ""))
    return None


def seconds(duration: str | float) -> int:
    """A pause's duration in seconds: a number, or text such as "90s", "10m", "1h30m"."""
    if isinstance(duration, int | float) and 0 <= duration <= _LONGEST:
        return int(duration)
    if isinstance(duration, str) and _WHOLE.fullmatch(duration):
        return int(duration)
    match = _DURATION.fullmatch(duration) if isinstance(duration, str) else None
    if not match or not duration:
        raise BadInputError(f"{duration!r} is not a duration", expected="a time such as 30s, 10m or 1h30m")
    hours, minutes, rest = (int(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + rest


def duration_text(total: int) -> str:
    """Seconds as a person writes them: 1h30m, 10m, 45s."""
    hours, rest = divmod(total, 3600)
    minutes, rest = divmod(rest, 60)
    parts = [f"{amount}{unit}" for amount, unit in ((hours, "h"), (minutes, "m"), (rest, "s")) if amount]
    return "".join(parts) or "0s"

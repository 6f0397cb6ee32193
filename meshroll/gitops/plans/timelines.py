"""A canary's timeline, as a value of a plan's document, and back.

Plans of earlier versions have a stage's weight, one header and seconds alone; they are read, and written as they were.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from meshroll.manifests.timeline import Header, Stage, Timeline


@dataclass(frozen=True)
class Canary:
    """The timeline of one service's Rollout, as it will be after the change."""

    service: str
    timeline: Timeline

    @property
    def earlier(self) -> Canary:
        """As plans of earlier versions have it."""
        stages = tuple(replace(stage, gate="pause", headers=stage.headers[:1]) for stage in self.timeline.stages)
        return Canary(self.service, Timeline(stages))


def canary_value(canary: Canary) -> dict[str, Any]:
    """The value of one canary."""
    found = canary.timeline
    earlier = not (found.words or found.none)
    return {
        "service": canary.service,
        "stages": [_earlier_value(stage) if earlier else _stage_value(stage) for stage in found.stages],
        **({} if earlier else {"words": list(found.words)}),
        "weights": list(found.weights),
        "manualGates": found.manual_gates,
        "shortestSeconds": found.shortest_seconds,
        **({"none": found.none} if found.none else {}),
        **({"note": found.note} if found.note else {}),
    }


def read_canary(value: Mapping[str, Any]) -> Canary:
    """The canary of a value that the schema allows."""
    stages = tuple(
        Stage(item["step"], item["weight"], _headers(item), item["seconds"], item.get("gate", "pause"))
        for item in value["stages"]
    )
    words = tuple(value.get("words", ()))
    return Canary(value["service"], Timeline(stages, words, value.get("none", ""), value.get("note", "")))


def _stage_value(stage: Stage) -> dict[str, Any]:
    headers = {"headers": [vars(header) for header in stage.headers]} if stage.headers else {}
    return {"step": stage.step, "gate": stage.gate, "weight": stage.weight, **headers, "seconds": stage.seconds}


def _earlier_value(stage: Stage) -> dict[str, Any]:
    value: dict[str, Any] = {"step": stage.step, "weight": stage.weight}
    if stage.headers:
        value["header"] = {"name": stage.headers[0].name, "value": stage.headers[0].value}
    return {**value, "seconds": stage.seconds}


def _headers(stage: Mapping[str, Any]) -> tuple[Header, ...]:
    if "header" in stage:  # of an earlier version, which named no kind of match
        return (Header(stage["header"]["name"], "exact", stage["header"]["value"]),)
    return tuple(Header(**header) for header in stage.get("headers", ()))

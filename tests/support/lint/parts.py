"""The parts of a combination that changes are made to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from tests.support.lint.objects import NAME, Object

CANARY = f"{NAME}-canary"
Draw = Callable[[st.SearchStrategy[Any]], Any]


class NotHere(Exception):  # noqa: N818 (no error: a change that a combination has no place for)
    """The combination has no place for a change."""


class Parts:
    """The parts of a combination that changes are made to."""

    def __init__(self, objects: list[Object]) -> None:
        self.objects = objects

    def one(self, kind: str, place: int = 0) -> Any:
        found = [item for item in self.objects if item["kind"] == kind]
        if len(found) <= place:
            raise NotHere
        return found[place]

    @property
    def spec(self) -> Any:
        return self.one("Rollout")["spec"]

    @property
    def canary(self) -> Any:
        if "canary" not in self.spec["strategy"]:
            raise NotHere
        return self.spec["strategy"]["canary"]

    @property
    def routing(self) -> Any:
        if "trafficRouting" not in self.canary:
            raise NotHere
        return self.canary["trafficRouting"]

    @property
    def istio(self) -> Any:
        return here(self.routing, "istio")

    @property
    def reference(self) -> Any:
        several = self.istio.get("virtualServices") or [None]
        found = self.istio.get("virtualService") or several[0]
        if found is None:
            raise NotHere
        return found

    @property
    def routes(self) -> Any:
        return here(self.one("VirtualService")["spec"], "http")

    def add(self, item: Object) -> None:
        self.objects.append(item)


def here(value: Any, key: str) -> Any:
    if key not in value:
        raise NotHere
    return value[key]


def put(value: Any, key: str, new: Any) -> None:
    if new is None:
        if key not in value:
            raise NotHere
        del value[key]
    else:
        value[key] = new


def add_step(parts: Parts, draw: Draw, step: Object) -> None:
    steps = parts.canary.setdefault("steps", [])
    steps.insert(draw(st.integers(0, len(steps))), step)

"""From a Rollout's steps to its timeline. Each step gets its words, and what is in force stands at each gate."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from meshroll.errors import BadInputError
from meshroll.manifests.durations import described, seconds
from meshroll.manifests.index import at
from meshroll.manifests.timeline import words
from meshroll.manifests.timeline.model import Gate, Stage, Timeline

_WHOLE = 100
_SHAPES = (AttributeError, BadInputError, KeyError, OverflowError, TypeError, ValueError)
_WEIGHT = "weight"
_KEPT = 10  # old ReplicaSets that Argo Rollouts keeps where the Rollout does not say


def timeline(rollout: Mapping[str, Any], *, undone: int = 0) -> Timeline:
    """The timeline of a Rollout object; what cannot be understood of it is named as it stands.

    `undone` is how many releases a change takes back: Argo Rollouts may then skip the steps.
    """
    strategy = at(rollout, "spec", "strategy")
    canary = at(strategy, "canary")
    steps = at(canary, "steps")
    if at(strategy, "blueGreen") is not None:
        return Timeline((), none="its strategy is blueGreen")
    if not steps:
        return Timeline((), none="it has no steps")
    if not isinstance(steps, list):
        return Timeline((), none=f"its steps are not a list: {words.plain(steps)}")
    most = at(canary, "trafficRouting", "maxTrafficWeight")
    found = timeline_of_steps(steps, background=at(canary, "analysis"), most=most if isinstance(most, int) else _WHOLE)
    if at(rollout, "spec", "paused") is True:
        found = found.with_note("no step is taken while its spec.paused is true")
    window = _rollback_window(rollout)
    if undone and undone <= window:
        return found.without_canary(f"it goes back {_revisions(undone)}, within the rollbackWindow of {window}")
    if undone:
        return found.with_note("no steps where the release has not finished: the stable pods are still those before it")
    return found.with_note(f"no steps where it goes back by {_revisions(window)} or fewer") if window else found


def _rollback_window(rollout: Mapping[str, Any]) -> int:
    """By how many revisions a Rollout goes back without steps: as long as their ReplicaSets are kept."""
    window = at(rollout, "spec", "rollbackWindow", "revisions")
    kept = at(rollout, "spec", "revisionHistoryLimit")
    if not isinstance(window, int):
        return 0
    return max(0, min(window, kept if isinstance(kept, int) else _KEPT))


def _revisions(number: int) -> str:
    return f"{number} revision{'' if number == 1 else 's'}"


def timeline_of_steps(
    steps: Sequence[Any], *, background: Mapping[str, Any] | None = None, most: int = _WHOLE
) -> Timeline:
    """The timeline of canary steps as a Rollout has them; `most` is the weight of all requests."""
    laid = _Laid(most)
    start = at(background, "startingStep") or 0
    for index, step in enumerate(steps):
        if background and index == start:
            laid.background(background)
        laid.step(index, step)
    if background and (not isinstance(start, int) or start >= len(steps)):
        laid.background(background)
    laid.end()
    return Timeline(tuple(laid.stages), tuple(laid.words))


class _Laid:
    """What is in force after the steps so far, and which of it has no words yet."""

    def __init__(self, most: int) -> None:
        self.stages: list[Stage] = []
        self.words: list[str] = []
        self._most = most
        self._weight: int | None = None
        self._headers: dict[str, Mapping[str, Any]] = {}
        self._mirrors: dict[str, Mapping[str, Any]] = {}
        self._pending: dict[str, str] = {}  # by what was set: its words alone

    def step(self, index: int, step: Any) -> None:
        """One step; each of its kinds where it has several."""
        if not isinstance(step, Mapping) or not step:
            self._add(words.as_it_stands(step))
            return
        for kind in sorted(step, key=lambda kind: kind == "pause"):
            try:
                _KINDS[kind](self, index, step[kind])
            except _SHAPES:
                self._add(words.as_it_stands({kind: step[kind]}))

    def background(self, value: Mapping[str, Any]) -> None:
        """The analysis that runs beside the steps."""
        try:
            self._add(f"{words.analysis(value)} in the background from here")
        except _SHAPES:
            self._add(words.as_it_stands({"analysis": value}))

    def end(self) -> None:
        """The end, at which everything goes to the new version."""
        if self._weight == self._most:
            self._pending.pop(_WEIGHT, None)
        self.flush()

    def flush(self) -> None:
        """Add the words of what was set since the last gate."""
        pending, self._pending = self._pending, {}
        self.words += pending.values()

    def _add(self, text: str) -> None:
        self.flush()
        self.words.append(text)

    def _set(self, what: str, text: str) -> None:
        if what in self._pending:
            self.flush()
        self._pending[what] = text

    def _gate(self, stage: Stage, text: str) -> None:
        self._pending = {}
        self.stages.append(stage)
        self.words.append(f"{self._state()} {text}")

    def _stage(self, index: int, gate: Gate, total: int | None = None) -> Stage:
        headers = tuple(header for route in self._headers.values() for header in words.headers(route))
        return Stage(index, self._weight or 0, headers, total, gate)

    def _state(self) -> str:
        parts = [words.header_route(route) for route in self._headers.values()]
        if self._weight is not None or not parts:
            parts.append(f"{self._share(self._weight or 0)}{' of the rest' if parts else ''}")
        return " and ".join([*parts, *(words.mirror_route(route) for route in self._mirrors.values())])

    def _share(self, weight: int) -> str:
        return f"{weight}%" if self._most == _WHOLE else f"{weight} of {self._most}"

    def set_weight(self, _index: int, value: Any) -> None:
        if isinstance(value, bool) or int(value) != value:
            raise ValueError(value)
        self._weight = int(value)
        self._set(_WEIGHT, self._share(int(value)))

    def set_header_route(self, _index: int, value: Any) -> None:
        self._set_route(self._headers, value, words.header_route)

    def set_mirror_route(self, _index: int, value: Any) -> None:
        self._set_route(self._mirrors, value, words.mirror_route)

    def _set_route(
        self, routes: dict[str, Mapping[str, Any]], value: Any, text_of: Callable[[Mapping[str, Any]], str]
    ) -> None:
        name = value["name"]
        if value.get("match") is None:
            self._add(f"without {text_of(routes.pop(name))}" if name in routes else f"without route {name}")
        else:
            text = text_of(value)
            routes.pop(name, None)
            routes[name] = value
            self._set(f"route {name}", text)

    def set_canary_scale(self, _index: int, value: Any) -> None:
        self._add(words.canary_scale(value))

    def pause(self, index: int, value: Any) -> None:
        duration = value.get("duration")
        if duration is None:
            self._gate(self._stage(index, "pause"), "until promoted")
            return
        total = 0
        with suppress(BadInputError):  # the words say so
            total = seconds(duration)
        self._gate(self._stage(index, "pause", total), f"for {described(duration)}")

    def analysis(self, index: int, value: Any) -> None:
        self._gate(self._stage(index, "analysis"), f"until {words.analysis(value)} succeeds")

    def experiment(self, index: int, value: Any) -> None:
        total = None
        with suppress(BadInputError):
            total = seconds(value["duration"]) if value.get("duration") else None
        self._gate(self._stage(index, "experiment", total), f"while {words.experiment(value)}")

    def plugin(self, index: int, value: Any) -> None:
        self._gate(self._stage(index, "plugin"), f"until plug-in {value['name']} succeeds")


_KINDS: Mapping[str, Callable[[_Laid, int, Any], None]] = {
    "setWeight": _Laid.set_weight,
    "pause": _Laid.pause,
    "setHeaderRoute": _Laid.set_header_route,
    "setMirrorRoute": _Laid.set_mirror_route,
    "setCanaryScale": _Laid.set_canary_scale,
    "analysis": _Laid.analysis,
    "experiment": _Laid.experiment,
    "plugin": _Laid.plugin,
}

"""What the real API server and Argo Rollouts make of combinations: refused, with the reason, or taken."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from meshroll.errors import UnavailableError
from meshroll.kube import ApiError, Kube
from tests.support.lint.objects import NAME, Object
from tests.support.sandbox.cluster import MANAGER, namespace

THREADS = 8
SILENT_SECONDS = 25.0  # after which a controller that answered for others will not answer for the rest
_ROLLOUT = ("argoproj.io/v1alpha1", "Rollout")
TAKEN, STUCK = "", "the controller says nothing of the Rollout: it fails at it again and again"


def verdicts(kube: Kube, combinations: Sequence[Sequence[Object]]) -> list[str]:
    """For each combination why it is refused; empty where it is taken. All are applied at once, under own names."""
    with _namespace(kube) as space, ThreadPoolExecutor(THREADS) as pool:
        named = [_named(objects, f"c{number}", space) for number, objects in enumerate(combinations)]
        rest = [[item for item in objects if item["kind"] != "Rollout"] for objects in named]
        refused = list(pool.map(lambda objects: _created(kube, objects), rest))
        rollouts = [[item for item in objects if item["kind"] == "Rollout"] for objects in named]
        late = list(pool.map(lambda objects: _created(kube, objects), rollouts))
        found = [before or after for before, after in zip(refused, late, strict=True)]
        waiting = {f"c{number}": number for number, why in enumerate(found) if not why}
        for name, why in _answers(kube, space, set(waiting)).items():
            found[waiting[name]] = why
        _remove_wide(kube, named)
        return found


@contextmanager
def _namespace(kube: Kube) -> Iterator[str]:
    name = f"lint-{secrets.token_hex(3)}"
    kube.create(namespace(name), field_manager=MANAGER)
    try:
        yield name
    finally:
        kube.delete("v1", "Namespace", name)


def _named(objects: Sequence[Object], name: str, space: str) -> list[Object]:
    """The objects under names of their own."""
    renamed: list[Object] = json.loads(json.dumps(objects).replace(NAME, name))
    for item in renamed:
        if item["kind"] != "ClusterAnalysisTemplate":
            item["metadata"].setdefault("namespace", space)
    return renamed


def _created(kube: Kube, objects: Sequence[Object]) -> str:
    """Create objects; why the API server refuses one."""
    why = ""
    for item in objects:
        try:
            kube.create(item, field_manager=MANAGER)
        except ApiError as error:
            why = why or f"the API server: {error}"
    return why


def _answers(kube: Kube, space: str, names: set[str]) -> dict[str, str]:
    """What the controller says of each Rollout: why it is invalid, or nothing."""
    found: dict[str, str] = {}
    deadline = time.monotonic() + SILENT_SECONDS
    while len(found) < len(names) and time.monotonic() < deadline:
        try:
            rollouts = kube.list(*_ROLLOUT, space)
        except UnavailableError:
            continue
        for item in rollouts:
            name = item["metadata"]["name"]
            answer = _answer(item)
            if name in names and answer is not None:
                if name not in found:
                    deadline = time.monotonic() + SILENT_SECONDS
                found[name] = answer
    return found | dict.fromkeys(names - found.keys(), STUCK)


def _answer(item: Object) -> str | None:
    status: dict[str, Any] = item.get("status") or {}
    conditions = {each["type"]: each for each in status.get("conditions") or ()}
    invalid = conditions.pop("InvalidSpec", {})
    if invalid.get("status") == "True":
        return str(invalid["message"])
    return TAKEN if conditions else None


def _remove_wide(kube: Kube, every: Sequence[Sequence[Object]]) -> None:
    for item in (item for objects in every for item in objects if item["kind"] == "ClusterAnalysisTemplate"):
        kube.delete(item["apiVersion"], item["kind"], item["metadata"]["name"])

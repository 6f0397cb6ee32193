"""A cluster's API that holds objects, with resource versions and merge patches as an API server has them."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from meshroll.kube import ApiError

Object = dict[str, Any]
Change = Callable[[Object], None]


class Store:
    """Holds objects by kind, namespace and name, and records each patch.

    `between` is what others do: one change (or none) for each patch that comes, made to its object just before.
    """

    def __init__(self, name: str, *objects: Object) -> None:
        self.name = name
        self.objects = {(item["kind"], item["metadata"]["name"]): copy.deepcopy(item) for item in objects}
        self.patches: list[tuple[str, str, Object, str]] = []
        self.between: list[Change | None] = []
        self.conflicts = 0
        self.after: list[Change] = []  # what a controller makes of each patch, at once

    def get(self, api_version: str, kind: str, name: str, namespace: str | None = None) -> Object | None:
        return copy.deepcopy(self.objects.get((kind, name)))

    def list(self, api_version: str, kind: str, namespace: str | None = None) -> list[Object]:
        return [copy.deepcopy(found) for (of, _), found in self.objects.items() if of == kind]

    def knows(self, api_version: str, kind: str) -> bool:
        return any(of == kind for of, _ in self.objects)

    def put(self, item: Object) -> None:
        self.objects[item["kind"], item["metadata"]["name"]] = copy.deepcopy(item)

    def change(self, kind: str, name: str, change: Change) -> None:
        """Somebody else's write."""
        found = self.objects[kind, name]
        change(found)
        found["metadata"]["resourceVersion"] = str(int(found["metadata"]["resourceVersion"]) + 1)

    def patch(
        self,
        api_version: str,
        kind: str,
        name: str,
        namespace: str | None,
        patch: Object,
        *,
        field_manager: str,
        subresource: str = "",
    ) -> Object:
        assert field_manager == "meshroll"
        meanwhile = self.between.pop(0) if self.between else None
        if meanwhile is not None:
            self.change(kind, name, meanwhile)
        found = self.objects[kind, name]
        version = patch.get("metadata", {}).get("resourceVersion")
        if version not in (None, found["metadata"]["resourceVersion"]):
            self.conflicts += 1
            raise ApiError("modified", status=409, reason="Conflict", where=f"cluster {self.name}")
        metadata = {key: value for key, value in patch.get("metadata", {}).items() if key != "resourceVersion"}
        self.change(kind, name, lambda item: _merge(item, {**patch, "metadata": metadata}))
        self.patches.append((kind, name, patch, subresource))
        answer = copy.deepcopy(found)
        if self.after:
            self.change(kind, name, self.after.pop(0))
        return answer


def _merge(into: Object, patch: Object) -> None:
    for key, value in patch.items():
        if value is None:
            into.pop(key, None)
        elif isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = copy.deepcopy(value)

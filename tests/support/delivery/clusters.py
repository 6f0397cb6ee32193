"""A cluster's API that plays back states: every read of an object moves on to its next one."""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from typing import Any

Object = dict[str, Any]


class PlayedCluster:
    """Answers `get` from a list of states by kind (the last stays; an error is raised), records `patch`.

    `list` answers all states under the kind's plural, `Rollouts` for instance.
    """

    def __init__(self, name: str, states: Mapping[str, Sequence[Any]]) -> None:
        self.name = name
        self._states = {kind: list(played) for kind, played in states.items()}
        self.patches: list[tuple[str, str, Object, str]] = []
        self.refusals: list[Exception] = []

    def get(self, api_version: str, kind: str, name: str, namespace: str | None = None) -> Object | None:
        played = self._states[kind]
        state = played.pop(0) if len(played) > 1 else played[0]
        if isinstance(state, Exception):
            raise state
        return state

    def list(self, api_version: str, kind: str, namespace: str | None = None) -> builtins.list[Object]:
        return [item for item in self._states.get(f"{kind}s", []) if isinstance(item, dict)]

    def knows(self, api_version: str, kind: str) -> bool:
        return kind in self._states

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
        if self.refusals:
            raise self.refusals.pop(0)
        self.patches.append((kind, name, patch, subresource))
        return {}

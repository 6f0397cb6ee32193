"""Objects found by kind, namespace and name, and named for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

Object = Mapping[str, Any]


def at(value: Any, *keys: str) -> Any:
    """A value deep inside, or None where the way to it ends."""
    for key in keys:
        if not isinstance(value, dict) and not isinstance(value, Mapping):  # the first is quicker, and the usual case
            return None
        value = value.get(key)
    return value


def name_of(item: Object) -> str:
    """The object's name, "" without one."""
    return str(at(item, "metadata", "name") or "")


def namespace_of(item: Object) -> str:
    """The object's namespace, "" without one."""
    return str(at(item, "metadata", "namespace") or "")


def title(item: Object) -> str:
    """An object as errors name it: "Rollout dubbo/dubbo3-provider"."""
    return f"{item.get('kind', '?')} {'/'.join(part for part in (namespace_of(item), name_of(item)) if part)}".rstrip()


class Index:
    """A set of objects to look names up in."""

    def __init__(self, objects: Sequence[Object]) -> None:
        self._titles = Counter(title(item) for item in objects)
        self._objects = {(item.get("kind"), namespace_of(item), name_of(item)): item for item in objects}

    @property
    def duplicates(self) -> dict[str, int]:
        """Titles that more than one object has, with their number."""
        return {name: count for name, count in self._titles.items() if count > 1}

    def get(self, kind: str, namespace: str, name: str) -> Object | None:
        """One object, or None."""
        return self._objects.get((kind, namespace, name))

    def service_of(self, host: str, namespace: str) -> Object | None:
        """The Service a host stands for: a short name, or one followed by its namespace."""
        name, _, rest = host.partition(".")
        return self.get("Service", rest.split(".")[0] if rest else namespace, name)

"""Values deep inside objects, and objects named for people."""

from __future__ import annotations

from collections.abc import Mapping
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

"""Property values of the Pulumi SDK to plain Python values and back.

Every number arrives as a float, so whole ones become integers again: Kubernetes refuses 1.0 where it wants 1. A value
that a preview does not know yet arrives as a marker string.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi.provider.experimental.property_value import Computed, PropertyValue
from pulumi.runtime.rpc import UNKNOWN

Properties = Mapping[str, PropertyValue]


def plain(value: PropertyValue) -> Any:
    """The value without its secret and dependency wrappers."""
    inner = value.value
    if isinstance(inner, str):  # first: most values are, and asking whether one is a mapping takes a while
        return inner
    if isinstance(inner, float):
        return int(inner) if inner.is_integer() else inner
    if isinstance(inner, Mapping):
        return {key: plain(item) for key, item in inner.items()}
    if isinstance(inner, list | tuple):
        return [plain(item) for item in inner]
    return inner


def plain_map(properties: Properties) -> dict[str, Any]:
    """All properties as plain values."""
    return {key: plain(value) for key, value in properties.items()}


def wrap(value: Any, *, secret: bool = False) -> PropertyValue:
    """A plain value for the engine."""
    if isinstance(value, Mapping):
        return PropertyValue({key: wrap(item) for key, item in value.items()}, is_secret=secret)
    if isinstance(value, list | tuple):
        return PropertyValue([wrap(item) for item in value], is_secret=secret)
    if isinstance(value, int) and not isinstance(value, bool):
        return PropertyValue(float(value), is_secret=secret)
    return PropertyValue(value, is_secret=secret)


def is_unknown(value: PropertyValue) -> bool:
    """Whether some part of a value is not known before an update."""
    inner = value.value
    if isinstance(inner, str | float | bool):
        return inner == UNKNOWN
    if isinstance(inner, Mapping):
        return any(is_unknown(item) for item in inner.values())
    if isinstance(inner, list | tuple):
        return any(is_unknown(item) for item in inner)
    return isinstance(inner, Computed)


def secret_place(value: PropertyValue, where: str) -> str | None:
    """The place of a value's first secret part, such as `services[0].version`; None without one."""
    if value.is_secret:
        return where
    inner = value.value
    if isinstance(inner, str | float | bool):
        return None
    if isinstance(inner, Mapping):
        parts = [(item, f"{where}.{key}") for key, item in inner.items()]
    else:
        items = inner if isinstance(inner, list | tuple) else ()
        parts = [(item, f"{where}[{index}]") for index, item in enumerate(items)]
    return next((found for item, at in parts if (found := secret_place(item, at)) is not None), None)


def with_secret_at(value: PropertyValue, *path: str) -> PropertyValue:
    """The same value with the part at a path of keys made secret, if it is there."""
    if not path:
        return value.with_secret(True)
    inner = value.value
    if not isinstance(inner, Mapping) or path[0] not in inner:
        return value
    return value.with_value({**inner, path[0]: with_secret_at(inner[path[0]], *path[1:])})

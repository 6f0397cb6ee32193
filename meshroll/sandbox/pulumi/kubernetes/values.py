"""Between the engine's property values and plain JSON values, with integers as integers and secrets remembered.

The wire format knows doubles only, so a whole double becomes an integer again before it reaches the API. Plain values
carry no secretness; `marked` puts it back where a value with the same shape carries it. A value that is not known yet
travels as one of the engine's well-known strings and is left as it is, so that a preview can hand it back unchanged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pulumi.provider.experimental.property_value import PropertyValue

Properties = Mapping[str, PropertyValue]

UNKNOWN = frozenset(
    {
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",  # string
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # bool
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # array
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # object
        "030794c1-ac77-496b-92df-f27374a8bd58",  # asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # archive
    }
)


def plain(properties: Properties) -> dict[str, Any]:
    """The plain object: null members left out, whole numbers as integers, secretness dropped."""
    return {key: _plain(value) for key, value in properties.items() if value.value is not None}


def marked(value: Mapping[str, Any], like: Properties) -> dict[str, PropertyValue]:
    """Property values of a plain object, secret where `like` has a secret at the same place."""
    return {key: _marked(item, like.get(key)) for key, item in value.items()}


def has_unknown(value: Any) -> bool:
    """Whether a plain value holds something that is not known yet."""
    if isinstance(value, str):
        return value in UNKNOWN
    if isinstance(value, Mapping):
        return any(has_unknown(item) for item in value.values())
    if isinstance(value, Sequence):
        return any(has_unknown(item) for item in value)
    return False


def _plain(value: PropertyValue) -> Any:
    inner = value.value
    if isinstance(inner, float):
        return int(inner) if inner.is_integer() else inner
    if inner is None or isinstance(inner, (bool, str)):
        return inner
    if isinstance(inner, Mapping):
        return plain(inner)
    if isinstance(inner, Sequence):
        return [_plain(item) for item in inner if isinstance(item, PropertyValue)]
    raise TypeError(f"a {value.type.value} has no place in a Kubernetes object")


def _marked(value: Any, like: PropertyValue | None) -> PropertyValue:
    if like is not None and like.is_secret:
        return _marked(value, None).with_secret(True)
    inner = like.value if like is not None else None
    if isinstance(value, Mapping):
        if like is not None and not isinstance(inner, Mapping) and like.contains_secret():
            return _marked(value, None).with_secret(True)
        return PropertyValue(marked(value, inner if isinstance(inner, Mapping) else {}))
    if isinstance(value, Sequence) and not isinstance(value, str):
        # An element may have moved, so a list whose length changed is secret as a whole when any of it was.
        likes = inner if isinstance(inner, tuple) and len(inner) == len(value) else None
        if likes is None:
            items = PropertyValue([_marked(item, None) for item in value])
            return items.with_secret(like is not None and like.contains_secret())
        return PropertyValue([_marked(item, other) for item, other in zip(value, likes, strict=True)])
    if isinstance(value, int) and not isinstance(value, bool):
        return PropertyValue(float(value))
    return PropertyValue(value)

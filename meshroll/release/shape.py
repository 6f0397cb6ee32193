"""The shape of plain values: checked with the place of what is wrong, and described to tools.

A shape says of a value which type it has, of a mapping which keys, and the value of a key that is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from meshroll.errors import BadInputError

Type = Literal["string", "integer", "boolean", "object", "array"]
_PYTHON: dict[Type, type] = {"string": str, "integer": int, "boolean": bool, "object": dict, "array": list}
_NAMES: dict[Type, str] = {
    "string": "a string",
    "integer": "a whole number",
    "boolean": "true or false",
    "object": "a mapping",
    "array": "a list",
}


@dataclass(frozen=True)
class Shape:
    """A value's type. Of an object `keys` are the known keys, of an array `items` is what each item is.

    An object with `items` and no `keys` is a map of such values. Without both, anything may be inside. `default` is the
    value of a key that is left out and not `required`.
    """

    type: Type
    required: bool = False
    default: Any = None
    choices: tuple[str, ...] = ()
    keys: Mapping[str, Shape] = field(default_factory=dict)
    items: Shape | None = None
    description: str = ""


def checked(value: Any, shape: Shape, where: str = "") -> Any:
    """The value with defaults filled in. Keys that the shape does not know are left out where it knows any.

    Raises BadInputError for what is missing or of another type, with its place such as `services[0].name`.
    """
    expected = " or ".join(shape.choices) if shape.choices else _NAMES[shape.type]
    if value is None:
        raise BadInputError("it is missing", where=where, expected=expected)
    if not _is(value, shape.type):
        raise BadInputError(f"it is not {_NAMES[shape.type]}", where=where, expected=expected)
    if shape.choices and value not in shape.choices:
        raise BadInputError(f"{value!r} is unknown", where=where, expected=expected)
    if shape.keys:
        return {key: _key(value, key, inner, where) for key, inner in shape.keys.items()}
    if shape.items is None:
        return value
    if shape.type == "object":
        return {key: checked(item, shape.items, _below(where, key)) for key, item in value.items()}
    return [checked(item, shape.items, f"{where}[{index}]") for index, item in enumerate(value)]


def _is(value: Any, kind: Type) -> bool:
    return isinstance(value, _PYTHON[kind]) and (kind == "boolean" or not isinstance(value, bool))


def _key(values: Mapping[str, Any], key: str, shape: Shape, where: str) -> Any:
    value = values.get(key)
    if value is None and not shape.required:
        return shape.default
    return checked(value, shape, _below(where, key))


def _below(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key

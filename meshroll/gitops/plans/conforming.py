"""Whether a document fits the plan's schema, without the library for it, whose import takes longer than an apply.

Yes is certain. No may also mean that a keyword or a value is of a kind that is not known here: then the library
decides, and says what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

Schema = Mapping[str, Any]

_DESCRIBING: Final = frozenset({"$schema", "$defs", "title", "description"})
_TYPES: Final[Mapping[str, type]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "boolean": bool,
    "null": type(None),
}


def conforms(value: Any, schema: Schema) -> bool:
    """Whether a value, as `json.loads` makes it, certainly fits a schema."""
    return _fits(value, schema, schema)


def _fits(value: Any, rule: Schema, root: Schema) -> bool:
    return all(
        keyword in _DESCRIBING or (keyword in _KEYWORDS and _KEYWORDS[keyword](value, rule, root)) for keyword in rule
    )


def _reference(value: Any, rule: Schema, root: Schema) -> bool:
    return _fits(value, root["$defs"][rule["$ref"].removeprefix("#/$defs/")], root)


def _type(value: Any, rule: Schema, _: Schema) -> bool:
    names = rule["type"] if isinstance(rule["type"], list) else [rule["type"]]
    return any(type(value) is _TYPES[name] for name in names)  # not isinstance: True is an int to Python alone


def _enum(value: Any, rule: Schema, _: Schema) -> bool:
    return type(value) in (str, int) and any(type(value) is type(each) and value == each for each in rule["enum"])


def _required(value: Any, rule: Schema, _: Schema) -> bool:
    return type(value) is dict and value.keys() >= {*rule["required"]}


def _properties(value: Any, rule: Schema, root: Schema) -> bool:
    known = rule["properties"]
    return type(value) is dict and all(_fits(item, known[key], root) for key, item in value.items() if key in known)


def _additional(value: Any, rule: Schema, root: Schema) -> bool:
    known, others = rule.get("properties", {}), rule["additionalProperties"]
    return type(value) is dict and all(
        key in known or (others is not False and _fits(item, others, root)) for key, item in value.items()
    )


def _items(value: Any, rule: Schema, root: Schema) -> bool:
    return type(value) is list and all(_fits(item, rule["items"], root) for item in value)


def _any_of(value: Any, rule: Schema, root: Schema) -> bool:
    return any(_fits(value, each, root) for each in rule["anyOf"])


def _least(value: Any, rule: Schema, _: Schema) -> bool:
    return type(value) is int and value >= rule["minimum"]


def _length(value: Any, rule: Schema, _: Schema) -> bool:
    return type(value) is str and len(value) >= rule["minLength"]


def _pattern(value: Any, rule: Schema, _: Schema) -> bool:
    return type(value) is str and re.search(rule["pattern"], value) is not None


_KEYWORDS: Final[Mapping[str, Callable[[Any, Schema, Schema], bool]]] = {
    "$ref": _reference,
    "type": _type,
    "enum": _enum,
    "required": _required,
    "properties": _properties,
    "additionalProperties": _additional,
    "items": _items,
    "anyOf": _any_of,
    "minimum": _least,
    "minLength": _length,
    "pattern": _pattern,
}

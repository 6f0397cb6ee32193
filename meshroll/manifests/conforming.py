"""Whether a value surely conforms to a JSON schema (2020-12), without the library that says why it does not.

jsonschema takes a sixteenth of a second of processor time to import, and checks slowly; nearly every value conforms.
What is not sure is not said here: a keyword that is not known, a type in a rare disguise. jsonschema decides then.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

Schema = Mapping[str, Any]
# The keyword's argument, the value, the schema around the keyword: whether the value surely passes.
Keyword = Callable[[Any, Any, Schema], bool]

_TYPES: Final[Mapping[str, Callable[[Any], bool]]] = {
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: type(value) is int,
    "number": lambda value: type(value) in (int, float),
    "boolean": lambda value: type(value) is bool,
    "object": lambda value: type(value) is dict,
    "array": lambda value: type(value) is list,
    "null": lambda value: value is None,
}
_SAYS_NOTHING: Final = frozenset(
    {"$schema", "$id", "$defs", "title", "description", "default", "writeOnly", "expected", "form", "private"}
)


def conforms(value: Any, schema: Schema, own: Mapping[str, Keyword] | None = None) -> bool:
    """Whether the value surely conforms; `own` has keywords of the caller, also in the place of one of these."""
    return _Check(schema, own or {}).passes(value, schema)


class _Check:
    """One schema with the references into it."""

    def __init__(self, root: Schema, own: Mapping[str, Keyword]) -> None:
        self._root = root
        self._keywords: dict[str, Keyword] = {
            "$ref": lambda name, value, _: self._refers(name, value),
            "anyOf": lambda branches, value, _: any(self.passes(value, branch) for branch in branches),
            "items": lambda inner, value, _: type(value) is not list or all(self.passes(item, inner) for item in value),
            "propertyNames": lambda inner, value, _: (
                type(value) is not dict or all(self.passes(key, inner) for key in value)
            ),
            "properties": lambda inner, value, _: (
                type(value) is not dict or all(self.passes(value[key], inner[key]) for key in value if key in inner)
            ),
            "patternProperties": lambda inner, value, _: self._named_by_pattern(inner, value),
            "additionalProperties": self._others,
            **_KEYWORDS,
            **own,
        }

    def passes(self, value: Any, schema: Any) -> bool:
        if isinstance(schema, bool):
            return schema
        keywords = self._keywords
        return all(
            key in keywords and keywords[key](argument, value, schema)
            for key, argument in schema.items()
            if key not in _SAYS_NOTHING
        )

    def _refers(self, name: str, value: Any) -> bool:
        place, _, definition = name.rpartition("/")
        return place == "#/$defs" and self.passes(value, self._root["$defs"][definition])

    def _named_by_pattern(self, inner: Schema, value: Any) -> bool:
        return type(value) is not dict or all(
            self.passes(item, rule)
            for key, item in value.items()
            for pattern, rule in inner.items()
            if re.search(pattern, key)
        )

    def _others(self, inner: Any, value: Any, schema: Schema) -> bool:
        if type(value) is not dict:
            return True
        known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
        others = [key for key in value if key not in known and not any(re.search(pattern, key) for pattern in patterns)]
        return all(self.passes(value[key], inner) for key in others)


def _is_one_of(allowed: Any, value: Any, _: Schema) -> bool:
    return any(type(value) is type(each) and value == each for each in allowed)


def _is_not(schema: Schema, value: Any, _: Schema) -> bool:
    """Sure of a text that is none of some others."""
    return schema.keys() == {"enum"} and isinstance(value, str) and value not in schema["enum"]


def _has_one(branches: Any, value: Any, _: Schema) -> bool:
    """Sure where each branch asks for keys and nothing else."""
    asked = all(branch.keys() == {"required"} for branch in branches)
    return asked and type(value) is dict and sum(value.keys() >= set(branch["required"]) for branch in branches) == 1


def _is_of_type(kinds: Any, value: Any, _: Schema) -> bool:
    return any(_TYPES[kind](value) for kind in ([kinds] if isinstance(kinds, str) else kinds))


def _of(kind: type | tuple[type, ...], holds: Callable[[Any, Any], bool]) -> Keyword:
    """A keyword about values of a kind; it says nothing about others."""
    return lambda argument, value, _: not isinstance(value, kind) or holds(argument, value)


_KEYWORDS: Final[Mapping[str, Keyword]] = {
    "type": _is_of_type,
    "enum": _is_one_of,
    "not": _is_not,
    "oneOf": _has_one,
    "pattern": _of(str, lambda pattern, value: re.search(pattern, value) is not None),
    "minLength": _of(str, lambda least, value: len(value) >= least),
    "maxLength": _of(str, lambda most, value: len(value) <= most),
    "minimum": _of((int, float), lambda least, value: value >= least),
    "maximum": _of((int, float), lambda most, value: value <= most),
    "required": _of(dict, lambda keys, value: all(key in value for key in keys)),
    "minProperties": _of(dict, lambda least, value: len(value) >= least),
    "maxProperties": _of(dict, lambda most, value: len(value) <= most),
    "minItems": _of(list, lambda least, value: len(value) >= least),
    "maxItems": _of(list, lambda most, value: len(value) <= most),
    "uniqueItems": _of(
        list, lambda _, value: all(isinstance(item, str) for item in value) and len({*value}) == len(value)
    ),
}

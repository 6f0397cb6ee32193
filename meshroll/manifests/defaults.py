"""Parameters made complete: defaults filled in, keys in one order, numbers as they were meant.

A default may hold placeholders for the parameters before it and for what is built in (`service`, `namespace`,
`version`). What the user wrote is never looked into for placeholders.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from meshroll.manifests.substitute import ABSENT, substitute

Schema = Mapping[str, Any]


def completed(schema: Schema, built_in: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """All values by name; parameters that are neither given nor have a default are `ABSENT`."""
    values = dict(built_in)
    for name, rule in schema["properties"].items():
        values[name] = _complete(rule, given.get(name, ABSENT), values, f"the default of {name}")
    return values


def placeholder_values(schema: Schema, built_in: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The same, each in the form it is rendered in.

    `nameValueList` makes a list of a container's variables: each with its text, or with the source of its value.
    """
    values = completed(schema, built_in, given)
    for name, rule in schema["properties"].items():
        if rule.get("form") == "nameValueList" and values[name] is not ABSENT:
            values[name] = [
                {"name": key, "valueFrom" if isinstance(item, Mapping) else "value": item}
                for key, item in values[name].items()
            ]
    return values


def _complete(schema: Schema, value: Any, values: Mapping[str, Any], where: str) -> Any:
    if value is ABSENT:
        return substitute(schema["default"], values, where) if "default" in schema else ABSENT
    if isinstance(value, Mapping):
        properties = schema.get("properties", {})
        extra = {key: schema.get("additionalProperties") or {} for key in sorted(value.keys() - properties.keys())}
        pairs = (
            (key, _complete(part, value.get(key, ABSENT), values, where))
            for key, part in {**properties, **extra}.items()
        )
        return {key: item for key, item in pairs if item is not ABSENT}
    if isinstance(value, list | tuple):
        return [_complete(schema.get("items", {}), item, values, where) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)  # JSON on the way through Pulumi knows no integers
    return value

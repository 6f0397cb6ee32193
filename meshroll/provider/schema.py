"""The package schema of the plug-in, for tools that ask (`pulumi package get-schema`); the program does not need it."""

from __future__ import annotations

import json
from typing import Any

from meshroll.provider import NAME, RELEASE, VERSION
from meshroll.release.property_shapes import COMPUTED, SHAPE
from meshroll.release.shape import Shape

_ANY: dict[str, Any] = {"$ref": "pulumi.json#/Any"}
_TEXT: dict[str, Any] = {"type": "string"}
_SECRET = frozenset({"credentials"})


def schema() -> str:
    """JSON as the engine wants it: the shape of a Release's properties, each mapping with known keys as a type."""
    types: dict[str, Any] = {}
    given = {key: shape for key, shape in SHAPE.keys.items() if key not in COMPUTED}
    outputs = {"commit": _TEXT, "versions": {"type": "object", "additionalProperties": _TEXT}}
    release = {
        "description": "The versions of services, committed to the rollout repository.",
        "properties": outputs,
        "required": list(outputs),
        "inputProperties": {key: _property(key, shape, types) for key, shape in given.items()},
        "requiredInputs": [key for key, shape in given.items() if shape.required],
    }
    return json.dumps({"name": NAME, "version": VERSION, "types": types, "resources": {RELEASE: release}})


def _property(key: str, shape: Shape, types: dict[str, Any], within: str = "Release") -> dict[str, Any]:
    known = f"One of {', '.join(shape.choices)}." if shape.choices else ""
    description = " ".join(part for part in (shape.description, known) if part)
    return {
        **_type(f"{within}{key[:1].upper()}{key[1:]}", shape, types),
        **({"description": description} if description else {}),
        **({"default": shape.default} if shape.default and isinstance(shape.default, str | int) else {}),
        **({"secret": True} if key in _SECRET else {}),
    }


def _type(name: str, shape: Shape, types: dict[str, Any]) -> dict[str, Any]:
    if shape.keys:
        types[f"{NAME}:index:{name}"] = {
            "type": "object",
            "properties": {key: _property(key, inner, types, name) for key, inner in shape.keys.items()},
            "required": [key for key, inner in shape.keys.items() if inner.required],
        }
        return {"$ref": f"#/types/{NAME}:index:{name}"}
    items = _type(f"{name}Item", shape.items, types) if shape.items else _ANY
    if shape.type == "object":
        return {"type": "object", "additionalProperties": items}
    return {"type": "array", "items": items} if shape.type == "array" else {"type": shape.type}

"""The package schema of the plug-in, for tools that ask; the program does not need it."""

from __future__ import annotations

import json
from typing import Any

from meshroll.provider import NAME, RELEASE, VERSION

_TEXT: dict[str, Any] = {"type": "string"}
_NUMBER: dict[str, Any] = {"type": "integer"}
_ANY: dict[str, Any] = {"$ref": "pulumi.json#/Any"}
_MAP: dict[str, Any] = {"type": "object", "additionalProperties": _ANY}
_LIST: dict[str, Any] = {"type": "array", "items": _ANY}


def schema() -> str:
    """JSON as the engine wants it."""
    outputs = {"commit": _TEXT, "versions": {"type": "object", "additionalProperties": _TEXT}}
    inputs = {
        **dict.fromkeys(("stack", "path", "namespace", "wait", "onHeld"), _TEXT),
        **dict.fromkeys(("repository", "argocd", "mesh", "lint"), _MAP),
        **dict.fromkeys(("services", "workers"), _LIST),
        **dict.fromkeys(("timeoutSeconds", "wave"), _NUMBER),
    }
    release = {
        "description": "The versions of services, committed to the rollout repository.",
        "properties": outputs,
        "required": list(outputs),
        "inputProperties": inputs,
        "requiredInputs": ["stack", "repository", "path", "namespace", "services"],
    }
    return json.dumps({"name": NAME, "version": VERSION, "resources": {RELEASE: release}})

"""Checkpointed state in the official plug-in's shape, so that a stack can move to it. Pure.

It is the live object beside `__inputs`, `__initialApiVersion` and `__fieldManager`, with what is secret marked so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi.provider.experimental.property_value import PropertyValue

from meshroll.sandbox.pulumi.kubernetes.inputs import Object
from meshroll.sandbox.pulumi.kubernetes.values import Properties, marked, plain

SECRET_MEMBERS = ("data", "stringData")


def recorded(live: Object, inputs: Properties, manager: str) -> dict[str, PropertyValue]:
    """What is checkpointed of a live object that was made of these inputs under this field manager."""
    body = plain(inputs)
    state = marked(live, _secret_data(inputs))
    state["__inputs"] = PropertyValue(dict(inputs))
    state["__initialApiVersion"] = PropertyValue(str(body.get("apiVersion", "")))
    state["__fieldManager"] = PropertyValue(manager)
    return secret_where_due(state, live)


def _secret_data(inputs: Properties) -> Properties:
    """Inputs whose secret `stringData` also says what is secret in `data`, where the server puts it."""
    text = inputs.get("stringData")
    return {**inputs, "data": inputs.get("data", text)} if text is not None else inputs


def secret_where_due(values: Mapping[str, PropertyValue], body: Object) -> dict[str, PropertyValue]:
    """A Secret's content is secret whether or not the program said so."""
    if body.get("apiVersion") != "v1" or body.get("kind") != "Secret":
        return dict(values)
    return {key: value.with_secret(True) if key in SECRET_MEMBERS else value for key, value in values.items()}


def checkpoint(state: Properties) -> tuple[Object, Object]:
    """The live object and the inputs of a checkpointed state."""
    live: dict[str, Any] = plain(state)
    inputs = live.get("__inputs", {})
    return {key: value for key, value in live.items() if not key.startswith("__")}, inputs

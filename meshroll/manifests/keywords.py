"""The keywords of parameter schemas that JSON Schema does not have: what breaks them, with the path to it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]
Broken = tuple[str, list[str | int]]  # a sentence, and the path below the value
OwnKeyword = Callable[[Any, object, Schema], Iterator[Broken]]  # the argument, the value, the schema around the keyword

SHOWN_LENGTH = 60


def rising(key: str, instance: object, _schema: Schema) -> Iterator[Broken]:
    """The values of a key must rise along a list."""
    before: tuple[int, float] | None = None
    for index, item in enumerate(instance if isinstance(instance, list) else []):
        value = item.get(key) if isinstance(item, dict) else None
        if isinstance(value, bool) or not isinstance(value, int | float):
            continue
        if before is not None and value <= before[1]:
            yield f"{value:g} does not rise above the {before[1]:g} of step {before[0] + 1}", [index, key]
        before = index, value


def exactly_one(keys: list[str], instance: object, _schema: Schema) -> Iterator[Broken]:
    """An object must have one of the keys and no other of them."""
    if isinstance(instance, dict) and sum(key in instance for key in keys) != 1:
        yield f"exactly one of {quoted(keys)} is needed", []


def distinct(keys: list[str], instance: object, schema: Schema) -> Iterator[Broken]:
    """The values of the keys, defaults included, must differ."""
    if not isinstance(instance, dict):
        return
    values = [instance.get(key, schema["properties"][key].get("default")) for key in keys]
    for index in range(1, len(keys)):
        if values[index] in values[:index]:
            given = [key for key in keys if key in instance]
            yield f"{quoted(keys)} are both {shown(values[index])}", [*given[:1]]


OWN: Mapping[str, OwnKeyword] = {"rising": rising, "exactlyOne": exactly_one, "distinct": distinct}


def quoted(keys: list[str]) -> str:
    """Keys as a sentence names them."""
    return " and ".join(f"`{key}`" for key in keys)


def shown(value: object) -> str:
    """A value as a sentence names it; a long one is cut."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= SHOWN_LENGTH else text[: SHOWN_LENGTH - 1] + "…"

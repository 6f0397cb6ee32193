"""Structural substitution: values are put into a parsed template, never text into text.

In a template's strings, `${name}` is a parameter and `${name.key}` a key of one. A string that is one placeholder
becomes the value, with its type; where the parameter is absent, the key or list item that holds the placeholder goes
away. Inside a longer string a placeholder is written out as text. A list item `${*name}` becomes the items of a list.
Keys of a template are never substituted and values are never looked into, so that no value can add a key or a
placeholder.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from meshroll.errors import BadInputError
from meshroll.yamltext import Date

_WHOLE = re.compile(r"\$\{([A-Za-z]\w*(?:\.\w+)*)\}")
_SPLICE = re.compile(r"\$\{\*([A-Za-z]\w*(?:\.\w+)*)\}")
ABSENT: Any = object()


def substitute(template: Any, values: Mapping[str, Any], where: str) -> Any:
    """The template with every placeholder replaced; `ABSENT` when it is one placeholder without a value.

    Raises BadInputError (with `where`) for a placeholder that names no parameter: `values` holds them all, absent
    ones as `ABSENT`.
    """
    match template:
        case dict():
            items = ((key, substitute(value, values, where)) for key, value in template.items())
            return {key: value for key, value in items if value is not ABSENT}
        case list():
            return [item for part in template for item in _items(part, values, where)]
        case str():
            return _text(template, values, where)
        case Date():  # to Kubernetes it is text
            return template.text
        case _:
            return template


def _items(part: Any, values: Mapping[str, Any], where: str) -> list[Any]:
    splice = _SPLICE.fullmatch(part) if isinstance(part, str) else None
    if splice is None:
        value = substitute(part, values, where)
        return [] if value is ABSENT else [value]
    value = _lookup(splice[1], values, where)
    if value is ABSENT:
        return []
    if not isinstance(value, list):
        raise BadInputError(f"the placeholder {part} needs a list", where=where)
    return value


def _text(text: str, values: Mapping[str, Any], where: str) -> Any:
    whole = _WHOLE.fullmatch(text)
    if whole:
        return _lookup(whole[1], values, where)

    def written(match: re.Match[str]) -> str:
        value = _lookup(match[1], values, where)
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise BadInputError(f"the placeholder {match[0]} cannot stand inside a text", where=where)
        return str(value)

    return _WHOLE.sub(written, text)


def _lookup(name: str, values: Mapping[str, Any], where: str) -> Any:
    value: Any = values
    for part in name.split("."):
        if value is ABSENT or (value is not values and isinstance(value, Mapping) and part not in value):
            return ABSENT
        if not isinstance(value, Mapping) or part not in value:
            raise BadInputError(f"the placeholder ${{{name}}} names no parameter", where=where)
        value = value[part]
    return value

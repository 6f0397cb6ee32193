"""The value of a JSON document where nobody asks for the places in it: a plan, a server's answer, a schema.

Python's own decoder reads it, which is quick, and whose recursion ends with an exception and never with the process.
What other programs do not take (a key twice, NaN, half a surrogate pair), what is too deep and what holds too many
values is refused. To find the place of what is refused, the document is read once more, event by event.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from math import isfinite
from typing import Any, Final

from meshroll.errors import BadInputError
from meshroll.yamltext import from_json
from meshroll.yamltext.nodes import MAX_DEPTH
from meshroll.yamltext.source import BOM, MAX_BYTES, Source, decoded, shortened

MAX_VALUES: Final = 5_000_000  # about 100 bytes of memory each
_STRING: Final = re.compile(r'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")


def read_json(content: bytes, where: str, *, max_bytes: int = MAX_BYTES) -> Any:
    """The value of a document, as Python's `json` has it; `where` is its name in errors.

    Raises BadInputError, one sentence with `file:line:column`, for: not UTF-8, not JSON, a key twice in one object, a
    number that is too long or not finite, more than `max_bytes`, MAX_VALUES or MAX_DEPTH.
    """
    text = decoded(content, where, max_bytes).removeprefix(BOM)
    if _most_values(text) > MAX_VALUES and _most_values(_STRING.sub('""', text)) > MAX_VALUES:
        raise BadInputError(f"holds more than {MAX_VALUES} values", where=where)
    try:
        value = json.loads(text, object_pairs_hook=_once, parse_int=_whole, parse_float=_finite, parse_constant=_finite)
    except (ValueError, RecursionError):
        _check(Source(where, text))
        raise BadInputError("is not JSON that can be read here", where=where) from None
    if _SURROGATE.search(text) or _is_too_deep(value):
        _check(Source(where, text))
    return value


def _most_values(text: str) -> int:
    """At least the number of values in a JSON text; marks within strings count too."""
    return 1 + sum(map(text.count, ",[{"))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found


def _whole(text: str) -> int:
    if len(text) > from_json.MAX_DIGITS:
        raise ValueError
    return int(text)


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError
    return number


def _is_too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            if isinstance(outer, (dict, list))
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
    return any(isinstance(inner, (dict, list)) for inner in level)


@dataclass(slots=True)
class _Open:
    """An object or array whose end has not come yet."""

    keys: set[str] | None  # of an object: those so far
    at_key: bool


def _check(source: Source) -> None:
    """Raise BadInputError with the place of the first thing that is refused, if there is any."""
    open_: list[_Open] = []
    for event in from_json.events(source):
        if event.kind == "end":
            open_.pop()
        inside = open_[-1] if open_ else None
        if event.kind == "scalar" and inside and inside.keys is not None and inside.at_key:
            if event.text in inside.keys:
                raise BadInputError(f"{shortened(event.text)} occurs twice", where=source.where(event.start))
            inside.keys.add(event.text)
            inside.at_key = False
        elif event.kind in ("mapping", "sequence"):
            if len(open_) >= MAX_DEPTH:
                where = source.where(event.start)
                raise BadInputError("is nested too deeply", where=where, expected=f"at most {MAX_DEPTH} levels")
            open_.append(_Open(set() if event.kind == "mapping" else None, at_key=True))
        elif inside:
            inside.at_key = True

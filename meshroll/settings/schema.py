"""stacks/schema.json in use: the first problem of a stack as one sentence, its defaults, and which values are secrets.

Values come here with their references followed, so a text that was `{env: NAME}` is checked like any other, but never
shown: nobody knows what a variable holds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any, Final

from meshroll.errors import BadInputError
from meshroll.manifests.conforming import conforms
from meshroll.resources import resource
from meshroll.settings.document import Pointer
from meshroll.settings.sources import Sealed
from meshroll.yamltext import Date, read_json

FILE: Final = resource("project", "stacks", "schema.json")

_EXPECTED: Final = {
    "string": "a text",
    "integer": "a whole number, without quotes",
    "boolean": "true or false, without quotes",
    "object": "a mapping",
    "array": "a list",
}


@dataclass(frozen=True)
class SchemaProblem:
    """What is wrong with the value at `pointer`."""

    pointer: Pointer
    what: str
    expected: str = ""

    def error(self, where: str) -> BadInputError:
        """The error that a user sees."""
        return BadInputError(self.what, where=where, expected=self.expected)


@cache
def schema() -> Mapping[str, Any]:
    """The schema's document."""
    loaded: dict[str, Any] = read_json(FILE.read_bytes(), FILE.name)
    return loaded


def problem(
    value: Any,
    *,
    order: Callable[[Pointer], tuple[int, int]],
    source: Callable[[Pointer], str],
    hidden: Callable[[Pointer], bool],
) -> SchemaProblem | None:
    """The first problem in the file's order; unknown keys come first, since a misspelt key causes others.

    `source` is how a value was written, `hidden` whether it must not be shown.
    """
    if conforms(value, schema()):
        return None
    from jsonschema import Draft202012Validator

    errors = [
        inner
        for error in Draft202012Validator(schema()).iter_errors(value)
        for inner in _innermost(error)
        if not isinstance(inner.instance, Sealed)
    ]
    found = [(error.validator != "additionalProperties", _problem(error, source, hidden)) for error in errors]
    return min(found, key=lambda item: (item[0], order(item[1].pointer)))[1] if found else None


def fill_defaults(value: Any) -> tuple[Any, frozenset[Pointer]]:
    """The value with the schema's defaults where it is silent, and the pointers of what was filled in."""
    filled: set[Pointer] = set()

    def walk(value: Any, rule: Mapping[str, Any], pointer: Pointer) -> Any:
        if isinstance(value, list):
            return [walk(item, _rule(rule.get("items")), (*pointer, index)) for index, item in enumerate(value)]
        if not isinstance(value, dict):
            return value
        result = dict(value)
        for key, inner in rule.get("properties", {}).items():
            default = _rule(inner).get("default")
            if key not in result and default is not None:
                result[key] = default
                filled.add((*pointer, key))
        return {key: walk(item, _child(rule, key), (*pointer, key)) for key, item in result.items()}

    return walk(value, schema(), ()), frozenset(filled)


def secrets(value: Any) -> frozenset[Pointer]:
    """The pointers that the schema marks as secrets (writeOnly)."""
    return frozenset(pointer for pointer, rule in _walk(value, schema(), ()) if rule.get("writeOnly"))


def suggest(name: str, known: list[str], noun: str = "") -> tuple[str, str]:
    """For an unknown name: the question after the colon, or else what was expected."""
    if close := get_close_matches(name, known, n=1):
        return f": did you mean {close[0]}?", ""
    return "", f"{noun}one of {', '.join(sorted(known))}" if known else f"no {noun.strip() or 'key'} here"


def kind(value: Any) -> str:
    """The kind of a value as a reader knows it."""
    if value is None:
        return "empty"
    kinds: dict[type, str] = {bool: "a truth value", int: "a number", float: "a number", str: "a text"}
    kinds |= {list: "a list", dict: "a mapping", Date: "a date"}
    return kinds.get(type(value), "a text")


def quote_it(value: Any, source: str) -> str:
    """The sentence for something other than text where a text is needed."""
    text = source or json.dumps(value)
    return f'{text} is read as {kind(value)}: quote it, "{text}"'


def _walk(value: Any, rule: Mapping[str, Any], pointer: Pointer) -> Iterator[tuple[Pointer, Mapping[str, Any]]]:
    yield pointer, rule
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _walk(item, _child(rule, key), (*pointer, key))


def _rule(rule: Any) -> Mapping[str, Any]:
    if not isinstance(rule, dict):
        return {}
    if (reference := rule.get("$ref")) is not None:
        return {**_rule(schema()["$defs"][reference.rpartition("/")[2]]), **rule}
    if "anyOf" in rule:  # a value, or a reference to one
        return {**_rule(rule["anyOf"][0]), **rule}
    return rule


def _child(rule: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    return _rule(rule.get("properties", {}).get(key, rule.get("additionalProperties")))


def _innermost(error: Any) -> Iterator[Any]:
    # A value or a reference to one: what counts is why it is not such a value.
    if error.validator != "anyOf":
        yield error
        return
    for inner in error.context:
        if inner.schema_path[0] == 0:
            yield from _innermost(inner)


def _problem(error: Any, source: Callable[[Pointer], str], hidden: Callable[[Pointer], bool]) -> SchemaProblem:
    pointer: Pointer = tuple(error.absolute_path)
    rule, value = error.validator, error.instance
    if "propertyNames" in error.absolute_schema_path:
        return SchemaProblem((*pointer, value), f"{value} cannot be a name", _description(error))
    if rule == "additionalProperties":
        known = list(error.schema.get("properties", {}))
        key = next(key for key in value if key not in known and not _other_namespace(error.schema, key))
        question, expected = suggest(key, known)
        return SchemaProblem((*pointer, key), f"unknown key {key}{question}", expected)
    if rule == "required":
        missing = next(key for key in error.validator_value if key not in value)
        return SchemaProblem(pointer, f"{missing} is missing")
    if rule == "oneOf":
        names = [branch["required"][0] for branch in error.validator_value]
        several = [name for name in names if name in value]
        return SchemaProblem(pointer, f"has both {' and '.join(several)}" if several else f"needs {' or '.join(names)}")
    if rule == "type":
        return _type_problem(error, pointer, "" if hidden(pointer) else source(pointer), hidden=hidden(pointer))
    if rule in {"minItems", "minProperties", "minLength"}:
        return SchemaProblem(pointer, "is empty", _description(error))
    if rule == "uniqueItems":
        return SchemaProblem(pointer, "names the same twice")
    shown = not hidden(pointer) and not isinstance(value, (dict, list))
    subject = (source(pointer) or json.dumps(value)) if shown else "the value"
    if rule in {"enum", "const"}:
        allowed = error.validator_value if rule == "enum" else [error.validator_value]
        return SchemaProblem(pointer, f"{subject} is not known", " or ".join(dict.fromkeys(map(str, allowed))))
    if rule in {"minimum", "maximum"}:
        bounds = f"{error.schema['minimum']} to {error.schema['maximum']}"
        return SchemaProblem(pointer, f"{subject} is out of range", bounds)
    return SchemaProblem(pointer, f"{subject} does not fit", _description(error))


def _type_problem(error: Any, pointer: Pointer, source: str, *, hidden: bool) -> SchemaProblem:
    wanted, value = error.validator_value, error.instance
    if wanted == "string" and isinstance(value, (bool, int, float, Date)):
        return SchemaProblem(pointer, "must be quoted" if hidden else quote_it(value, source))
    subject = source if source and not isinstance(value, (dict, list)) and "\n" not in source else "the value"
    return SchemaProblem(pointer, f"{subject} is {kind(value)}", _EXPECTED[wanted])


def _other_namespace(rule: Mapping[str, Any], key: str) -> bool:
    return any(re.search(pattern, key) for pattern in rule.get("patternProperties", {}))


def _description(error: Any) -> str:
    # The nearest description above the failed rule says what the value is for.
    while error is not None:
        if isinstance(error.schema, dict) and (text := error.schema.get("description")):
            return str(text).rstrip(".")[:1].lower() + str(text).rstrip(".")[1:]
        error = error.parent
    return ""

"""A template's parameters against its JSON schema, in sentences for the person who wrote them.

The schemas are JSON Schema 2020-12 with keywords of our own, for what the standard cannot say or says obscurely:
`rising` (a key whose values must rise along a list), `exactlyOne` and `distinct` (lists of keys of an object),
`expected` (the words for an error), `private` (a value that no error shows) and `form: nameValueList` (how an object is
rendered: see `templates`). `pattern` covers the whole text, as everybody who writes one means.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from meshroll.manifests.keywords import OWN, OwnKeyword, Schema, quoted, shown
from meshroll.manifests.problem import Problem, pointer

_TYPES = {
    "string": "a string",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "a mapping",
    "array": "a list",
}


def problems(schema: Schema, parameters: object) -> list[Problem]:
    """Everything wrong with the parameters, in the order of their pointers, each pointer relative to them."""
    errors = _Validator(schema).iter_errors(_plain(parameters))
    found = [_problem(error) for error in errors]
    return sorted(set(found), key=lambda problem: (problem.pointer, problem.message))


def _plain(value: object) -> object:
    """Mappings and tuples as the dictionaries and lists that the validator knows."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _pattern(_validator: Any, pattern: str, instance: object, _schema: Schema) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not re.fullmatch(pattern, instance):
        yield ValidationError("")


def _validated(broken: OwnKeyword) -> Any:
    def validate(_validator: Any, argument: Any, instance: object, schema: Schema) -> Iterator[ValidationError]:
        for sentence, path in broken(argument, instance, schema):
            yield ValidationError(sentence, path=path)

    return validate


_Validator = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    {"pattern": _pattern, **{name: _validated(broken) for name, broken in OWN.items()}},
)


def _problem(error: ValidationError) -> Problem:
    path = list(error.absolute_path)
    schema = error.schema if isinstance(error.schema, Mapping) else {}
    expected = str(schema.get("expected", ""))
    if "propertyNames" in error.absolute_schema_path:
        return Problem(pointer(path), f"the name {shown(error.instance)} does not fit", expected)
    if error.validator == "additionalProperties":
        return _unknown(error.instance, schema, path)
    if error.validator == "type" and not expected:
        expected = _kinds(schema)
    return Problem(pointer(path), _message(error, schema), _EXPECTED.get(str(error.validator), expected))


_EXPECTED = {"rising": "weights that rise from step to step", "exactlyOne": "", "distinct": "two names"}


def _message(error: ValidationError, schema: Schema) -> str:
    value = "the value" if schema.get("private") else shown(error.instance)
    match error.validator:
        case "required":
            missing = [key for key in schema["required"] if repr(key) in error.message]
            return f"`{missing[0]}` is missing"
        case "type":
            return f"{value} is not {_kinds(schema)}"
        case "minimum" | "maximum" as side:
            return f"{value} is {'below' if side == 'minimum' else 'above'} {schema[side]}"
        case "maxLength":
            return f"{value} is longer than {schema['maxLength']} characters"
        case "minItems" | "minProperties":
            return "nothing is given"
        case "maxProperties" if isinstance(error.instance, dict):
            return f"{quoted(list(error.instance))} are given at once"
        case "rising" | "exactlyOne" | "distinct":
            return error.message
        case _:
            return f"{value} does not fit"


def _kinds(schema: Schema) -> str:
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return " or ".join(_TYPES[kind] for kind in kinds)


def _unknown(instance: Any, schema: Schema, path: list[str | int]) -> Problem:
    known = list(schema.get("properties", {}))
    unknown = sorted(str(key) for key in instance if key not in known)
    near = difflib.get_close_matches(unknown[0], known, n=1)
    expected = f"`{near[0]}`" if near else f"one of {', '.join(known)}"
    word = "key" if path else "parameter"
    return Problem(pointer([*path, unknown[0]]), f"unknown {word} `{unknown[0]}`", expected)

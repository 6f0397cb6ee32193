"""Values that surely conform to a schema: as jsonschema judges them."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from meshroll.manifests import parameters
from meshroll.manifests.conforming import conforms
from meshroll.manifests.folders import TEMPLATES
from meshroll.manifests.templates import load_template, parameter_problems
from meshroll.settings import document
from meshroll.settings.schema import FILE, schema

STACKS = [document.read(path).value for path in sorted(FILE.parent.glob("Pulumi.*.yaml"))]
PARAMETERS = [
    (load_template(TEMPLATES / entry["template"]), entry["parameters"])
    for stack in STACKS
    for entry in stack["config"]["meshroll:services"].values()
    if isinstance(entry, dict) and "template" in entry
]
SCALARS: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, False, 0, 1, 5, 101, -1, 1.0, 2.5, "", "v1", "5", "a b", "\n", "host", "30s", {}, []]
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in inner for place in places(item, (*path, key)))]


@st.composite
def changed(draw: st.DrawFn, value: Any) -> Any:
    """The value with one or two parts exchanged, taken out, doubled or added."""
    value = copy.deepcopy(value)
    for _ in range(draw(st.integers(1, 2))):
        *above, last = draw(st.sampled_from(places(value)[1:] or [((),)]))
        holder = value
        for key in above:
            holder = holder[key]
        match draw(st.sampled_from(["exchange", "remove", "double", "add"])):
            case "exchange":
                holder[last] = draw(SCALARS)
            case "remove":
                del holder[last]
            case "double" if isinstance(holder, list):
                holder.append(copy.deepcopy(holder[last]))
            case _ if isinstance(holder, dict):
                holder[draw(st.sampled_from(["env", "secure", "file", "other", "version", "meshroll:x", "Ä"]))] = draw(
                    SCALARS
                )
            case _:
                holder.append(draw(SCALARS))
        if not places(value)[1:]:
            break
    return value


@settings(deadline=None, max_examples=300)
@given(value=st.sampled_from(STACKS).flatmap(changed))
def test_what_surely_conforms_is_a_valid_stack(value: Any) -> None:
    if conforms(value, schema()):
        assert Draft202012Validator(schema()).is_valid(value)


@settings(deadline=None, max_examples=300)
@given(data=st.data())
def test_parameters_that_surely_conform_have_no_problem(data: st.DataObject) -> None:
    template, given_ones = data.draw(st.sampled_from(PARAMETERS))
    value = data.draw(changed(given_ones))
    assert parameter_problems(template, value) == parameters.problems(template.parameters, value)


@pytest.mark.parametrize("rule", [
    {"type": "integer", "minimum": 2, "maximum": 4}, {"type": ["integer", "string"]}, {"enum": [1, "a", None]},
    {"enum": [True]}, {"minLength": 2, "maxLength": 2}, {"pattern": "^b"}, {"required": ["a"]}, {"type": "number"},
    {"minProperties": 1, "maxProperties": 1}, {"minItems": 1, "maxItems": 1}, {"uniqueItems": True},
    {"not": {"enum": ["a"]}}, {"not": {"type": "string"}}, {"oneOf": [{"required": ["a"]}, {"required": ["b"]}]},
    {"oneOf": [{"type": "string"}, {"minLength": 2}]}, {"anyOf": [{"type": "null"}, {"minimum": 3}]},
    {"items": {"type": "integer"}}, {"propertyNames": {"maxLength": 1}}, {"properties": {"a": {"type": "integer"}}},
    {"properties": {"a": True}, "patternProperties": {"^b": {"type": "string"}}, "additionalProperties": False},
    {"additionalProperties": {"type": "integer"}}, {"items": False}, {"$ref": "#/$defs/a", "minimum": 3},
    {"type": "array", "contains": {"type": "integer"}}, {"multipleOf": 2}, {"const": 1},
])  # fmt: skip
@settings(deadline=None)
@given(
    value=st.recursive(
        SCALARS | st.sampled_from(["aa", "ba", 2, 3, 4]),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["a", "b", "bc"]), inner),
        max_leaves=3,
    )
)
def test_each_keyword_is_sure_only_of_what_is_valid(rule: dict[str, Any], value: Any) -> None:
    whole = {**rule, "$defs": {"a": {"type": "integer"}}}
    if conforms(value, whole):
        assert Draft202012Validator(whole).is_valid(value)


def test_it_is_sure_of_what_people_write() -> None:
    assert [value for value in STACKS if not conforms(value, schema())] == []


def test_a_keyword_that_is_not_known_is_never_sure() -> None:
    assert not conforms(4, {"multipleOf": 2})
    assert conforms(4, {"multipleOf": 2}, {"multipleOf": lambda factor, value, _: value % factor == 0})


@pytest.mark.parametrize("name", sorted(path.parent.name for path in TEMPLATES.glob("*/parameters.json")))
def test_the_schemas_that_come_with_meshroll_are_valid(name: str) -> None:
    Draft202012Validator.check_schema(json.loads((TEMPLATES / name / "parameters.json").read_text()))


def test_a_stack_without_a_problem_is_read_without_jsonschema() -> None:
    program = f"""
import sys
from pathlib import Path
from meshroll.settings import load_file
load_file(Path({str(FILE.parent / "Pulumi.production.yaml")!r}), {{"MESHROLL_REPOSITORY_PASSWORD": "x"}})
print("jsonschema" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize(
    ("rule", "inside", "outside"),
    [
        ({"minimum": 2}, 2, 1),
        ({"maximum": 4}, 4, 5),
        ({"minLength": 2}, "ab", "a"),
        ({"maxLength": 2}, "ab", "abc"),
        ({"minItems": 1}, [1], []),
        ({"maxItems": 1}, [1], [1, 2]),
        ({"minProperties": 1}, {"a": 1}, {}),
        ({"maxProperties": 1}, {"a": 1}, {"a": 1, "b": 2}),
    ],
)
def test_a_bound_is_inside(rule: dict[str, Any], inside: Any, outside: Any) -> None:
    assert (conforms(inside, rule), conforms(outside, rule)) == (True, False)


def test_a_pattern_of_a_parameter_covers_a_line_break_at_the_end() -> None:
    template, _ = PARAMETERS[0]
    value = {"image": "img:1\n", "port": 80}
    assert [problem.pointer for problem in parameter_problems(template, value)] == ["/image"]

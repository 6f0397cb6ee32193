"""The quick look at a plan's document says yes exactly where the library for JSON schemas does."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from meshroll.gitops.plans.conforming import conforms
from meshroll.gitops.plans.serialize import SCHEMA, to_json
from tests.support.git.plans import SCALAR, WHOLE

SCHEMA_VALUE = json.loads(SCHEMA.read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA_VALUE)
EARLIER = [json.loads(path.read_text()) for path in sorted(Path(__file__).with_name("documents").glob("*.json"))]
DOCUMENTS = [json.loads(to_json(replace(plan, releases={"shop": plan.hash}))) for plan in (SCALAR, WHOLE)] + EARLIER

VALUES: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    1,
    "",
    "x",
    "/",
    "pause",
    "a" * 40,
    "a" * 64,
    [],
    [1],
    ["x"],
    {},
    {"x": 1},
)


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The paths of everything inside a value."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [each for key, item in pairs for each in ((*path, key), *places(item, (*path, key)))]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_plan_as_it_is_written_conforms(document: dict[str, Any]) -> None:
    assert conforms(document, SCHEMA_VALUE)


def changed(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The document with each value in turn removed, replaced by others, and with one more beside it."""
    seen = set()
    for *above, last in places(document):
        kind = tuple("" if isinstance(key, int) else key for key in (*above, last))
        if kind in seen:
            continue  # the items of a list are alike
        seen.add(kind)
        for value in ("removed", "beside", *VALUES):
            copied = copy.deepcopy(document)
            holder: Any = copied
            for key in above:
                holder = holder[key]
            if value == "removed":
                del holder[last]
            elif value != "beside":
                holder[last] = value
            elif isinstance(holder, dict):
                holder["more"] = 1
            yield copied


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_document_changed_anywhere_conforms_exactly_where_the_library_says_so(document: dict[str, Any]) -> None:
    every = list(changed(document))
    assert [conforms(each, SCHEMA_VALUE) for each in every] == [VALIDATOR.is_valid(each) for each in every]


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        (1.0, {"type": "integer"}),
        ("a", {"format": "email"}),
        ("a", {"not": {"type": "integer"}}),
        (1, {"enum": [1.0]}),
        (1, {"const": 1}),
    ],
)
def test_what_is_not_known_here_is_left_to_the_library(value: Any, rule: dict[str, Any]) -> None:
    assert Draft202012Validator(rule).is_valid(value)
    assert not conforms(value, rule)


def test_true_is_not_a_number() -> None:
    assert not conforms(True, {"type": "integer"})
    assert not conforms(True, {"enum": [1]})

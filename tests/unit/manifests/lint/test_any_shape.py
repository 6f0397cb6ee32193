"""Whatever stands in a file, the lint answers, and says what it could not judge."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meshroll.manifests.lint import lint
from tests.support.lint.combinations import combinations
from tests.support.lint.objects import Object
from tests.support.lint.variations import analysed, analysis_template, autoscaler, gateway, ingress, nginx, taking_over

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 200) | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=4,
)
FURTHER = [
    *analysed(analysis_template()),
    *taking_over(),
    *nginx(ingress("shop")),
    autoscaler(),
    gateway("public", "*"),
    gateway("other", "*"),
]


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every value within objects, as its holder and its key, but for kinds and names."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        if key not in {"kind", "metadata", "apiVersion"}:
            yield value, key
        yield from places(inner)


@st.composite
def broken(draw: Callable[[st.SearchStrategy[Any]], Any]) -> list[Object]:
    objects = [*draw(combinations()).objects, *copy.deepcopy(draw(st.lists(st.sampled_from(FURTHER), max_size=4)))]
    for _ in range(draw(st.integers(1, 3))):
        holder, key = draw(st.sampled_from([pair for item in objects for pair in places(item)]))
        holder[key] = draw(ANYTHING)
    return objects


@settings(max_examples=300, suppress_health_check=list(HealthCheck))
@given(broken())
def test_objects_of_any_shape_are_answered(objects: list[Object]) -> None:
    before = copy.deepcopy(objects)
    files = [f"shop/{number % 3}/all.yaml" for number, _ in enumerate(objects)]
    assert all(str(flaw) for flaw in lint(objects, files, complete=True))
    assert objects == before

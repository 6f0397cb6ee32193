"""Anchors: the same place in a file that others changed, or none."""

from __future__ import annotations

import pytest

from meshroll.gitops.plans.named_pointers import anchor, locate
from meshroll.yamltext import parse

POD = """\
kind: Deployment
metadata: {{name: {name}, namespace: shop}}
spec:
  containers:
{containers}
"""


def pod(name: str, *containers: str) -> str:
    return POD.format(name=name, containers="\n".join(f"  - {{name: {each}, args: [a, b]}}" for each in containers))


BASE = parse(pod("one", "main", "side").encode(), "f.yaml")


@pytest.mark.parametrize(
    ("pointer", "named"),
    [
        ("/0/spec/containers/1/args/0", "/Deployment shop~1one/spec/containers/name=side/args/0"),
        ("/0/metadata/name", "/Deployment shop~1one/metadata/name"),
    ],
)
def test_a_pointer_has_names_for_positions(pointer: str, named: str) -> None:
    assert anchor(BASE, pointer) == named
    assert locate(BASE, named) == pointer


def test_a_document_without_a_name_keeps_its_position() -> None:
    values = parse(b"image: {tag: a}\n---\nimage: {tag: b}\n", "values.yaml")
    assert anchor(values, "/1/image/tag") == "/#1/image/tag"
    assert locate(values, "/#1/image/tag") == "/1/image/tag"


@pytest.mark.parametrize(
    ("now", "found"),
    [
        (pod("zero", "main") + "---\n" + pod("one", "extra", "side", "main"), "/1/spec/containers/1/args/0"),
        (pod("one", "side"), "/0/spec/containers/0/args/0"),
        (pod("other", "main", "side"), None),
        (pod("one", "main"), None),
        (pod("one", "side") + "---\n" + pod("one", "side"), None),
        (pod("one", "side", "side"), None),
        ("kind: Deployment\nmetadata: {name: one, namespace: shop}\nspec: 3\n", None),
        ("[1, 2]\n", None),
    ],
)
def test_a_place_is_found_where_it_went_and_nowhere_else(now: str, found: str | None) -> None:
    assert locate(parse(now.encode(), "f.yaml"), anchor(BASE, "/0/spec/containers/1/args/0")) == found

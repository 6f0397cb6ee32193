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


PATCHES = """\
images:
- {name: a, newTag: x}
patches:
- patch: |-
    kind: Deployment
    metadata: {name: one}
    spec: {containers: [{name: side, image: a}]}
- patch: |-
    - {op: replace, path: /x, value: a}
"""


@pytest.mark.parametrize(
    ("pointer", "named"),
    [
        (
            "/0/patches/0/patch/0/spec/containers/0/image",
            "/#0/patches/0/patch/Deployment ~1one/spec/containers/name=side/image",
        ),
        ("/0/patches/1/patch/0/0/value", "/#0/patches/1/patch/#0/0/value"),
        ("/0/patches/1/patch", "/#0/patches/1/patch"),
    ],
)
def test_a_text_within_the_file_has_names_too(pointer: str, named: str) -> None:
    text = parse(PATCHES.encode(), "f.yaml")
    assert anchor(text, pointer) == named
    assert locate(text, named) == pointer


@pytest.mark.parametrize(
    ("now", "found"),
    [
        (
            "kind: Service\nmetadata: {name: one}\n---\nkind: Deployment\nmetadata: {name: one}\nimage: a\n",
            "/0/v/1/image",
        ),
        ("kind: Deployment\nmetadata: {name: two}\nimage: a\n", None),
        ("- 1\n", None),
        ("a text\n", None),
        ("a: [\n", None),
    ],
)
def test_a_place_within_a_text_is_found_where_it_went_and_nowhere_else(now: str, found: str | None) -> None:
    block = "".join(f"  {line}\n" for line in now.splitlines())
    assert locate(parse(f"v: |\n{block}".encode(), "f.yaml"), "/#0/v/Deployment ~1one/image") == found

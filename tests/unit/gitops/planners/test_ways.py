"""The keys of a helm or path field, followed in files and on into the texts within them."""

from __future__ import annotations

import pytest

from meshroll.errors import BadInputError
from meshroll.gitops.planners.ways import how_far, pointers, way_of
from meshroll.settings.fields import parse_field
from meshroll.yamltext import parse

VALUES = """\
kind: Application
spec:
  source:
    helm:
      values: |
        image: {tag: "1.0"}
        list:
        - 0: {tag: "2.0"}
      valuesObject: {image: {tag: "3.0"}}
---
patches:
- patch: |-
    - op: replace
      value: reg/app:1.0
- patch: |-
    value: a
    ---
    - value: b
data:
  a.yaml: 'x: {y.z: v1}'
  "a/b~c": |
    - a: v2
  list: |
    - v3
  broken.yaml: |
    a: [
"""
HELM = "/0/spec/source/helm"


def found(field: str, content: str = VALUES) -> list[tuple[str, str]]:
    text = parse(content.encode(), "f.yaml")
    return [(pointer, text.scalar(pointer).text) for pointer in pointers(text, way_of(parse_field(field)))]


@pytest.mark.parametrize(
    ("field", "places"),
    [
        ("helm:f.yaml#spec.source.helm.values.image.tag", [(f"{HELM}/values/0/image/tag", "1.0")]),
        ("helm:f.yaml#spec.source.helm.values.list[0].0.tag", [(f"{HELM}/values/0/list/0/0/tag", "2.0")]),
        (
            "helm:f.yaml#spec.source.helm.valuesObject.image.tag",
            [("/0/spec/source/helm/valuesObject/image/tag", "3.0")],
        ),
        ("path:f.yaml#0/spec/source/helm/values/image/tag", [(f"{HELM}/values/0/image/tag", "1.0")]),
        ("path:f.yaml#0/spec/source/helm/values/0/image/tag", [(f"{HELM}/values/0/image/tag", "1.0")]),
        ("path:f.yaml#/patches/0/patch/0/value", [("/1/patches/0/patch/0/0/value", "reg/app:1.0")]),
        ("path:f.yaml#1/patches/0/patch/0/0/value", [("/1/patches/0/patch/0/0/value", "reg/app:1.0")]),
        ("path:f.yaml#1/patches/1/patch/value", [("/1/patches/1/patch/0/value", "a")]),
        ("path:f.yaml#1/patches/1/patch/0/value", [("/1/patches/1/patch/0/value", "a")]),
        ("path:f.yaml#1/patches/1/patch/1/0/value", [("/1/patches/1/patch/1/0/value", "b")]),
        (r"helm:f.yaml#data.a\.yaml.x.y\.z", [("/1/data/a.yaml/0/x/y.z", "v1")]),
        ("helm:f.yaml#data.a/b~c[0].a", [("/1/data/a~1b~0c/0/0/a", "v2")]),
        ("path:f.yaml#/data/list/0", [("/1/data/list/0/0", "v3")]),
        ("path:f.yaml#/data/a~1b~0c/0/a", [("/1/data/a~1b~0c/0/0/a", "v2")]),
        ("path:f.yaml#0/patches/0/patch/0/value", []),
        ("helm:f.yaml#spec.source.helm.values.image.none", []),
        ("helm:f.yaml#kind.none", []),
    ],
)
def test_keys_lead_on_into_texts(field: str, places: list[tuple[str, str]]) -> None:
    assert found(field) == places


@pytest.mark.parametrize(
    ("field", "content", "pointer"),
    [
        ("helm:f.yaml#[0].tag", "- tag: v1\n", "/0/0/tag"),
        ("helm:f.yaml#[1][0].x", "- a\n- - x: v1\n", "/0/1/0/x"),
        ("path:f.yaml#0/1/0/x", "- a\n- - x: v1\n", "/0/1/0/x"),
        (r"helm:f.yaml#a\.b.c\[0\].d\\e", "a.b: {'c[0]': {'d\\e': v1}}\n", "/0/a.b/c[0]/d\\e"),
        ("path:f.yaml#/a.b/c~1d/e~0f", "a.b: {c/d: {e~f: v1}}\n", "/0/a.b/c~1d/e~0f"),
        ("helm:f.yaml#c/d.e~f", "c/d: {e~f: v1}\n", "/0/c~1d/e~0f"),
    ],
)
def test_keys_may_hold_any_character(field: str, content: str, pointer: str) -> None:
    assert found(field, content) == [(pointer, "v1")]


def test_a_text_that_is_not_yaml_is_an_error_with_its_line() -> None:
    with pytest.raises(BadInputError) as caught:
        found(r"helm:f.yaml#data.broken\.yaml.a")
    assert str(caught.value).startswith("f.yaml:27:1: is not YAML: ")


@pytest.mark.parametrize(
    ("field", "sentence"),
    [
        ("helm:f.yaml#spec.source.helm.values.tag", "spec.source.helm.values is there, and in it image, list"),
        (
            "helm:f.yaml#spec.source.helm.values.image.name",
            "spec.source.helm.values.image is there, and in it tag",
        ),
        ("path:f.yaml#1/patches/0/patch/1/value", "patches.0.patch is there"),
        (r"helm:f.yaml#data.none", "data is there, and in it a.yaml, a/b~c, broken.yaml, list"),
        ("helm:f.yaml#none", "it is not there, and in it data, kind, patches, spec"),
        ("path:f.yaml#2/none", "the file has 2 documents, counted from 0"),
    ],
)
def test_how_far_keys_lead_is_known(field: str, sentence: str) -> None:
    assert how_far(parse(VALUES.encode(), "f.yaml"), way_of(parse_field(field))) == sentence


def test_a_key_of_many_documents_is_named_once() -> None:
    text = parse(b"kind: A\n---\nkind: B\nspec: {}\n", "f.yaml")
    assert how_far(text, way_of(parse_field("path:f.yaml#/none"))) == "it is not there, and in it kind, spec"

"""A place that a field names, and that kustomize sets again: refused with the winner, or the winner is the place."""

from __future__ import annotations

import pytest

from meshroll.errors import BadInputError
from meshroll.gitops.planners.search import find
from meshroll.settings.fields import parse_field
from tests.support.git.memory import Memory

IMAGE = "spec/template/spec/containers/0/image"
LABEL = "spec/template/metadata/labels/version"
DEPLOYMENT = """\
kind: Deployment
metadata: {name: shop}
spec:
  template:
    metadata: {labels: {version: '1.0'}}
    spec:
      containers:
      - name: main
        image: team/shop:1.0
"""
ENTRY = "images: [{name: team/shop, newTag: '1.0'}]\n"
OVERLAY = "overlays/prod/kustomization.yaml"


def places(overlay: str, field: str, path: str = "", **more: str) -> list[tuple[str, str]]:
    files = {
        "base/shop.yaml": DEPLOYMENT,
        "base/kustomization.yaml": f"resources: [shop.yaml]\n{ENTRY}",
        OVERLAY: f"resources: [../../base]\n{overlay}",
        **{f"{name}/kustomization.yaml": text for name, text in more.items()},
    }
    found = find(Memory(files, path), "shop", (parse_field(field),))
    return [(place.text.where, place.pointer) for place in found]


def refusal(overlay: str, field: str, path: str = "") -> str:
    with pytest.raises(BadInputError) as caught:
        places(overlay, field, path)
    return str(caught.value)


def test_of_two_entries_the_field_means_the_one_that_is_set_last() -> None:
    assert places(ENTRY, "kustomize:team/shop") == [(OVERLAY, "/0/images/0/newTag")]
    assert places("", "kustomize:team/shop") == [("base/kustomization.yaml", "/0/images/0/newTag")]


@pytest.mark.parametrize("path", ["", "overlays/prod"])
@pytest.mark.parametrize(
    ("place", "at"),
    [
        (f"base/shop.yaml#0/{IMAGE}", "base/shop.yaml:9"),
        ("base/kustomization.yaml#0/images/0/newTag", "base/kustomization.yaml:2"),
    ],
)
def test_a_value_that_an_entry_of_images_sets_again_is_refused(path: str, place: str, at: str) -> None:
    assert refusal(ENTRY, f"path:/{place}", path) == (
        f"{at}: a change of value {place.partition('#')[2]} would change nothing: kustomization image team/shop "
        f"({OVERLAY}:2) is set after it; expected the field path:/{OVERLAY}#0/images/0/newTag"
    )


@pytest.mark.parametrize(
    ("overlay", "field", "winner", "pointer"),
    [
        (
            f"patches: [{{target: {{kind: Deployment}}, patch: '[{{op: replace, path: /{LABEL}, value: v}}]'}}]\n",
            f"path:base/shop.yaml#0/{LABEL}",
            f"/{LABEL} in the patch written in {OVERLAY}",
            "0/patches/0/patch/0/0/value",
        ),
        (
            (
                "patches: [{target: {kind: Deployment}, patch: '[{op: replace, path: /spec/template/metadata/labels, "
                "value: {version: v}}]'}]\n"
            ),
            f"path:base/shop.yaml#0/{LABEL}",
            f"/{LABEL.removesuffix('/version')} in the patch written in {OVERLAY}",
            "0/patches/0/patch/0/0/value/version",
        ),
        ("commonLabels: {version: v}\n", f"path:base/shop.yaml#0/{LABEL}", "label version of the kustomization", ""),
    ],
    ids=["a patch", "a patch of all labels", "labels"],
)
def test_a_label_that_something_sets_again_is_refused(overlay: str, field: str, winner: str, pointer: str) -> None:
    pointer = pointer or "0/commonLabels/version"
    assert refusal(overlay, field) == (
        f"base/shop.yaml:5: a change of value 0/{LABEL} would change nothing: {winner} ({OVERLAY}:2) is set after it; "
        f"expected the field path:/{OVERLAY}#{pointer}"
    )


CONTAINER = "{name: main, image: 'a:1'}"


@pytest.mark.parametrize(
    ("patch", "place"),
    [
        (f"[{{op: replace, path: /{IMAGE}, value: 'a:1'}}]", "0/0/value"),
        (f"[{{op: replace, path: /spec/template/spec/containers, value: [{CONTAINER}]}}]", "0/0/value/0/image"),
        (
            f"{{kind: Deployment, spec: {{template: {{spec: {{containers: [{CONTAINER}]}}}}}}}}",
            "0/spec/template/spec/containers/0/image",
        ),
    ],
    ids=["an image", "a list of containers", "a strategic merge"],
)
def test_an_image_that_a_patch_sets_again_is_refused(patch: str, place: str) -> None:
    overlay = f"patches:\n- target: {{kind: Deployment}}\n  patch: |-\n    {patch}\n"
    said = refusal(overlay, "kustomize:team/shop")
    assert said.endswith(f"; expected the field path:/{OVERLAY}#0/patches/0/patch/{place}")


def test_a_value_that_a_replacement_sets_again_names_it() -> None:
    replacement = (
        "replacements:\n- source: {kind: ConfigMap, name: v}\n  targets:\n"
        f"  - {{select: {{kind: Deployment}}, fieldPaths: [{IMAGE.replace('/', '.')}]}}\n"
    )
    assert refusal(replacement, "kustomize:team/shop") == (
        "base/kustomization.yaml:2: a change of kustomization image team/shop would change nothing: a replacement "
        f"({OVERLAY}:3) is set after it; expected a change by hand there"
    )


def test_a_value_that_counts_in_one_of_two_overlays_is_not_refused() -> None:
    other = {"overlays/dev": "resources: [../../base]\n"}
    field = "path:base/kustomization.yaml#0/images/0/newTag"
    assert places(ENTRY, field, **other) == [("base/kustomization.yaml", "/0/images/0/newTag")]


def test_a_value_that_is_no_image_or_label_is_not_refused() -> None:
    field = "path:base/shop.yaml#0/metadata/name"
    assert places(ENTRY, field) == [("base/shop.yaml", "/0/metadata/name")]


def test_a_kustomization_that_cannot_be_followed_does_not_stand_in_the_way_of_a_field() -> None:
    field = f"path:base/shop.yaml#0/{LABEL}"
    broken = {"overlays/dev": "resources: [nothing.yaml]\n"}
    assert places("", field, **broken) == [("base/shop.yaml", f"/0/{LABEL}")]

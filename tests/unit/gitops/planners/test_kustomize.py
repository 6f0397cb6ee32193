"""What kustomize makes of a version: the last that sets it is edited, or nothing."""

from __future__ import annotations

import json

import pytest

from meshroll.errors import BadInputError
from meshroll.gitops.planners.search import find
from tests.support.git.memory import Memory

DEPLOYMENT = """\
kind: Deployment
metadata: {name: shop}
spec:
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers:
      - name: web
        image: reg/team/web-frontend:1.0
"""
PATCH = """\
kind: Deployment
metadata: {name: shop}
spec: {template: {spec: {containers: [{name: web, image: "reg/team/web-frontend:1.5"}]}}}
"""
IMAGE = "/0/spec/template/spec/containers/0/image"
BASE = {"base/kustomization.yaml": "resources: [deployment.yaml]\n", "base/deployment.yaml": DEPLOYMENT}


def place(overlay: str, more: dict[str, str] | None = None, path: str = "overlays/prod") -> tuple[str, str, str | None]:
    files = {**BASE, "overlays/prod/kustomization.yaml": f"resources: [../../base]\n{overlay}", **(more or {})}
    (found,) = find(Memory(files, path), "shop")
    return found.text.where, found.pointer, found.version


def refusal(overlay: str, more: dict[str, str] | None = None, path: str = "overlays/prod") -> str:
    with pytest.raises(BadInputError) as caught:
        place(overlay, more, path)
    return str(caught.value)


PROD = "overlays/prod/kustomization.yaml"


@pytest.mark.parametrize("path", ["overlays/prod", ""])
def test_the_new_tag_of_the_overlay_wins_over_the_image_of_the_base(path: str) -> None:
    overlay = 'images: [{name: reg/team/web-frontend, newTag: "1.0"}]\n'
    assert place(overlay, path=path) == (PROD, "/0/images/0/newTag", "1.0")


def test_an_image_that_nothing_overrides_is_edited_in_the_base() -> None:
    assert place("namePrefix: prod-\n") == ("base/deployment.yaml", IMAGE, "1.0")


def test_a_new_name_leads_the_next_entries_and_the_outermost_tag_wins() -> None:
    middle = "resources: [../../base]\nimages: [{name: reg/team/web-frontend, newName: other/web, newTag: '2'}]\n"
    overlay = "images: [{name: other/web, newTag: '3'}]\n"
    files = {"overlays/middle/kustomization.yaml": middle, PROD: f"resources: [../middle]\n{overlay}"}
    assert place("", files) == (PROD, "/0/images/0/newTag", "3")


def test_a_digest_wins_over_a_tag() -> None:
    overlay = f"images: [{{name: reg/team/web-frontend, newTag: '2', digest: 'sha256:{'1' * 64}'}}]\n"
    assert place(overlay) == (PROD, "/0/images/0/digest", f"sha256:{'1' * 64}")


@pytest.mark.parametrize("key", ["patches: [{path: patch.yaml}]", "patchesStrategicMerge: [patch.yaml]"])
def test_a_patch_in_a_file_wins_over_the_base(key: str) -> None:
    assert place(f"{key}\n", {"overlays/prod/patch.yaml": PATCH}) == (*("overlays/prod/patch.yaml", IMAGE, "1.5"),)


def test_an_operation_of_a_json_patch_wins_over_the_base() -> None:
    path = "/spec/template/spec/containers/0/image"
    patch = f"- {{op: replace, path: {path}, value: 'reg/team/web-frontend:1.7'}}\n"
    overlay = "patches: [{path: image.yaml, target: {kind: Deployment, name: sh.*}}]\n"
    assert place(overlay, {"overlays/prod/image.yaml": patch}) == ("overlays/prod/image.yaml", "/0/0/value", "1.7")


def test_images_of_the_same_kustomization_come_after_its_patches() -> None:
    overlay = "patches: [{path: patch.yaml}]\nimages: [{name: reg/team/web-frontend, newTag: '9'}]\n"
    assert place(overlay, {"overlays/prod/patch.yaml": PATCH}) == (PROD, "/0/images/0/newTag", "9")


def test_a_component_comes_before_the_overlay_that_names_it() -> None:
    component = "kind: Component\nimages: [{name: reg/team/web-frontend, newTag: '4'}]\n"
    files = {"pinned/kustomization.yaml": component}
    assert place("components: [../../pinned]\n", files) == ("pinned/kustomization.yaml", "/0/images/0/newTag", "4")
    over = "components: [../../pinned]\nimages: [{name: reg/team/web-frontend, newTag: '5'}]\n"
    assert place(over, files) == (PROD, "/0/images/0/newTag", "5")


@pytest.mark.parametrize(
    ("overlay", "pointer"),
    [
        ("commonLabels: {version: v1}\n", "/0/commonLabels/version"),
        ("labels: [{pairs: {version: v1}, includeTemplates: true}]\n", "/0/labels/0/pairs/version"),
    ],
)
def test_labels_of_a_kustomization_are_the_pods_version(overlay: str, pointer: str) -> None:
    assert place(overlay) == (PROD, pointer, "v1")


def test_labels_that_do_not_reach_the_pods_are_not() -> None:
    assert place("labels: [{pairs: {version: v1}}]\n") == ("base/deployment.yaml", IMAGE, "1.0")


OPERATION = "- op: replace\n  path: /spec/template/spec/containers/0/image\n  value: reg/team/web-frontend:1.7\n"
TARGET = "  target: {kind: Deployment}\n"


def block(text: str, spaces: int = 4) -> str:
    return "|-\n" + "".join(f"{' ' * spaces}{line}\n" for line in text.splitlines())


@pytest.mark.parametrize(
    ("overlay", "pointer", "version"),
    [
        (f"patches:\n- patch: {block(PATCH)}", f"/0/patches/0/patch{IMAGE}", "1.5"),
        (f"patches:\n- patch: {block(OPERATION)}{TARGET}", "/0/patches/0/patch/0/0/value", "1.7"),
        (f"patchesJson6902:\n- patch: {block(OPERATION)}{TARGET}", "/0/patchesJson6902/0/patch/0/0/value", "1.7"),
        (f"patchesStrategicMerge:\n- {block(PATCH)}", f"/0/patchesStrategicMerge/0{IMAGE}", "1.5"),
        (f"patches:\n- patch: {json.dumps(OPERATION)}\n{TARGET}", "/0/patches/0/patch/0/0/value", "1.7"),
    ],
)
def test_a_patch_that_is_written_in_the_kustomization_wins_over_the_base(
    overlay: str, pointer: str, version: str
) -> None:
    assert place(overlay) == (PROD, pointer, version)


PODS = "/spec/template/spec"
WEB, LOG = "{name: web, image: 'reg/new:1.8'}", "{name: log, image: 'p/log:1'}"
LABELS = "{app: shop, version: v8}"


@pytest.mark.parametrize(
    ("operation", "pointer", "version"),
    [
        (f"{{op: replace, path: {PODS}/containers/0, value: {WEB}}}", "/0/0/value/image", "1.8"),
        (f"{{op: replace, path: {PODS}/containers, value: [{WEB}]}}", "/0/0/value/0/image", "1.8"),
        (f"{{op: replace, path: {PODS}, value: {{containers: [{WEB}]}}}}", "/0/0/value/containers/0/image", "1.8"),
        ("{op: replace, path: /spec/template/metadata/labels, value: " + LABELS + "}", "/0/0/value/version", "v8"),
        (
            "{op: add, path: /spec/template/metadata, value: {labels: " + LABELS + "}}",
            "/0/0/value/labels/version",
            "v8",
        ),
    ],
)
def test_an_operation_on_more_than_the_image_wins_over_the_base(operation: str, pointer: str, version: str) -> None:
    overlay = "patches: [{path: more.yaml, target: {kind: Deployment}}]\n"
    file = "overlays/prod/more.yaml"
    assert place(overlay, {file: f"- {operation}\n"}) == (file, pointer, version)


@pytest.mark.parametrize(
    ("operations", "index"),
    [
        ([f"{{op: add, path: {PODS}/containers/0, value: {LOG}}}"], 1),
        ([f"{{op: add, path: {PODS}/containers/-, value: {LOG}}}"], 0),
        ([f"{{op: remove, path: {PODS}/containers/0}}", f"{{op: add, path: {PODS}/containers/-, value: {WEB}}}"], 0),
        ([f"{{op: add, path: {PODS}/containers/0, value: {LOG}}}", f"{{op: remove, path: {PODS}/containers/0}}"], 0),
    ],
)
def test_operations_count_the_containers_that_the_ones_before_leave(operations: list[str], index: int) -> None:
    last = f"{{op: replace, path: {PODS}/containers/{index}/image, value: 'reg/new:1.9'}}"
    named = f"{{op: replace, path: {PODS}/containers/{index}/name, value: shop}}"
    file = "overlays/prod/more.yaml"
    patch = "".join(f"- {each}\n" for each in [*operations, last, named])
    overlay = "patches: [{path: more.yaml, target: {kind: Deployment}}]\n"
    assert place(overlay, {file: patch}) == (file, f"/0/{len(operations)}/value", "1.9")


def test_a_label_that_an_operation_removes_is_not_the_version() -> None:
    labelled = DEPLOYMENT.replace("{app: shop}", "{app: shop, version: v1}")
    patch = "- {op: remove, path: /spec/template/metadata/labels/version}\n- {op: test, path: /spec, value: {}}\n"
    files = {"base/deployment.yaml": labelled, "overlays/prod/more.yaml": patch}
    overlay = "patches: [{path: more.yaml, target: {kind: Deployment}}]\n"
    assert place(overlay, files) == ("base/deployment.yaml", IMAGE, "1.0")


def test_a_patch_in_the_kustomization_that_is_not_yaml_is_an_error() -> None:
    assert refusal("patches:\n- patch: |-\n    a: [\n").startswith(f"{PROD}:4:9: is not YAML: ")


def test_a_replacement_is_named_and_refused() -> None:
    replacement = (
        "replacements:\n- source: {kind: ConfigMap, name: versions}\n  targets:\n"
        "  - select: {kind: Deployment, name: shop}\n"
        "    fieldPaths: ['spec.template.spec.containers.[name=web].image']\n"
    )
    assert refusal(replacement) == (
        "overlays/prod/kustomization.yaml:3: a replacement cannot be edited: "
        "the replacement in overlays/prod/kustomization.yaml:3 sets it to metadata.name of ConfigMap versions; "
        "expected a change by hand"
    )


def test_two_overlays_of_which_one_overrides_are_two_places() -> None:
    dev = "resources: [../../base]\nimages: [{name: reg/team/web-frontend, newTag: '0.9'}]\n"
    assert refusal("", {"overlays/dev/kustomization.yaml": dev}, path="overlays") == (
        "overlays: the version of shop could be in 2 places: kustomization image reg/team/web-frontend "
        "(overlays/dev/kustomization.yaml:2), image of web in Deployment shop (base/deployment.yaml:9); "
        "expected a narrower path, or fields that name one"
    )


@pytest.mark.parametrize(
    "resources", ["kind: Kustomization", "resources: [more.yaml, 'https://example/team//base?ref=v1']"]
)
def test_an_entry_for_what_is_not_in_the_repository_is_a_place_beside_a_workload(resources: str) -> None:
    dev = f"{resources}\nimages: [{{name: reg/shop, newTag: '0.9'}}]\n"
    files = {
        "overlays/dev/kustomization.yaml": dev,
        "overlays/dev/more.yaml": "kind: Namespace\nmetadata: {name: dev}\n",
    }
    assert refusal("", files, path="overlays") == (
        "overlays: the version of shop could be in 2 places: image of web in Deployment shop "
        "(base/deployment.yaml:9), kustomization image reg/shop (overlays/dev/kustomization.yaml:2); "
        "expected a narrower path, or fields that name one"
    )


def test_an_entry_of_a_kustomization_that_builds_only_other_workloads_is_not() -> None:
    dev = "resources: [stock.yaml]\nimages: [{name: sidecar, newName: reg/shop, newTag: '0.9'}]\n"
    stock = DEPLOYMENT.replace("shop", "stock").replace("web-frontend", "stock")
    files = {"overlays/dev/kustomization.yaml": dev, "overlays/dev/stock.yaml": stock}
    assert place("", files, path="overlays") == ("base/deployment.yaml", IMAGE, "1.0")


def test_an_entry_beside_the_workload_that_its_kustomization_builds_is_not() -> None:
    remote = "resources: [../../base, 'https://example/team//base?ref=v1']\n"
    assert place("", {PROD: f"{remote}images: [{{name: reg/shop, newTag: '0.9'}}]\n"}, path="overlays") == (
        "base/deployment.yaml",
        IMAGE,
        "1.0",
    )


def test_an_entry_of_a_base_that_an_overlay_builds_is_not() -> None:
    middle = "resources: [../../base, 'https://example/team//base?ref=v1']\nimages: [{name: reg/shop, newTag: '0.9'}]\n"
    files = {"overlays/middle/kustomization.yaml": middle, PROD: "resources: [../middle]\n"}
    assert place("", files, path="overlays") == ("base/deployment.yaml", IMAGE, "1.0")


def test_two_overlays_of_one_base_that_nothing_overrides_are_one_place() -> None:
    files = {"overlays/dev/kustomization.yaml": "resources: [../../base]\n"}
    assert place("", files, path="overlays") == ("base/deployment.yaml", IMAGE, "1.0")


def test_a_kustomization_that_cannot_be_followed_is_an_error() -> None:
    assert refusal("components: [../gone]\n") == (
        "overlays/gone: there is no kustomization in this folder, which another one names"
    )
    assert refusal("patches: [{path: gone.yaml}]\n") == (
        "overlays/prod/gone.yaml: the kustomization in overlays/prod names it, and it is not there"
    )
    assert refusal("", {PROD: "resources: [../prod]\n"}) == (
        "overlays/prod: the kustomization names itself through others"
    )
    assert refusal("", {"base/kustomization.yaml": "resources: [\n"}).startswith("base/kustomization.yaml:2:1: ")


def test_resources_of_other_repositories_are_not_read() -> None:
    overlay = "resources: [https://example/team//base?ref=v1]\nimages: [{name: team/shop, newTag: '8'}]\n"
    assert place("", {PROD: overlay}) == (PROD, "/0/images/0/newTag", "8")


def test_containers_of_the_same_image_change_together() -> None:
    more = "      initContainers:\n      - {name: migrate, image: 'reg/team/web-frontend:1.0'}\n"
    files = {"a/deployment.yaml": DEPLOYMENT + more}
    assert [found.pointer for found in find(Memory(files, "a"), "shop")] == [
        IMAGE,
        "/0/spec/template/spec/initContainers/0/image",
    ]

"""Where a service's version stands in files that people wrote: found, named, or refused with the candidates."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import pytest

from meshroll.errors import BadInputError
from meshroll.gitops.planners.locations import Location
from meshroll.gitops.planners.search import NothingFoundError, find
from meshroll.settings.fields import parse_field
from meshroll.yamltext import Text, parse

DIGEST, OTHER = "sha256:" + "1" * 64, "sha256:" + "2" * 64


class Memory:
    """Files by their names, as `meshroll.gitops.planners.files.Files` would show them."""

    def __init__(self, files: dict[str, str]) -> None:
        self.path = "apps"
        self._files = {f"apps/{name}": text for name, text in files.items()}

    def mentioning(self, word: str) -> Iterator[Text]:
        return (parse(text.encode(), name) for name, text in self._files.items() if word in text)

    def troubles(self, word: str) -> list[BadInputError]:
        return []

    def kustomizations(self) -> Iterator[Text]:
        return (parse(text.encode(), name) for name, text in self._files.items() if "kustomization" in name)

    def named(self, name: str) -> Text:
        return parse(self._files[f"apps/{name}"].encode(), f"apps/{name}")


def workload(
    name: str = "shop", kind: str = "Rollout", label: str = "", images: Sequence[str] = ("main=team/shop:1.0",)
) -> str:
    labels = "{app: shop" + (f", version: {label}" if label else "") + "}"
    containers = "".join(
        f"      - name: {image.split('=')[0]}\n        image: {image.split('=')[1]}\n" for image in images
    )
    return (
        f"apiVersion: argoproj.io/v1alpha1\nkind: {kind}\nmetadata:\n  name: {name}\nspec:\n  template:\n"
        f"    metadata:\n      labels: {labels}\n    spec:\n      containers:\n{containers}"
    )


def kustomization(*images: str) -> str:
    return "kind: Kustomization\nimages:\n" + "".join(f"- {image}\n" for image in images)


def found(files: dict[str, str], *fields: str) -> tuple[Location, ...]:
    return find(Memory(files), "shop", tuple(parse_field(field) for field in fields))


def places(files: dict[str, str], *fields: str) -> list[tuple[str, str, str | None]]:
    return [(place.text.where, place.pointer, place.version) for place in found(files, *fields)]


def refusal(files: dict[str, str], *fields: str) -> str:
    with pytest.raises(BadInputError) as caught:
        found(files, *fields)
    return str(caught.value)


LABEL = "/spec/template/metadata/labels/version"
IMAGE = "/spec/template/spec/containers/0/image"


def test_the_pod_label_version_comes_first() -> None:
    files = {"a.yaml": workload(label="v1"), "kustomization.yaml": kustomization("{name: team/shop, newTag: '7'}")}
    assert places(files) == [("apps/a.yaml", f"/0{LABEL}", "v1")]


def test_then_the_kustomization_image_whose_name_ends_in_the_services() -> None:
    images = ("{name: team/stock, newTag: '6'}", "{name: team/my-shop, newTag: '7'}")
    files = {"a.yaml": workload(), "kustomization.yaml": kustomization(*images)}
    assert places(files) == [("apps/kustomization.yaml", "/0/images/1/newTag", "7")]


def test_an_image_that_is_called_like_the_service_is_better_than_one_that_ends_so() -> None:
    images = ("{name: team/my-shop, newTag: '7'}", "{name: team/shop, newTag: '8'}")
    assert places({"kustomization.yaml": kustomization(*images)}) == [
        ("apps/kustomization.yaml", "/0/images/1/newTag", "8")
    ]


@pytest.mark.parametrize("kind", ["Rollout", "Deployment", "StatefulSet", "DaemonSet"])
def test_then_the_image_of_the_only_container(kind: str) -> None:
    assert places({"a.yaml": workload(kind=kind)}) == [("apps/a.yaml", f"/0{IMAGE}", "1.0")]


def test_or_of_the_container_named_like_the_service() -> None:
    files = {"a.yaml": workload(images=("proxy=team/proxy:9", "shop=team/shop:1.0"))}
    assert places(files) == [("apps/a.yaml", "/0/spec/template/spec/containers/1/image", "1.0")]


def test_a_service_is_one_of_several_documents_of_one_of_several_files() -> None:
    files = {"a.yaml": f"kind: Service\nmetadata: {{name: shop}}\n---\n{workload(label='v1')}", "b.yaml": workload("x")}
    assert places(files) == [("apps/a.yaml", f"/1{LABEL}", "v1")]


def test_a_service_is_an_item_of_a_list() -> None:
    item = workload(label="v1").replace("\n", "\n  ").rstrip()
    assert places({"a.yaml": f"kind: List\nitems:\n- {item}\n"}) == [("apps/a.yaml", f"/0/items/0{LABEL}", "v1")]


def test_json_is_read_too() -> None:
    pods = {"metadata": {"labels": {"version": "v1"}}}
    item = {"kind": "Deployment", "metadata": {"name": "shop"}, "spec": {"template": pods}}
    assert places({"a.json": json.dumps(item)}) == [("apps/a.json", f"/0{LABEL}", "v1")]


def test_a_rollout_that_takes_over_a_deployment_means_the_deployments_pods() -> None:
    rollout = "kind: Rollout\nmetadata: {name: shop}\nspec: {workloadRef: {kind: Deployment, name: pods}}\n"
    files = {"a.yaml": rollout, "b.yaml": workload("pods", "Deployment", "v1")}
    assert places(files) == [("apps/b.yaml", f"/0{LABEL}", "v1")]


def test_two_equally_good_places_are_listed() -> None:
    files = {"a.yaml": workload(label="v1"), "b.yaml": "# more\n" + workload(kind="Deployment", label="v2")}
    assert refusal(files) == (
        "apps: the version of shop could be in 2 places: label version of Rollout shop (apps/a.yaml:8), "
        "label version of Deployment shop (apps/b.yaml:9); expected a narrower path, or fields that name one"
    )


def test_a_label_is_better_than_a_second_workload_without_one() -> None:
    files = {"base.yaml": workload(), "patch.yaml": workload(label="v1")}
    assert places(files) == [("apps/patch.yaml", f"/0{LABEL}", "v1")]


def test_no_place_at_all_lists_what_there_is() -> None:
    assert refusal({"a.yaml": workload(images=("a=x:1", "b=y:1"))}) == (
        "apps: nothing holds the version of shop; what there is: container a (apps/a.yaml:12), "
        "container b (apps/a.yaml:14); expected fields that say where, or another path"
    )
    assert refusal({"a.yaml": workload("stock")}) == (
        "apps: nothing holds the version of shop; what there is: Rollout stock (apps/a.yaml:1); "
        "expected fields that say where, or another path"
    )
    with pytest.raises(NothingFoundError):
        found({})


def test_fields_are_found_in_their_own_order() -> None:
    files = {
        "a.yaml": workload(label="v1", images=("main=host:5000/team/shop:v1-alpine", "proxy=p:2")),
        "kustomization.yaml": kustomization("{name: shop, newName: x, newTag: v1}", f"{{name: p, digest: '{DIGEST}'}}"),
        "values.yaml": "image:\n  tag: v1\nlist:\n- {a.b: v1}\n",
        "all.yaml": "a/b: v1\n---\nc: 1.10\n",
    }
    fields = (
        "label:version",
        "image:main={version}-alpine",
        "kustomize:shop",
        "kustomize:p",
        "helm:values.yaml#image.tag",
        r"helm:values.yaml#list[0].a\.b",
        "path:all.yaml#/a~1b",
        "path:all.yaml#1/c",
    )
    assert places(files, *fields) == [
        ("apps/a.yaml", f"/0{LABEL}", "v1"),
        ("apps/a.yaml", f"/0{IMAGE}", "v1"),
        ("apps/kustomization.yaml", "/0/images/0/newTag", "v1"),
        ("apps/kustomization.yaml", "/0/images/1/digest", DIGEST),
        ("apps/values.yaml", "/0/image/tag", "v1"),
        ("apps/values.yaml", "/0/list/0/a.b", "v1"),
        ("apps/all.yaml", "/0/a~1b", "v1"),
        ("apps/all.yaml", "/1/c", "1.10"),
    ]


@pytest.mark.parametrize(
    ("field", "sentence"),
    [
        ("label:none", "apps: there is no label:none for shop; what there is: container main (apps/a.yaml:12); "),
        ("image:none", "apps: there is no image:none for shop; what there is: container main (apps/a.yaml:12); "),
        ("helm:a.yaml#spec.none", "apps: there is no helm:a.yaml#spec.none for shop; "),
        ("path:a.yaml#7/spec", "apps: there is no path:a.yaml#7/spec for shop; "),
        ("helm:a.yaml#spec..a", "helm:a.yaml#spec..a: 'spec..a' is not a dotted path; expected a path like image.tag"),
        ("path:a.yaml#spec", "path:a.yaml#spec: 'spec' is not a pointer; expected a JSON pointer like /image/tag"),
    ],
)
def test_a_field_that_finds_nothing_is_an_error(field: str, sentence: str) -> None:
    assert refusal({"a.yaml": workload()}, field).startswith(sentence)


@pytest.mark.parametrize(
    ("image", "version", "after"),
    [
        ("shop", "2", "shop:2"),
        ("shop:1", "2", "shop:2"),
        ("host:5000/team/shop", "2", "host:5000/team/shop:2"),
        ("host:5000/team/shop:1", DIGEST, f"host:5000/team/shop@{DIGEST}"),
        (f"shop@{OTHER}", DIGEST, f"shop@{DIGEST}"),
        (f"shop:1@{OTHER}", f"2@{DIGEST}", f"shop:2@{DIGEST}"),
    ],
)
def test_only_what_follows_the_images_name_changes(image: str, version: str, after: str) -> None:
    (place,) = found({"a.yaml": workload(images=(f"main={image}",))})
    assert place.after(version) == after


@pytest.mark.parametrize(
    ("files", "field", "version", "sentence"),
    [
        (
            {"a.yaml": workload(images=(f"main=shop@{OTHER}",))},
            "image",
            "2",
            f"apps/a.yaml:12 /0{IMAGE}: the image is pinned by its digest, beside which the tag 2 means nothing",
        ),
        (
            {"kustomization.yaml": kustomization(f"{{name: shop, digest: '{OTHER}'}}")},
            "kustomize:shop",
            "2",
            "apps/kustomization.yaml:3 /0/images/0/digest: 2 cannot be used here",
        ),
        (
            {"kustomization.yaml": kustomization("{name: shop, newTag: '1'}")},
            "kustomize:shop",
            DIGEST,
            f"apps/kustomization.yaml:3 /0/images/0/newTag: {DIGEST} cannot be used here",
        ),
    ],
)
def test_a_version_that_a_place_cannot_take_is_refused(
    files: dict[str, str], field: str, version: str, sentence: str
) -> None:
    (place,) = found(files, field)
    with pytest.raises(BadInputError) as caught:
        place.after(version)
    assert str(caught.value).partition(";")[0] == sentence

"""Where a service's version stands in files that people wrote: found, named, or refused with the candidates."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from meshroll.errors import BadInputError
from meshroll.gitops.planners.files import NothingFoundError
from meshroll.gitops.planners.locations import Location
from meshroll.gitops.planners.search import find
from meshroll.settings.fields import parse_field
from tests.support.git.memory import Memory

DIGEST, OTHER = "sha256:" + "1" * 64, "sha256:" + "2" * 64


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


def kustomization(*images: str, resources: Sequence[str] = ()) -> str:
    named = f"resources: [{', '.join(resources)}]\n" if resources else ""
    return f"kind: Kustomization\n{named}images:\n" + "".join(f"- {image}\n" for image in images)


def found(files: dict[str, str], *fields: str) -> tuple[Location, ...]:
    below = {f"apps/{name}": text for name, text in files.items()}
    return find(Memory(below, "apps"), "shop", tuple(parse_field(field) for field in fields))


def places(files: dict[str, str], *fields: str) -> list[tuple[str, str, str | None]]:
    return [(place.text.where, place.pointer, place.version) for place in found(files, *fields)]


def refusal(files: dict[str, str], *fields: str) -> str:
    with pytest.raises(BadInputError) as caught:
        found(files, *fields)
    return str(caught.value)


LABEL = "/spec/template/metadata/labels/version"
IMAGE = "/spec/template/spec/containers/0/image"


def test_the_pod_label_version_comes_first() -> None:
    images = kustomization("{name: team/shop, newTag: '7'}", resources=["a.yaml"])
    assert places({"a.yaml": workload(label="v1"), "kustomization.yaml": images}) == [
        ("apps/a.yaml", f"/0{LABEL}", "v1")
    ]


def test_then_the_kustomization_image_of_its_container() -> None:
    images = ("{name: team/stock, newTag: '6'}", "{name: team/web-frontend, newTag: '7'}")
    files = {
        "a.yaml": workload(images=("main=team/web-frontend:1.0",)),
        "kustomization.yaml": kustomization(*images, resources=["a.yaml"]),
    }
    assert places(files) == [("apps/kustomization.yaml", "/0/images/1/newTag", "7")]


def test_without_a_workload_it_is_the_kustomization_image_called_like_the_service() -> None:
    images = ("{name: team/my-shop, newTag: '7'}", "{name: team/shop, newTag: '8'}")
    assert places({"kustomization.yaml": kustomization(*images)}) == [
        ("apps/kustomization.yaml", "/0/images/1/newTag", "8")
    ]
    renamed = kustomization("{name: placeholder, newName: team/shop, newTag: '9'}")
    assert places({"kustomization.yaml": renamed}) == [("apps/kustomization.yaml", "/0/images/0/newTag", "9")]
    assert refusal({"kustomization.yaml": kustomization("{name: team/my-shop, newTag: '7'}")}) == (
        "apps: nothing holds the version of shop; what there is: kustomization image team/my-shop "
        "(apps/kustomization.yaml:3); expected fields that say where, or another path"
    )


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


def test_a_rollout_with_a_template_beside_its_reference_means_its_own_pods_where_the_deployment_is_missing() -> None:
    both = workload(label="v1").replace("spec:\n", "spec:\n  workloadRef: {kind: Deployment, name: pods}\n", 1)
    assert places({"a.yaml": both}) == [("apps/a.yaml", f"/0{LABEL}", "v1")]
    built = {"a.yaml": both, "kustomization.yaml": "resources: [a.yaml]\n"}
    assert places(built) == [("apps/a.yaml", f"/0{LABEL}", "v1")]


def test_two_equally_good_places_are_listed() -> None:
    files = {"a.yaml": workload(label="v1"), "b.yaml": "# more\n" + workload(kind="Deployment", label="v2")}
    assert refusal(files) == (
        "apps: the version of shop could be in 2 places: label version of Rollout shop (apps/a.yaml:8), "
        "label version of Deployment shop (apps/b.yaml:9); expected a narrower path, or fields that name one"
    )


def test_a_label_and_the_image_of_another_workload_are_two_places() -> None:
    files = {"dev.yaml": workload(label="v1"), "prod.yaml": workload()}
    assert refusal(files) == (
        "apps: the version of shop could be in 2 places: label version of Rollout shop (apps/dev.yaml:8), "
        "image of main in Rollout shop (apps/prod.yaml:12); expected a narrower path, or fields that name one"
    )


def test_a_manifest_that_its_kustomization_does_not_name_is_not_built() -> None:
    assert refusal({"a.yaml": workload(), "kustomization.yaml": "resources: []\n"}) == (
        "apps: Rollout shop (apps/a.yaml:1) is not named by the kustomization that builds this folder; "
        "expected its file among the kustomization's resources, or another path"
    )


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
        "kustomization.yaml": kustomization(
            *("{name: shop, newName: x, newTag: v1}", f"{{name: p, digest: '{DIGEST}'}}"), resources=["a.yaml"]
        ),
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
        (
            "helm:a.yaml#spec.none",
            "apps: there is no helm:a.yaml#spec.none for shop: spec is there, and in it template; ",
        ),
        (
            "path:a.yaml#7/spec",
            "apps: there is no path:a.yaml#7/spec for shop: the file has 1 documents, counted from 0; ",
        ),
        ("helm:a.yaml#spec..a", "helm:a.yaml#spec..a: 'spec..a' is not a dotted path; expected a path like image.tag"),
        ("path:a.yaml#spec", "path:a.yaml#spec: 'spec' is not a pointer; expected a JSON pointer like /image/tag"),
    ],
)
def test_a_field_that_finds_nothing_is_an_error(field: str, sentence: str) -> None:
    assert refusal({"a.yaml": workload()}, field).startswith(sentence)


def test_a_field_can_name_the_kind_where_two_workloads_have_one_name() -> None:
    files = {"old.yaml": workload(kind="Deployment"), "new.yaml": workload(images=("main=team/shop:2.0",))}
    assert places(files, "image:rollout/shop") == [("apps/new.yaml", f"/0{IMAGE}", "2.0")]
    assert places(files, "image:Deployment/shop") == [("apps/old.yaml", f"/0{IMAGE}", "1.0")]


def test_a_list_may_be_the_first_of_a_dotted_path() -> None:
    files = {"a.yaml": workload(), "list.yaml": "- tag: v1\n"}
    assert places(files, "helm:list.yaml#[0].tag") == [("apps/list.yaml", "/0/0/tag", "v1")]


def test_a_chart_leads_to_its_values() -> None:
    values = "image:\n  repository: team/shop\n  tag: '1.0'\nother: {image: 'team/x:2'}\nreplicas: 2\n"
    assert refusal({"Chart.yaml": "name: shop\n", "values.yaml": values}) == (
        "apps: nothing holds the version of shop; expected a field such as "
        "helm:values.yaml#image.tag (1.0), helm:values.yaml#other.image (team/x:2)"
    )
    release = "kind: HelmRelease\nmetadata: {name: shop}\nspec:\n  values:\n    image: {tag: '1.0'}\n"
    assert refusal({"r.yaml": release}) == (
        "apps: nothing holds the version of shop; expected a field such as helm:r.yaml#spec.values.image.tag (1.0)"
    )


def test_an_application_leads_to_the_values_that_it_holds() -> None:
    application = (
        "kind: Application\nmetadata: {name: shop}\nspec:\n  source:\n    targetRevision: '3'\n    helm:\n"
        "      values: |\n        image: {repository: reg/shop, tag: '1.0'}\n        replicas: 2\n"
        "      valuesObject: {sidecar: {image: 'reg/proxy:2'}}\n"
        "      parameters:\n      - {name: replicas, value: '2'}\n      - {name: image.tag, value: '1.1'}\n"
    )
    helm = "helm:shop.yaml#spec.source.helm"
    fields = [f"{helm}.values.image.tag", f"{helm}.valuesObject.sidecar.image", f"{helm}.parameters[1].value"]
    files = {"shop.yaml": application}
    assert refusal(files) == (
        "apps: nothing holds the version of shop; expected a field such as "
        f"{fields[0]} (1.0), {fields[1]} (reg/proxy:2), {fields[2]} (1.1)"
    )
    assert [version for _, _, version in places(files, *fields)] == ["1.0", "2", "1.1"]


def test_a_text_of_a_config_map_leads_to_the_image_in_it() -> None:
    files = {"a.yaml": "kind: ConfigMap\nmetadata: {name: shop}\ndata:\n  job.yaml: |\n    image: reg/shop:1.0\n"}
    field = "path:a.yaml#0/data/job.yaml/0/image"
    assert refusal(files) == (
        f"apps: nothing holds the version of shop; expected a field such as {field} (ConfigMap: reg/shop:1.0)"
    )
    assert places(files, field) == [("apps/a.yaml", "/0/data/job.yaml/0/image", "1.0")]


@pytest.mark.parametrize("kind", ["CronJob", "CloneSet"])
def test_a_kind_that_is_not_a_workload_of_ours_leads_to_its_image(kind: str) -> None:
    assert refusal({"a.yaml": workload(kind=kind)}) == (
        "apps: nothing holds the version of shop; expected a field such as "
        f"path:a.yaml#0/spec/template/spec/containers/0/image ({kind}: team/shop:1.0)"
    )


def test_the_deployment_that_a_rollout_takes_its_pods_from_is_named_when_it_is_missing() -> None:
    rollout = "kind: Rollout\nmetadata: {name: shop}\nspec: {workloadRef: {kind: Deployment, name: pods}}\n"
    assert refusal({"a.yaml": rollout}) == (
        "apps: Rollout shop (apps/a.yaml:1) takes its pods from Deployment pods, which is not there; "
        "expected a wider path"
    )


@pytest.mark.parametrize(
    ("value", "other", "version"),
    [
        ("reg/shop:1.0", "2.0", "1.0"),
        ("reg/shop:1.0", "reg/store:2.0", "reg/shop:1.0"),
        ("1.0", "2.0", "1.0"),
        (f"reg/shop@{DIGEST}", OTHER, DIGEST),
        ("reg/shop", "2.0", None),
    ],
)
def test_a_whole_image_in_values_holds_the_version_that_it_takes(value: str, other: str, version: str | None) -> None:
    (place,) = found({"v.yaml": f"x: {value}\n"}, "helm:v.yaml#x")
    assert place.version_like(other) == version


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


def test_an_image_of_a_kustomization_without_a_tag_leads_to_the_line_that_it_needs() -> None:
    sentence = (
        "apps/kustomization.yaml:3: the kustomization image reg/shop has neither newTag nor digest; "
        'expected a line newTag: "" in it, which the same plan fills'
    )
    assert refusal({"kustomization.yaml": kustomization("{name: reg/shop}")}) == sentence
    assert (
        refusal({"kustomization.yaml": kustomization("{name: reg/shop, newName: x}")}, "kustomize:reg/shop") == sentence
    )
    renamed = {"kustomization.yaml": kustomization("{name: placeholder, newName: reg/shop}")}
    assert refusal(renamed) == sentence.replace("reg/shop", "placeholder")


@pytest.mark.parametrize("tag", ['""', "", "~"])
def test_an_empty_tag_of_a_kustomization_takes_the_version(tag: str) -> None:
    files = {"kustomization.yaml": kustomization(f"{{name: reg/shop, newTag: {tag}}}")}
    assert places(files) == [("apps/kustomization.yaml", "/0/images/0/newTag", None)]
    assert places(files, "kustomize:reg/shop") == [("apps/kustomization.yaml", "/0/images/0/newTag", None)]


def test_an_image_by_its_bare_name_in_values_leads_to_a_pattern() -> None:
    files = {"v.yaml": "image: nginx\nother: {image: reg/nginx}\ntag: latest\n"}
    (place,) = found(files, "helm:v.yaml#image")
    with pytest.raises(BadInputError) as caught:
        place.after("1.25")
    assert str(caught.value) == (
        "apps/v.yaml:1 /0/image: the image nginx has no tag that could change; "
        "expected the field helm:v.yaml#image=nginx:{version}"
    )
    assert [found(files, field)[0].after("1.25") for field in ("helm:v.yaml#other.image", "helm:v.yaml#tag")] == [
        "reg/nginx:1.25",
        "1.25",
    ]
    assert found(files, "helm:v.yaml#image=nginx:{version}")[0].after("1.25") == "nginx:1.25"

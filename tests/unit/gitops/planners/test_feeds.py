"""A value that is not written where it is used: refused, with the fields that feed it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from meshroll.errors import BadInputError
from meshroll.gitops.planners.feeds import refuse_expression
from meshroll.gitops.planners.search import find
from tests.support.git.memory import Memory

IMAGE = "/0/spec/template/spec/containers/0/image"
DEPLOYMENT = """\
kind: Deployment
metadata: {name: shop}
spec:
  template:
    spec:
      containers:
      - name: main
        image: %s
"""
VALUES = "image:\n  repository: team/shop\n  tag: '1.0'\n"
FLUX = "kind: Kustomization\nmetadata: {name: apps}\nspec:\n  postBuild:\n    %s\n"
GENERATED = (
    "resources: [shop.yaml]\nconfigMapGenerator:\n- {name: others, literals: [tag=7]}\n"
    "- name: params\n  literals: [a=b, tag=1.0]\n"
)
OTHER_VAR = "- {name: OTHER, objref: {kind: ConfigMap, name: others}, fieldref: {fieldpath: data.tag}}\n"
VAR = "vars:\n" + OTHER_VAR + OTHER_VAR.replace("OTHER", "TAG").replace("others", "params")


def check(files: Memory) -> None:
    for place in find(files, "shop"):
        refuse_expression(files, place.text, place.pointer, place.description)


def refusal(image: str, files: Mapping[str, str], path: str = "live", file: str = "live/shop.yaml") -> str:
    """What is refused, and what is expected instead."""
    below = Memory({file: DEPLOYMENT % image, **files}, path)
    with pytest.raises(BadInputError) as caught:
        check(below)
    return f"{caught.value.what}; {caught.value.expected}"


def of_chart(image: str, **files: str) -> str:
    beside = {
        "chart/Chart.yaml": "name: shop\nappVersion: '1.0'\n",
        "chart/values.yaml": VALUES,
        "chart/sub/values.yaml": VALUES,
    }
    beside |= {f"chart/{name.replace('_', '-')}.yaml": text for name, text in files.items()}
    return refusal(image, beside, "chart", "chart/templates/shop.yaml")


def test_a_value_without_an_expression_is_not_refused() -> None:
    check(Memory({"live/shop.yaml": DEPLOYMENT % "team/shop:1.0"}, "live"))


def test_the_place_of_the_expression_is_named() -> None:
    files = Memory({"live/shop.yaml": DEPLOYMENT % "team/shop:${TAG}"}, "live")
    with pytest.raises(BadInputError) as caught:
        check(files)
    assert str(caught.value) == (
        f"live/shop.yaml:8 {IMAGE}: image of main in Deployment shop holds the expression ${{TAG}}, which is not a "
        "value; expected a field that names where TAG is set"
    )


@pytest.mark.parametrize(
    ("image", "shown", "fields"),
    [
        (
            "'{{ .Values.image.repository }}:{{ .Values.image.tag }}'",
            "{{ .Values.image.tag }}",
            "helm:values.yaml#image.tag (1.0, chart/values.yaml:3)",
        ),
        (
            "'{{ .Values.image.repository }}:{{ $.Values.image.tag | default .Chart.AppVersion }}'",
            "{{ $.Values.image.tag | default .Chart.AppVersion }}",
            (
                "helm:values.yaml#image.tag (1.0, chart/values.yaml:3) or path:Chart.yaml#0/appVersion "
                "(1.0, chart/Chart.yaml:2)"
            ),
        ),
        (
            "'host:5000/{{ .Values.image.repository }}'",
            "{{ .Values.image.repository }}",
            "helm:values.yaml#image.repository (team/shop, chart/values.yaml:2)",
        ),
    ],
)
def test_the_expression_of_a_chart_is_fed_by_its_values(image: str, shown: str, fields: str) -> None:
    what = f"image of main in Deployment shop holds the expression {shown}, which is not a value"
    assert of_chart(image) == f"{what}; a field such as {fields}"


def test_of_several_values_files_the_one_of_the_chart_comes_first() -> None:
    said = of_chart("'team/shop:{{ .Values.image.tag }}'", values_prod="image: {tag: '0.9'}\n", other=VALUES)
    assert said.partition("; ")[2] == (
        "a field such as helm:values.yaml#image.tag (1.0, chart/values.yaml:3) or "
        "helm:values-prod.yaml#image.tag (0.9, chart/values-prod.yaml:1)"
    )


@pytest.mark.parametrize("image", ["'team/shop:{{ .Values.missing }}'", "'{{ include \"image\" . }}'"])
def test_an_expression_of_a_chart_without_such_values_names_none(image: str) -> None:
    assert of_chart(image).partition("; ")[2] == "a field that names the value which feeds it"


def test_braces_outside_a_chart_name_no_values() -> None:
    assert refusal("'team/shop:{{ .Values.image.tag }}'", {"live/values.yaml": VALUES}).partition("; ")[2] == (
        "a field that names the value which feeds it"
    )


@pytest.mark.parametrize("image", ["team/shop:${TAG}", "team/shop:${TAG:=0.9}"])
@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (
            {"flux.yaml": FLUX % "substitute: {TAG: '1.0'}"},
            "a field such as path:/flux.yaml#0/spec/postBuild/substitute/TAG (1.0, flux.yaml:5)",
        ),
        (
            {
                "flux.yaml": FLUX % "substituteFrom: [{kind: ConfigMap, name: vars}]",
                "live/vars.yaml": "kind: ConfigMap\nmetadata: {name: vars}\ndata: {TAG: '1.0'}\n",
            },
            "a field such as path:vars.yaml#0/data/TAG (1.0, live/vars.yaml:3)",
        ),
        (
            {"flux.yaml": FLUX % "substituteFrom: [{kind: ConfigMap, name: vars}]"},
            "a change of data.TAG of ConfigMap vars",
        ),
        (
            {
                "flux.yaml": FLUX % "substituteFrom: [{kind: Secret, name: vars}]",
                "vars.yaml": "kind: Secret\nmetadata: {name: vars}\ndata: {TAG: czNjcmV0}\n",
            },
            "a change of data.TAG of Secret vars",
        ),
        ({"flux.yaml": FLUX % "substitute: {OTHER: '1.0'}"}, "a field that names where TAG is set"),
    ],
    ids=["substitute", "a ConfigMap", "a ConfigMap elsewhere", "a Secret", "another variable"],
)
def test_a_variable_of_flux_is_fed_by_a_kustomization_or_what_it_names(
    image: str, files: Mapping[str, str], expected: str
) -> None:
    assert refusal(image, files).partition("; ")[2] == expected


@pytest.mark.parametrize(
    ("kustomization", "more", "expected"),
    [
        (
            GENERATED + VAR,
            "",
            "a field such as path:kustomization.yaml#0/configMapGenerator/1/literals/1=tag={version} (tag=1.0)",
        ),
        (
            f"resources: [shop.yaml, params.yaml]\n{VAR}",
            "kind: ConfigMap\nmetadata: {name: params}\ndata: {tag: '1.0'}\n",
            "a field such as path:params.yaml#0/data/tag (1.0, live/params.yaml:3)",
        ),
        (f"resources: [shop.yaml]\n{VAR}", "", "a change of data.tag of ConfigMap params"),
        (GENERATED, "", "a field that names where TAG is set"),
    ],
    ids=["generated", "in a file", "not found", "not a var"],
)
def test_a_var_of_kustomize_is_fed_by_its_object(kustomization: str, more: str, expected: str) -> None:
    files = {"live/kustomization.yaml": kustomization, "live/params.yaml": more or "{}\n"}
    assert refusal("team/shop:$(TAG)", files).partition("; ")[2] == expected


def test_a_replacement_is_fed_by_its_source() -> None:
    source = "{kind: ConfigMap, name: params, fieldPath: data.tag}"
    targets = "[{select: {kind: Deployment}, fieldPaths: [spec.template.spec.containers.0.image]}]"
    replacement = f"replacements:\n- source: {source}\n  targets: {targets}\n"
    what = (
        "a replacement cannot be edited: the replacement in live/kustomization.yaml:{} sets it to data.tag of "
        "ConfigMap params; "
    )
    assert refusal("team/shop:1.0", {"live/kustomization.yaml": GENERATED + replacement}) == what.format(7) + (
        "a field such as path:kustomization.yaml#0/configMapGenerator/1/literals/1=tag={version} (tag=1.0)"
    )
    without = {"live/kustomization.yaml": f"resources: [shop.yaml]\n{replacement}"}
    assert refusal("team/shop:1.0", without) == what.format(3) + "a change by hand"

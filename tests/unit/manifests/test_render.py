"""Whole files as they are committed. After a wanted change: MESHROLL_UPDATE_GOLDENS=1 and read the difference."""

import os
import shutil
from pathlib import Path

import pytest

from meshroll.errors import BadInputError
from meshroll.manifests.templates import MARKER, effective_parameters, load_template, managed_routes, objects
from tests.support.checkout import CHECKOUT
from tests.support.manifests import render

GOLDEN = Path(__file__).parent / "golden"
TEMPLATES = CHECKOUT / "rollout_templates"


@pytest.mark.parametrize("service", ["dubbo3-consumer", "dubbo3-provider"])
@pytest.mark.parametrize("template", ["weight", "header"])
def test_a_service_is_rendered_as_its_golden_files_say(template, service, templates, parameters):
    files = render(
        templates[template],
        service=service,
        namespace="dubbo",
        version="v1",
        parameters=parameters(template, service),
    )
    folder = GOLDEN / template / service
    if os.environ.get("MESHROLL_UPDATE_GOLDENS"):
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.iterdir():
            path.unlink()
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
    assert files == {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


def test_every_file_begins_with_the_marker_and_its_template(weight, parameters):
    files = render(weight, service="a", namespace="n", version="v1", parameters=parameters("weight"))
    first = {text.splitlines()[0] for text in files.values()}
    assert first == {f"{MARKER}weight: edit the stack, not this file."}


def test_a_new_version_changes_one_line_of_one_file(weight, parameters):
    before, after = (
        render(weight, service="a", namespace="n", version=version, parameters=parameters("weight"))
        for version in ("v1", "v2")
    )
    changed = {
        name: [
            pair for pair in zip(before[name].splitlines(), after[name].splitlines(), strict=True) if len(set(pair)) > 1
        ]
        for name in before
        if before[name] != after[name]
    }
    assert changed == {"rollout.yaml": [("        version: v1", "        version: v2")]}


def test_the_order_of_keys_and_floats_from_json_do_not_show(weight, parameters):
    given = parameters("weight", "dubbo3-consumer") | {"env": {"D": "4", "B": "2", "A": "1", "C": "3"}}
    turned = {
        **dict(reversed(given.items())),
        "port": 9090.0,
        "env": {"A": "1", "C": "3", "D": "4", "B": "2"},
        "gateway": {"bind": "127.16.0.1", "port": 9090.0},
    }
    one, other = (render(weight, service="a", namespace="n", version="v1", parameters=each) for each in (given, turned))
    assert one == other
    container = objects({"rollout.yaml": one["rollout.yaml"]})[0]["spec"]["template"]["spec"]["containers"][0]
    assert [item["name"] for item in container["env"]][-4:] == ["A", "B", "C", "D"]


def test_rendering_leaves_the_parameters_as_they_were(weight, parameters):
    given = parameters("weight", "dubbo3-consumer")
    render(weight, service="a", namespace="n", version="v1", parameters=given)
    assert given == parameters("weight", "dubbo3-consumer")


def test_a_service_without_a_gateway_is_routed_by_the_mesh_alone(rendered):
    kinds = {item["kind"] for item in rendered("weight")}
    virtual_service = next(item for item in rendered("weight") if item["kind"] == "VirtualService")
    assert kinds == {"Rollout", "Service", "DestinationRule", "VirtualService"}
    assert (virtual_service["spec"]["gateways"], virtual_service["spec"]["hosts"]) == (["mesh"], ["dubbo3-provider"])


@pytest.mark.parametrize("service", ["dubbo3-consumer", "dubbo3-provider"])
def test_the_header_template_leaves_the_headers_of_a_request_alone(rendered, service):
    virtual_service = next(item for item in rendered("header", service) if item["kind"] == "VirtualService")
    assert virtual_service["spec"]["http"] == [
        {
            "name": "test-v1",
            "route": [
                {"destination": {"host": service, "port": {"number": port}}, "weight": 100},
                {"destination": {"host": f"{service}-canary", "port": {"number": port}}, "weight": 0},
            ],
        }
        for port in [9090 if service == "dubbo3-consumer" else 20880]
    ]


def test_a_timeout_is_a_field_of_the_route(weight, parameters):
    files = render(
        weight, service="a", namespace="n", version="v1", parameters=parameters("weight") | {"timeout": "5s"}
    )
    virtual_service = objects({"virtual-service.yaml": files["virtual-service.yaml"]})[0]
    assert virtual_service["spec"]["http"][0]["timeout"] == "5s"


def test_effective_parameters_hold_every_default(weight, parameters):
    given = parameters("weight", "dubbo3-consumer")
    steps = [{"setWeight": 5}, {"pause": {"duration": "10m"}}, {"setWeight": 50}, {"pause": {"duration": "10m"}}]
    assert effective_parameters(weight, service="a", namespace="n", version="v1", parameters=given) == {
        "image": "meshroll.dev/sandbox/consumer:1",
        "replicas": 1,
        "port": 9090,
        "portName": "http",
        "targetPort": 8080,
        "env": {"PROVIDER_URL": "tri://dubbo3-provider:20880"},
        "readinessProbe": {"tcpSocket": {"port": 8080}, "periodSeconds": 10},
        "gateway": {
            "name": "a",
            "port": 9090,
            "bind": "127.16.0.1",
            "hosts": ["*"],
            "selector": {"istio": "ingressgateway"},
        },
        "virtualService": "a",
        "destinationRule": "a",
        "stableRoute": "test-v1",
        "steps": steps,
        "progressDeadlineSeconds": 600,
        "revisionHistoryLimit": 3,
    }


def test_managed_routes_come_from_the_parameters(weight, header, parameters):
    assert managed_routes(weight, parameters("weight")) == ()
    assert managed_routes(header, parameters("header")) == ("test-v2",)
    assert managed_routes(header, parameters("header") | {"route": "blue"}) == ("blue",)


def test_parameters_of_the_same_name_mean_the_same_in_both_templates(weight, header):
    ours, theirs = weight.parameters["properties"], header.parameters["properties"]
    assert {name: ours[name] for name in ours.keys() & theirs.keys()} == {
        name: theirs[name] for name in ours.keys() & theirs.keys()
    }


def test_an_unknown_template_is_refused_with_the_known_ones():
    with pytest.raises(BadInputError) as caught:
        load_template(TEMPLATES / "wieght")
    assert str(caught.value) == "there is no template 'wieght'; expected one of header, weight"


def test_a_version_is_checked_before_anything_is_rendered(weight, parameters):
    with pytest.raises(BadInputError) as caught:
        render(weight, service="a", namespace="n", version="v1/2", parameters=parameters("weight"))
    assert str(caught.value) == (
        "service a: the version 'v1/2' cannot be the value of a label; expected 1 to 63 letters, digits, '-', '_' or "
        "'.', with a letter or digit at both ends"
    )


def test_wrong_parameters_are_never_rendered(weight):
    with pytest.raises(BadInputError) as caught:
        render(weight, service="a", namespace="n", version="v1", parameters={"image": "x"})
    assert str(caught.value) == "service a, parameters: `port` is missing"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "x.yaml:1:5: is not YAML: did not find expected node content while parsing a flow node"),
        ("a: 1", "x.yaml: this is not a Kubernetes object; expected apiVersion, kind, metadata"),
    ],
)
def test_text_that_is_no_object_is_refused_by_its_file(text, message):
    with pytest.raises(BadInputError) as caught:
        objects({"x.yaml": text})
    assert str(caught.value) == message


def test_the_files_of_a_template_are_read_once_however_many_services_it_renders(tmp_path, monkeypatch):
    folder = tmp_path / "weight"
    shutil.copytree(TEMPLATES / "weight", folder)
    read, real = [], Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: read.append(path.name) or real(path))
    assert len({id(load_template(folder)) for _ in range(3)}) == 1
    assert sorted(read) == sorted(path.name for path in folder.iterdir())

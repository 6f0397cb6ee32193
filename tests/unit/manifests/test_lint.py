"""References that lead nowhere, each made by one change to objects that are in order."""

import pytest

from meshroll.manifests.lint import lint

ROLLOUT = "Rollout dubbo/dubbo3-provider"
SERVICE = "VirtualService dubbo/dubbo3-provider"
CANARY = "/spec/strategy/canary"
ISTIO = f"{CANARY}/trafficRouting/istio"
NAME = "dubbo3-provider"
UNKNOWN = "Argo Rollouts would remove the subset"
MANAGED = "one of its managed routes"
RISING = "weights that rise from step to step"


def put(item, pointer, value):
    *way, last = [int(part) if part.isdigit() else part for part in pointer.strip("/").split("/")]
    for part in way:
        item = item[part]
    item[last] = value


@pytest.mark.parametrize("service", ["dubbo3-consumer", "dubbo3-provider"])
@pytest.mark.parametrize("template", ["weight", "header"])
def test_our_own_templates_are_in_order(rendered, template, service):
    assert lint(rendered(template, service)) == []


@pytest.mark.parametrize(
    ("template", "kind", "pointer", "value", "messages"),
    [
        (
            "weight",
            "Rollout",
            f"{ISTIO}/virtualService/name",
            "x",
            [f"{ROLLOUT} {ISTIO}/virtualService/name: there is no VirtualService x"],
        ),
        (
            "weight",
            "Rollout",
            f"{ISTIO}/virtualService/routes/0",
            "x",
            [f"{ROLLOUT} {ISTIO}/virtualService/routes/0: VirtualService {NAME} has no route x"],
        ),
        (
            "weight",
            "Rollout",
            f"{ISTIO}/destinationRule/name",
            "x",
            [f"{ROLLOUT} {ISTIO}/destinationRule/name: there is no DestinationRule x"],
        ),
        (
            "weight",
            "Rollout",
            f"{ISTIO}/destinationRule/canarySubsetName",
            "x",
            [
                f"{ROLLOUT} {ISTIO}/destinationRule/canarySubsetName: DestinationRule {NAME} has no subset x",
                f"{ROLLOUT} {ISTIO}/destinationRule: {UNKNOWN} canary, which it does not know",
                f"{ROLLOUT} {ISTIO}/virtualService/routes/0: the route test-v1 does not lead to the subset x",
            ],
        ),
        (
            "weight",
            "Rollout",
            f"{CANARY}/steps/2/setWeight",
            5,
            [f"{ROLLOUT} {CANARY}/steps/2/setWeight: 5 does not rise above 5; expected {RISING}"],
        ),
        (
            "weight",
            "Rollout",
            f"{CANARY}/steps/2/setWeight",
            101,
            [f"{ROLLOUT} {CANARY}/steps/2/setWeight: 101 is not a percentage; expected 0 to 100"],
        ),
        (
            "weight",
            "Rollout",
            "/spec/template/metadata/labels/app",
            "x",
            [f"{ROLLOUT} /spec/selector/matchLabels: the pods do not carry the label app={NAME}"],
        ),
        (
            "weight",
            "VirtualService",
            "/spec/http/0/route/0/destination/port/number",
            1,
            [f"{SERVICE} /spec/http/0/route/0/destination: Service {NAME} has no port 1"],
        ),
        (
            "weight",
            "VirtualService",
            "/spec/http/0/route/1/weight",
            5,
            [f"{SERVICE} /spec/http/0/route: the weights add up to 105; expected 100"],
        ),
        (
            "weight",
            "VirtualService",
            "/spec/gateways/0",
            "x",
            [f"{SERVICE} /spec/gateways/0: there is no Gateway x"],
        ),
        (
            "weight",
            "DestinationRule",
            "/spec/host",
            "x",
            [f"DestinationRule dubbo/{NAME} /spec/host: there is no Service x"],
        ),
        (
            "header",
            "Rollout",
            f"{CANARY}/canaryService",
            "x",
            [
                f"{ROLLOUT} {CANARY}/canaryService: there is no Service x",
                f"{ROLLOUT} {ISTIO}/virtualService/routes/0: the route test-v1 does not lead to the Service x",
            ],
        ),
        (
            "header",
            "Rollout",
            f"{CANARY}/stableService",
            "",
            [f"{ROLLOUT} {CANARY}: neither subsets nor two Services tell the versions apart"],
        ),
        (
            "header",
            "Rollout",
            f"{CANARY}/steps/1/setHeaderRoute/name",
            "x",
            [f"{ROLLOUT} {CANARY}/steps/1/setHeaderRoute/name: x is not among the managed routes"],
        ),
        (
            "header",
            "Rollout",
            f"{CANARY}/steps/2",
            {"setWeight": 5},
            [f"{ROLLOUT} {CANARY}/steps/1/setHeaderRoute: nothing holds this route; expected a pause as the next step"],
        ),
        (
            "header",
            "VirtualService",
            "/spec/http/0/name",
            "test-v2",
            [
                f"{ROLLOUT} {ISTIO}/virtualService: Argo Rollouts would remove the route test-v2, {MANAGED}",
                f"{ROLLOUT} {ISTIO}/virtualService/routes/0: VirtualService {NAME} has no route test-v1",
            ],
        ),
        (
            "header",
            "Service",
            "/spec/selector",
            {"app": "x"},
            [f"{ROLLOUT} {CANARY}/stableService: Service {NAME} does not select the Rollout's pods"],
        ),
    ],
)
def test_a_broken_reference_is_named(rendered, template, kind, pointer, value, messages):
    objects = rendered(template)
    put(next(item for item in objects if item["kind"] == kind), pointer, value)
    assert [str(problem) for problem in lint(objects)] == messages


def test_two_objects_of_one_name_are_a_problem(rendered):
    assert [str(problem) for problem in lint(rendered("weight") + rendered("weight")[:1])] == [
        f"{ROLLOUT} /metadata/name: 2 objects have this name"
    ]


def test_a_host_with_its_namespace_is_found(rendered):
    objects = rendered("weight")
    put(objects[2], "/spec/host", f"{NAME}.dubbo.svc.cluster.local")
    assert lint(objects) == []

"""Argo CD leaves alone what Argo Rollouts writes into files that people wrote, and nothing besides."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from meshroll.demo.project import Project
from tests.support.git.repositories import Repository
from tests.support.sandbox.cluster import until
from tests.support.sandbox.stacks import PROVIDER, Made, derive, running, without_mesh
from tests.support.sandbox.watching import (
    ARGO,
    NETWORKING,
    SECONDS,
    application,
    is_synced,
    phase,
    rollout,
    routes,
    sync_with_own_options,
)

Object = dict[str, Any]
HASH = "rollouts-pod-template-hash"
LANE = [{"headers": {"lane": {"exact": "test-v2"}}}]
AUTOSCALED, SCALED = "autoscaled", "scaled"


def made(api: str, kind: str, name: str, spec: Object, **metadata: Any) -> Object:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name, **metadata}, "spec": spec}


def pods(version: str, app: str = PROVIDER) -> Object:
    fields = {"POD_NAME": "metadata.name", "POD_NAMESPACE": "metadata.namespace", "POD_IP": "status.podIP"}
    env = [{"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}} for name, path in fields.items()]
    container = {
        "name": PROVIDER,
        "image": "registry.example/mspider/spring-dubbo3-provider:v0.2",
        "ports": [{"containerPort": 20880, "protocol": "TCP"}],
        "env": env,
    }
    return {"metadata": {"labels": {"app": app, "version": version}}, "spec": {"containers": [container]}}


def destination(subset: str, weight: int, host: str = PROVIDER) -> Object:
    return {"destination": {"host": host, "subset": subset, "port": {"number": 20880}}, "weight": weight}


STEPS: list[Object] = [
    {"setCanaryScale": {"replicas": 1}},
    {
        "setHeaderRoute": {
            "name": "lane",
            "match": [{"headerName": "lane", "headerValue": {"exact": "test-v2"}}],
        }
    },
    {"setMirrorRoute": {"name": "copies", "percentage": 50, "match": [{"path": {"prefix": "/hello"}}]}},
    {"setWeight": 20},
    {"pause": {}},
    {"experiment": {"templates": [{"name": "baseline", "specRef": "stable", "weight": 10}]}},
    {"pause": {}},
]
PAUSED, EXPERIMENT = 4, 5  # their indices
ISTIO = {
    "virtualService": {"name": PROVIDER, "routes": ["primary"]},
    "destinationRule": {"name": PROVIDER, "stableSubsetName": "stable", "canarySubsetName": "canary"},
}
ROLLOUT = made(
    ARGO,
    "Rollout",
    PROVIDER,
    {
        "replicas": 1,
        "selector": {"matchLabels": {"app": PROVIDER}},
        "template": pods("v1"),
        "strategy": {
            "canary": {
                "trafficRouting": {"managedRoutes": [{"name": "lane"}, {"name": "copies"}], "istio": ISTIO},
                "steps": STEPS,
            }
        },
    },
    annotations={"argocd.argoproj.io/sync-wave": "1"},
)
SERVICE = made(
    "v1",
    "Service",
    PROVIDER,
    {"selector": {"app": PROVIDER}, "ports": [{"name": "grpc", "protocol": "TCP", "port": 20880, "targetPort": 20880}]},
)
BOTH = [destination("stable", 100), destination("canary", 0)]
ROUTES = made(
    NETWORKING,
    "VirtualService",
    PROVIDER,
    {
        "hosts": [PROVIDER],
        "http": [
            {"name": "moved", "match": [{"uri": {"exact": "/old"}}], "redirect": {"uri": "/"}},
            {"name": "primary", "route": [destination("stable", 90), destination("canary", 0), destination("old", 10)]},
        ],
        "tls": [{"match": [{"port": 20443, "sniHosts": [PROVIDER]}], "route": BOTH}],
        "tcp": [{"match": [{"port": 20881}], "route": BOTH}],
    },
)
RULE = made(
    NETWORKING,
    "DestinationRule",
    PROVIDER,
    {
        "host": PROVIDER,
        "subsets": [
            {"name": "stable", "labels": {"app": PROVIDER}},
            {"name": "canary"},
            {"name": "old", "labels": {"version": "v0"}},
        ],
    },
)
# No Rollout knows these routes: their weights are for Git alone to say.
OTHER = made(
    NETWORKING,
    "VirtualService",
    "other",
    {"hosts": ["other"], "http": [{"name": "primary", "route": [destination("a", 50), destination("b", 50)]}]},
)


def written(version: str = "v1", *more: Object, other: Object = OTHER) -> str:
    """The stack's one file."""
    of = {**ROLLOUT, "spec": {**ROLLOUT["spec"], "template": pods(version)}}
    return yaml.safe_dump_all([of, SERVICE, ROUTES, RULE, other, *more], sort_keys=False)


def adopted(project: Project, rollouts: Repository, word: str, text: str) -> Made:
    stack = derive(project, "sandbox", word)
    without_mesh(stack)
    stack.put("/repository/kind", "adopted")
    stack.put("/services", {PROVIDER: {"version": "v1"}})
    rollouts.commit("by hand", write={file_of(stack): text})
    return stack


def file_of(stack: Made) -> str:
    return f"{stack.name}/worker-1/shop.yaml"


@pytest.fixture(scope="module")
def stack(project: Project, rollouts: Repository) -> Iterator[Made]:
    """A stack that repeats nothing of what its Rollout says; v2 is paused at its first gate."""
    stack = adopted(project, rollouts, "ignored", written())
    with running(stack):
        stack.put(f"/services/{PROVIDER}/version", "v2")
        stack.up()
        yield stack


@pytest.fixture
def canary(stack: Made) -> Made:
    """At its first pause, wherever another test has left it."""
    go_to(stack, PAUSED)
    until(lambda: (phase(stack), added(stack)) == ("Paused", ([], [])), "the canary is paused", SECONDS)
    return stack


@pytest.fixture
def experiment(stack: Made) -> Made:
    """At its experiment, which has a destination and a subset."""
    go_to(stack, EXPERIMENT)
    until(lambda: all(added(stack)), "the experiment has a destination and a subset", SECONDS)
    return stack


def go_to(stack: Made, step: int) -> None:
    """Let the canary go to a step, as `kubectl argo rollouts` does it."""
    if rollout(stack)["status"].get("currentStepIndex") != step:
        status = {"pauseConditions": None, "controllerPause": False, "currentStepIndex": step}
        change = {"status": status}
        stack.worker.patch(
            ARGO, "Rollout", PROVIDER, stack.namespace, change, field_manager="tests", subresource="status"
        )


def added(stack: Made) -> tuple[list[Object], list[Object]]:
    """Destinations and subsets beside those of stable and canary."""
    (primary,) = [route for route in routes(stack)["spec"]["http"] if route["name"] == "primary"]
    return primary["route"][2:], rule(stack)["spec"]["subsets"][2:]


def compared(stack: Made) -> str:
    """What Argo CD says of the objects as they are now."""
    mark = {"metadata": {"annotations": {"argocd.argoproj.io/refresh": "hard"}}}
    stack.host.patch(ARGO, "Application", stack.application, "argocd", mark, field_manager="tests")
    until(
        lambda: "argocd.argoproj.io/refresh" not in application(stack)["metadata"].get("annotations", {}),
        "Argo CD has compared",
        SECONDS,
    )
    return str(application(stack)["status"]["sync"]["status"])


def out_of_sync(stack: Made) -> list[str]:
    """The objects that differ from Git, as Argo CD names them."""
    found = application(stack)["status"].get("resources", [])
    return [f"{item['kind']} {item['name']}" for item in found if item["status"] != "Synced"]


def rests(stack: Made) -> bool:
    """Whether Argo CD finds no difference, and neither it nor Argo Rollouts writes the routes again."""
    before = [found["metadata"]["generation"] for found in (routes(stack), rule(stack))]
    assert (compared(stack), out_of_sync(stack)) == ("Synced", [])
    assert sync_with_own_options(stack)["phase"] == "Succeeded"
    assert (compared(stack), out_of_sync(stack)) == ("Synced", [])
    return before == [found["metadata"]["generation"] for found in (routes(stack), rule(stack))]


def needless(stack: Made) -> list[str]:
    """The paths without which Argo CD finds no difference either. Nothing is synced meanwhile."""
    spec = application(stack)["spec"]
    entries = spec["ignoreDifferences"]

    def put(ignored: list[Object], policy: Object) -> None:
        change = {"spec": {"ignoreDifferences": ignored, "syncPolicy": policy}}
        stack.host.patch(ARGO, "Application", stack.application, "argocd", change, field_manager="tests")

    found = []
    try:
        for number, entry in enumerate(entries):
            for key in ("jsonPointers", "jqPathExpressions"):
                for path in entry.get(key, ()):
                    left = {**entry, key: [other for other in entry[key] if other != path]}
                    put([*entries[:number], left, *entries[number + 1 :]], {"automated": None})
                    if compared(stack) == "Synced":
                        found.append(path)
    finally:
        put(entries, spec["syncPolicy"])
    return found


def rule(stack: Made) -> Object:
    found = stack.worker.get(NETWORKING, "DestinationRule", PROVIDER, stack.namespace)
    assert found is not None
    return found


def shares(stack: Made, protocol: str) -> list[int]:
    """The weights of the route that is split."""
    found = [each for each in routes(stack)["spec"][protocol] if each.get("name", "primary") == "primary"]
    return [to.get("weight", 0) for to in found[0]["route"]]


def test_managed_and_mirror_routes_that_the_stack_does_not_repeat_stay(canary: Made) -> None:
    http = {route["name"]: route for route in routes(canary)["spec"]["http"]}
    assert list(http) == ["lane", "copies", "moved", "primary"]
    assert (http["lane"]["match"], http["copies"]["mirrorPercentage"]) == (LANE, {"value": 50})
    assert rests(canary)
    assert [route["name"] for route in routes(canary)["spec"]["http"]] == list(http)


@pytest.mark.parametrize("protocol", ["http", "tls", "tcp"])
def test_weights_are_argo_rollouts_alone(canary: Made, protocol: str) -> None:
    assert shares(canary, protocol) == [80, 20]
    assert rests(canary)
    assert shares(canary, protocol) == [80, 20]


def test_a_destination_and_a_subset_that_argo_rollouts_deletes_stay_away(canary: Made) -> None:
    def names() -> tuple[list[str], list[str]]:
        (primary,) = [route for route in routes(canary)["spec"]["http"] if route["name"] == "primary"]
        return (
            [to["destination"]["subset"] for to in primary["route"]],
            [subset["name"] for subset in rule(canary)["spec"]["subsets"]],
        )

    assert names() == (["stable", "canary"], ["stable", "canary"])
    assert rests(canary)
    assert names() == (["stable", "canary"], ["stable", "canary"])


def test_subset_labels_stay_also_where_git_has_none(canary: Made) -> None:
    status = rollout(canary)["status"]
    expected = [{"app": PROVIDER, HASH: status["stableRS"]}, {HASH: status["currentPodHash"]}]
    assert [subset["labels"] for subset in rule(canary)["spec"]["subsets"]] == expected
    assert rests(canary)
    assert [subset["labels"] for subset in rule(canary)["spec"]["subsets"]] == expected


def test_weights_that_no_rollout_writes_are_those_of_git(canary: Made, rollouts: Repository) -> None:
    shifted = made(
        NETWORKING,
        "VirtualService",
        "other",
        {"hosts": ["other"], "http": [{"name": "primary", "route": [destination("a", 70), destination("b", 30)]}]},
    )
    commit = rollouts.commit("another split", write={file_of(canary): written("v2", other=shifted)})
    assert compared(canary) in {"Synced", "OutOfSync"}
    until(lambda: is_synced(canary, commit), "Argo CD has the split", SECONDS)
    found = canary.worker.get(NETWORKING, "VirtualService", "other", canary.namespace)
    assert found is not None
    assert [to["weight"] for to in found["spec"]["http"][0]["route"]] == [70, 30]
    assert shares(canary, "http") == [80, 20]


def test_a_destination_and_a_subset_that_an_experiment_adds_stay(experiment: Made) -> None:
    before = added(experiment)
    assert (len(before[0]), before[0][0]["weight"], len(before[1])) == (1, 10, 1)
    assert rests(experiment)
    assert added(experiment) == before


def test_no_path_could_be_left_out_but_labels_where_argo_cd_applies_them_itself(experiment: Made) -> None:
    # Without server-side apply a key more in an element of a list is no difference to Argo CD.
    assert needless(experiment) == [
        f'.spec.subsets[]?.labels["{HASH}"]',
        '.spec.subsets[]? | select(.name == "canary") | .labels',
    ]
    assert rests(experiment)


READY = {"conditions": [{"type": "Ready", "status": "True"}]}  # as KEDA's operator would say at once
KEDA = made(
    "apiextensions.k8s.io/v1",
    "CustomResourceDefinition",
    "scaledobjects.keda.sh",
    {
        "group": "keda.sh",
        "scope": "Namespaced",
        "names": {"kind": "ScaledObject", "plural": "scaledobjects", "singular": "scaledobject"},
        "versions": [
            {
                "name": "v1alpha1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "x-kubernetes-preserve-unknown-fields": True,
                        "properties": {
                            "status": {
                                "type": "object",
                                "x-kubernetes-preserve-unknown-fields": True,
                                "default": READY,
                            }
                        },
                    }
                },
            }
        ],
    },
)


def scaled_rollout(name: str) -> Object:
    """Without pods: an autoscaler that gets no metrics, as here, takes it for switched off and not for broken."""
    spec = {
        "replicas": 0,
        "selector": {"matchLabels": {"app": name}},
        "template": pods("v1", name),
        "strategy": {"canary": {"steps": [{"setWeight": 50}, {"pause": {}}]}},
    }
    return made(ARGO, "Rollout", name, spec)


def autoscaler(api: str, kind: str, name: str, **more: Any) -> Object:
    target = {"scaleTargetRef": {"apiVersion": ARGO, "kind": "Rollout", "name": name}}
    return made(api, kind, name, {**target, **more}, annotations={"argocd.argoproj.io/sync-wave": "2"})


AUTOSCALERS = (
    scaled_rollout(AUTOSCALED),
    autoscaler("autoscaling/v2", "HorizontalPodAutoscaler", AUTOSCALED, minReplicas=1, maxReplicas=5),
    scaled_rollout(SCALED),
    autoscaler("keda.sh/v1alpha1", "ScaledObject", SCALED),
)


def settings(namespace: str) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "settings", "namespace": namespace},
        "data": {"tuned": "1", "fixed": "1"},
    }


def elsewhere(stack: Made) -> str:
    """A namespace that an object in Git names and the stack's delivery does not."""
    return f"{stack.name}-edge"


@pytest.fixture(scope="module")
def scaled(project: Project, rollouts: Repository) -> Iterator[Made]:
    """Autoscaled Rollouts under server-side apply, an object in another namespace, and a field that people tune."""
    stack = adopted(project, rollouts, "scaled", "")
    objects = (*AUTOSCALERS, settings(elsewhere(stack)))
    rollouts.commit("by hand", write={file_of(stack): written("v1", *objects)})
    stack.put("/namespaces", {name: {"injection": "enabled"} for name in (stack.name, elsewhere(stack))})
    stack.put("/argocd/syncOptions", ["ServerSideApply=true"])
    stack.put("/argocd/ignoreDifferences", [{"kind": "ConfigMap", "jsonPointers": ["/data/tuned"]}])
    stack.worker.apply(KEDA, field_manager="tests", force=True)
    try:
        with running(stack):
            stack.put(f"/services/{PROVIDER}/version", "v2")
            stack.up()
            yield stack
    finally:
        stack.worker.delete(KEDA["apiVersion"], KEDA["kind"], KEDA["metadata"]["name"])


def config(stack: Made) -> Object:
    found = stack.worker.get("v1", "ConfigMap", "settings", elsewhere(stack))
    assert found is not None
    return found


def test_the_project_lets_an_object_into_the_namespace_that_it_names(scaled: Made) -> None:
    assert config(scaled)["data"] == {"tuned": "1", "fixed": "1"}
    project = scaled.host.get(ARGO, "AppProject", scaled.name, "argocd")
    assert project is not None
    assert project["spec"]["destinations"] == [
        {"name": "worker-1", "namespace": name} for name in (scaled.name, elsewhere(scaled))
    ]


def scale(stack: Made, name: str) -> None:
    """As an autoscaler does it."""
    replicas = {"spec": {"replicas": 2}}
    stack.worker.patch(ARGO, "Rollout", name, stack.namespace, replicas, field_manager="autoscaler")


@pytest.mark.parametrize("name", [AUTOSCALED, SCALED], ids=["HorizontalPodAutoscaler", "ScaledObject"])
def test_replicas_are_the_autoscalers(scaled: Made, name: str) -> None:
    scale(scaled, name)
    assert rests(scaled)
    assert rollout(scaled, name)["spec"]["replicas"] == 2


def test_server_side_apply_leaves_the_canary_alone_too(scaled: Made) -> None:
    managers = {entry["manager"] for entry in config(scaled)["metadata"]["managedFields"]}
    assert "argocd-controller" in managers
    assert (phase(scaled), shares(scaled, "http"), shares(scaled, "tls")) == ("Paused", [80, 20], [80, 20])
    assert rests(scaled)
    assert (phase(scaled), shares(scaled, "http"), shares(scaled, "tls")) == ("Paused", [80, 20], [80, 20])


def tune(stack: Made, **data: str) -> None:
    """As people do it."""
    stack.worker.patch("v1", "ConfigMap", "settings", elsewhere(stack), {"data": data}, field_manager="people")


def test_a_field_that_the_stack_lets_people_tune_stays_and_its_neighbour_is_healed(scaled: Made) -> None:
    tune(scaled, tuned="7")
    assert rests(scaled)
    assert config(scaled)["data"] == {"tuned": "7", "fixed": "1"}
    tune(scaled, fixed="7")
    until(lambda: config(scaled)["data"]["fixed"] == "1", "Argo CD has healed it", SECONDS)


def test_no_path_could_be_left_out_under_server_side_apply(scaled: Made) -> None:
    scale(scaled, AUTOSCALED)
    scale(scaled, SCALED)
    tune(scaled, tuned="7")
    go_to(scaled, EXPERIMENT)
    until(lambda: all(added(scaled)), "the experiment has a destination and a subset", SECONDS)
    assert needless(scaled) == []
    go_to(scaled, PAUSED)
    until(lambda: added(scaled) == ([], []), "the canary is paused", SECONDS)

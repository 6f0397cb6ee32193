"""What the lint says that Argo Rollouts does to a canary it accepts, it does; and not to the one beside it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from meshroll.kube import Kube
from meshroll.manifests.lint import lint
from tests.support.lint.objects import (
    Object,
    between_services,
    between_subsets,
    by_kind,
    canary_of,
    routes_of,
    routing_of,
    service,
    to,
)
from tests.support.lint.variations import LANE, changed, lane, of_stream
from tests.support.sandbox.cluster import IMAGE, MANAGER, until

SECONDS = 90.0
ARGO, ISTIO = "argoproj.io/v1alpha1", "networking.istio.io/v1beta1"
PODS: Object = {"setCanaryScale": {"replicas": 1}}
PAUSE: Object = {"pause": {}}
OLD = {"match": [{"uri": {"prefix": "/old"}}], "route": [to("shop", 100)]}
Seen = Callable[[Kube, str, str], Any]


@dataclass(frozen=True)
class Case:
    """A fault, its remedy, and what is seen of each while the second version is on its way."""

    name: str
    rule: str
    fault: list[Object]
    remedy: list[Object]
    seen: Seen
    of_fault: Any
    of_remedy: Any
    phase_of_fault: str = "Paused"


def third_destination() -> list[Object]:
    objects = between_services(steps=[PAUSE])
    routes_of(objects)[0]["route"] = [to("shop", 90), to("shop-canary", 0), to("legacy.example", 10)]
    return objects


def third_in_its_own_route() -> list[Object]:
    objects = between_services(steps=[PAUSE])
    routes_of(objects).insert(0, {**OLD, "name": "old", "route": [to("legacy.example", 100)]})
    return objects


def managed_in_git(name: str) -> list[Object]:
    objects = between_services(steps=[PAUSE])
    routes_of(objects).insert(0, {**OLD, "name": name})
    routing_of(objects)["managedRoutes"] = [{"name": "legacy"}]
    return objects


def third_subset() -> list[Object]:
    objects = between_subsets(steps=[PAUSE])
    by_kind(objects, "DestinationRule")["spec"]["subsets"].append({"name": "third", "labels": {"app": "shop"}})
    routing_of(objects)["istio"]["destinationRule"]["additionalSubsetNames"] = ["third"]
    return objects


def canary_service(name: str) -> list[Object]:
    objects = between_subsets(canaryService=name, steps=[PODS, {"setWeight": 50}, PAUSE])
    return objects if name == "shop" else [service(name), *objects]


def missing_subset(*names: str) -> list[Object]:
    objects = between_subsets(steps=[PODS, PAUSE])
    subsets = [{"name": name, "labels": {"app": "shop"}} for name in names]
    by_kind(objects, "DestinationRule")["spec"]["subsets"] = subsets
    return objects


def two_more_routes(**names: str) -> list[Object]:
    routes = [{**OLD, "match": [{"uri": {"prefix": f"/{path}"}}]} for path in names]
    named = [{**route, **({"name": name} if name else {})} for route, name in zip(routes, names.values(), strict=True)]
    return changed(lane(PODS, LANE, PAUSE), lambda o: routes_of(o).extend(named))


def twice(name: str) -> list[Object]:
    objects = between_services(steps=[{"setWeight": 50}, PAUSE])
    reference = routing_of(objects)["istio"]["virtualService"]
    reference["routes"] = list(dict.fromkeys(["primary", name]))
    route = {"name": name, "match": [{"uri": {"prefix": "/x"}}], "route": [to("shop", 100), to("shop-canary", 0)]}
    routes_of(objects).insert(0, route)
    return objects


def lane_on_stream() -> list[Object]:
    return changed(
        of_stream("tcp"),
        lambda o: canary_of(o).update(steps=[PODS, LANE, PAUSE]),
        lambda o: routing_of(o).update(managedRoutes=[{"name": "lane"}]),
    )


def without_lane() -> list[Object]:
    return changed(of_stream("tcp"), lambda o: canary_of(o).update(steps=[PODS, PAUSE]))


def destinations(worker: Kube, space: str, name: str) -> Any:
    return [part["destination"]["host"] for part in routes_at(worker, space, name)[-1]["route"]]


def weights(worker: Kube, space: str, name: str) -> Any:
    return [[part.get("weight", 0) for part in route["route"]] for route in routes_at(worker, space, name)]


def route_names(worker: Kube, space: str, name: str) -> Any:
    return [route.get("name", "") for route in routes_at(worker, space, name)]


def routes_at(worker: Kube, space: str, name: str) -> Any:
    return worker.get(ISTIO, "VirtualService", name, space)["spec"]["http"]  # type: ignore[index]


def subsets(worker: Kube, space: str, name: str) -> Any:
    found = worker.get(ISTIO, "DestinationRule", name, space)
    assert found is not None
    return [(each["name"], "rollouts-pod-template-hash" in each["labels"]) for each in found["spec"]["subsets"]]


def step(worker: Kube, space: str, name: str) -> Any:
    return status_of(worker, space, name).get("currentStepIndex")


def phase(worker: Kube, space: str, name: str) -> str:
    return str(status_of(worker, space, name).get("phase"))


def status_of(worker: Kube, space: str, name: str) -> Any:
    found = worker.get(ARGO, "Rollout", name, space)
    return (found or {}).get("status") or {}


CASES = [
    Case(
        "third",
        "third-destination",
        third_destination(),
        third_in_its_own_route(),
        destinations,
        ["shop", "shop-canary"],
        ["shop", "shop-canary"],
    ),
    Case(
        "managed",
        "managed-route-in-git",
        managed_in_git("legacy"),
        managed_in_git("old"),
        route_names,
        ["primary"],
        ["old", "primary"],
    ),
    Case(
        "subset",
        "subset-removed",
        third_subset(),
        between_subsets(steps=[PAUSE]),
        subsets,
        [("stable", True), ("canary", True)],
        [("stable", True), ("canary", True)],
    ),
    Case(
        "host",
        "canary-service-is-the-host",
        canary_service("shop"),
        canary_service("shop-other"),
        weights,
        [[50, 50]],
        [[50, 50]],
    ),
    Case(
        "missing",
        "subset-missing",
        missing_subset("stable"),
        missing_subset("stable", "canary"),
        subsets,
        [("stable", True)],
        [("stable", True), ("canary", True)],
    ),
    Case(
        "copied",
        "routes-copied",
        two_more_routes(a="", b=""),
        two_more_routes(a="a", b="b"),
        route_names,
        ["lane", "primary", "", "", "", ""],
        ["lane", "primary", "a", "b"],
    ),
    Case(
        "twice",
        "route-name-twice",
        twice("primary"),
        twice("second"),
        weights,
        [[50, 50], [100, 0]],
        [[50, 50], [50, 50]],
    ),
    Case(
        "early",
        "step-route-lost",
        lane(LANE, PAUSE),
        lane(PODS, LANE, PAUSE),
        route_names,
        ["primary"],
        ["lane", "primary"],
    ),
    Case(
        "unscaled",
        "step-route-lost",
        lane({"setCanaryScale": {"matchTrafficWeight": True}}, LANE, PAUSE),
        lane({"setWeight": 50}, LANE, PAUSE),
        route_names,
        ["primary"],
        ["lane", "primary"],
    ),
    Case(
        "scaled-in",
        "step-route-lost",
        lane(PODS, LANE, {"setCanaryScale": {"replicas": 0}}, PAUSE),
        lane(PODS, LANE, {"setCanaryScale": {"weight": 100}}, PAUSE),
        route_names,
        ["primary"],
        ["lane", "primary"],
    ),
    Case("stream", "step-route-without-http", lane_on_stream(), without_lane(), step, 1, 1, "Progressing"),
    Case(
        "empty",
        "analysis-empty",
        between_services(steps=[PODS, {"analysis": {"templates": []}}, PAUSE]),
        between_services(steps=[PODS, PAUSE]),
        step,
        1,
        1,
        "Progressing",
    ),
]


def named(objects: list[Object], name: str, space: str) -> list[Object]:
    """The objects under names of their own, with pods that run."""
    found: list[Object] = json.loads(json.dumps(objects).replace("shop", name))
    for item in found:
        item["metadata"]["namespace"] = space
        if item["kind"] == "Rollout":
            item["spec"]["replicas"] = 1
            template = item["spec"]["template"]
            template["spec"]["containers"] = [{"name": "container-1", "image": IMAGE.format("dubbo3-provider")}]
    return found


@pytest.fixture(scope="module")
def released(worker: Kube, space: str) -> str:
    """The namespace in which the second version of every case is on its way."""
    every = {f"{case.name}-{what}": getattr(case, what) for case in CASES for what in ("fault", "remedy")}
    for name, objects in every.items():
        for item in named(objects, name, space):
            worker.create(item, field_manager=MANAGER)
    until(lambda: all(phase(worker, space, name) == "Healthy" for name in every), "all are Healthy", SECONDS)
    for name in every:
        template = {"metadata": {"labels": {"version": "v2"}}}
        worker.patch(ARGO, "Rollout", name, space, {"spec": {"template": template}}, field_manager=MANAGER)
    return space


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_the_fault_does_its_harm_and_the_remedy_does_not(worker: Kube, released: str, case: Case) -> None:
    assert {flaw.rule.id for flaw in lint(case.fault)} == {case.rule}
    assert [str(flaw) for flaw in lint(case.remedy)] == []

    def comes_to(name: str, wanted_phase: str, wanted: Any) -> None:
        # As JSON, so that the names in it are the case's own.
        own = json.dumps([wanted_phase, wanted]).replace("shop", name)

        def seen() -> str:
            return json.dumps([phase(worker, released, name), case.seen(worker, released, name)])

        until(lambda: seen() == own, f"{name} comes to {own}", SECONDS)

    comes_to(f"{case.name}-remedy", "Paused", case.of_remedy)
    comes_to(f"{case.name}-fault", case.phase_of_fault, case.of_fault)

"""What the lint calls harmful is what the real controller does: objects that it accepts and then changes."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from meshroll.kube import Kube
from meshroll.manifests.lint import lint
from meshroll.sandbox import Sandbox
from tests.support.lint.objects import Object, between_services, between_subsets, by_kind, routes_of, routing_of, to
from tests.support.sandbox.cluster import MANAGER, namespace, until

SECONDS = 60.0
LEGACY = {"name": "legacy", "match": [{"uri": {"prefix": "/old"}}], "route": [to("shop", 100)]}


@pytest.fixture
def worker(sandbox: Sandbox) -> Kube:
    return Kube.connect(sandbox.environment()["MESHROLL_KUBECONFIG"], "worker-1")


@pytest.fixture
def space(worker: Kube) -> Iterator[str]:
    name = f"lint-{secrets.token_hex(3)}"
    worker.create(namespace(name), field_manager=MANAGER)
    yield name
    worker.delete("v1", "Namespace", name)


def third_destination() -> list[Object]:
    objects = between_services()
    routes_of(objects)[0]["route"] = [to("shop", 90), to("shop-canary", 0), to("legacy.example", 10)]
    return objects


def managed_route() -> list[Object]:
    objects = between_services()
    routes_of(objects).insert(0, LEGACY)
    routing_of(objects)["managedRoutes"] = [{"name": "legacy"}]
    return objects


def third_subset() -> list[Object]:
    objects = between_subsets()
    by_kind(objects, "DestinationRule")["spec"]["subsets"].append({"name": "third", "labels": {"app": "shop"}})
    routing_of(objects)["istio"]["destinationRule"]["additionalSubsetNames"] = ["third"]
    return objects


def canary_service_as_host() -> list[Object]:
    objects = between_subsets(canaryService="shop")
    routes_of(objects)[0]["route"] = [to("shop", 100, "stable"), to("shop", 0, "canary")]
    return objects


def destinations(spec: Any) -> list[str]:
    return [part["destination"]["host"] for part in spec["http"][0]["route"]]


@pytest.mark.parametrize(
    ("objects", "rule", "kind", "part", "left"),
    [
        (third_destination(), "third-destination", "VirtualService", destinations, ["shop", "shop-canary"]),
        (
            managed_route(),
            "managed-route-in-git",
            "VirtualService",
            lambda spec: [route["name"] for route in spec["http"]],
            ["primary"],
        ),
        (
            third_subset(),
            "subset-removed",
            "DestinationRule",
            lambda spec: [subset["name"] for subset in spec["subsets"]],
            ["stable", "canary"],
        ),
        (
            canary_service_as_host(),
            "canary-service-is-the-host",
            "VirtualService",
            lambda spec: [part["weight"] for part in spec["http"][0]["route"]],
            [0, 0],
        ),
    ],
    ids=["third-destination", "managed-route", "third-subset", "canary-service-as-host"],
)
def test_the_controller_does_the_harm(
    worker: Kube, space: str, objects: list[Object], rule: str, kind: str, part: Callable[[Any], Any], left: list[Any]
) -> None:
    assert {flaw.rule.id for flaw in lint(objects)} == {rule}
    changed = by_kind(objects, kind)
    assert part(changed["spec"]) != left
    for item in objects:
        worker.create({**item, "metadata": {**item["metadata"], "namespace": space}}, field_manager=MANAGER)

    def seen() -> Any:
        found = worker.get(changed["apiVersion"], kind, "shop", space)
        return found is not None and part(found["spec"]) == left

    until(seen, f"the {kind} has only {left}", SECONDS)

"""Objects of a small canary, complete and in order; every test makes its own fault."""

from __future__ import annotations

import copy
from typing import Any

Object = dict[str, Any]
NAME = "shop"
STEPS = [{"setWeight": 10}, {"pause": {"duration": "5m"}}, {"setWeight": 50}, {"pause": {}}]


def service(name: str, **spec: Any) -> Object:
    port = {"name": "http", "port": 80, "targetPort": 8080}
    whole = {"selector": {"app": NAME}, "ports": [port], **spec}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": whole}


def istio(kind: str, name: str, spec: Object) -> Object:
    version = "networking.istio.io/v1beta1"
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name}, "spec": spec}


def argo(kind: str, name: str, spec: Object) -> Object:
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec}


def to(host: str, weight: int, subset: str = "") -> Object:
    return {"destination": {"host": host, **({"subset": subset} if subset else {})}, "weight": weight}


def template(version: str = "v1") -> Object:
    container = {"name": NAME, "image": "registry.example/shop:1.0"}
    return {"metadata": {"labels": {"app": NAME, "version": version}}, "spec": {"containers": [container]}}


def rollout(canary: Object, **spec: Any) -> Object:
    whole = {
        "replicas": 0,
        "selector": {"matchLabels": {"app": NAME}},
        "template": template(),
        "strategy": {"canary": {"steps": copy.deepcopy(STEPS), **canary}},
        **spec,
    }
    return argo("Rollout", NAME, {key: value for key, value in whole.items() if value is not None})


def between_services(**canary: Any) -> list[Object]:
    """A canary between two Services, on the http route `primary`."""
    route = {"name": "primary", "route": [to(NAME, 100), to(f"{NAME}-canary", 0)]}
    routing = {"istio": {"virtualService": {"name": NAME, "routes": ["primary"]}}}
    own = {"stableService": NAME, "canaryService": f"{NAME}-canary", "trafficRouting": routing, **canary}
    return [
        service(NAME),
        service(f"{NAME}-canary"),
        istio("VirtualService", NAME, {"hosts": [NAME], "http": [route]}),
        rollout(own),
    ]


def between_subsets(**canary: Any) -> list[Object]:
    """A canary between two subsets of one Service, on the http route `primary`."""
    route = {"name": "primary", "route": [to(NAME, 100, "stable"), to(NAME, 0, "canary")]}
    rule = {"name": NAME, "stableSubsetName": "stable", "canarySubsetName": "canary"}
    routing = {"istio": {"virtualService": {"name": NAME, "routes": ["primary"]}, "destinationRule": rule}}
    subsets = [{"name": name, "labels": {"app": NAME}} for name in ("stable", "canary")]
    return [
        service(NAME),
        istio("VirtualService", NAME, {"hosts": [NAME], "http": [route]}),
        istio("DestinationRule", NAME, {"host": NAME, "subsets": subsets}),
        rollout({"trafficRouting": routing, **canary}),
    ]


def by_kind(objects: list[Object], kind: str, place: int = 0) -> Object:
    """The object of a kind."""
    return [item for item in objects if item["kind"] == kind][place]


def canary_of(objects: list[Object]) -> Any:
    """The canary strategy of the Rollout."""
    return by_kind(objects, "Rollout")["spec"]["strategy"]["canary"]


def routing_of(objects: list[Object]) -> Any:
    """The traffic routing of the Rollout."""
    return canary_of(objects)["trafficRouting"]


def routes_of(objects: list[Object]) -> Any:
    """The http routes of the VirtualService."""
    return by_kind(objects, "VirtualService")["spec"]["http"]

"""Further objects in order, and changes to make faults of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.support.lint.objects import (
    NAME,
    Object,
    argo,
    between_services,
    between_subsets,
    by_kind,
    istio,
    routes_of,
    routing_of,
    service,
    template,
    to,
)

Change = Callable[[list[Object]], Any]
CANARY = f"{NAME}-canary"
MATCH = [{"headerName": "lane", "headerValue": {"exact": "beta"}}]
LANE = {"setHeaderRoute": {"name": "lane", "match": MATCH}}


def lane(*steps: Object, **canary: Any) -> list[Object]:
    """A canary with a managed route `lane`."""
    objects = between_services(steps=list(steps), **canary)
    routing_of(objects)["managedRoutes"] = [{"name": "lane"}]
    return objects


def gateway(name: str, *hosts: str, port: int = 80) -> Object:
    server = {"hosts": list(hosts), "port": {"number": port, "name": "http", "protocol": "HTTP"}}
    return istio("Gateway", name, {"selector": {"istio": "ingressgateway"}, "servers": [server]})


def analysis_template(**spec: Any) -> Object:
    metric = {"name": "rate", "provider": {"web": {"url": "http://rate.example"}}, "interval": "5s", "count": 3}
    return argo("AnalysisTemplate", "rate", {"metrics": [metric], **spec})


def analysed(found: Object, **run: Any) -> list[Object]:
    step = {"analysis": {"templates": [{"templateName": "rate"}], **run}}
    return [found, *between_services(steps=[{"setWeight": 10}, step])]


def taking_over(**spec: Any) -> list[Object]:
    """A Rollout with the pods of a Deployment."""
    objects = between_services()
    del objects[-1]["spec"]["template"]
    objects[-1]["spec"]["workloadRef"] = {"apiVersion": "apps/v1", "kind": "Deployment", "name": NAME}
    inner = {"replicas": 0, "selector": {"matchLabels": {"app": NAME}}, "template": template()}
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": NAME}, "spec": {**inner, **spec}}
    return [deployment, *objects]


def of_stream(kind: str) -> list[Object]:
    """A canary on a tls or tcp route alone."""
    objects = between_services()
    match: Object = {"port": 443} if kind == "tcp" else {"port": 443, "sniHosts": ["shop.example"]}
    by_kind(objects, "VirtualService")["spec"] = {
        "hosts": [NAME],
        kind: [{"match": [match], "route": [to(NAME, 100), to(CANARY, 0)]}],
    }
    routing_of(objects)["istio"]["virtualService"] = {"name": NAME, f"{kind}Routes": [{**match}]}
    return objects


def nginx(ingress: Object | None = None, **found: Any) -> list[Object]:
    own = between_services(trafficRouting={"nginx": {"stableIngress": "shop", **found}})
    return [item for item in own if item["kind"] != "VirtualService"] + ([ingress] if ingress else [])


def ingress(backend: str) -> Object:
    path = {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": backend, "port": {"number": 80}}}}
    spec = {"rules": [{"http": {"paths": [path]}}]}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "shop"}, "spec": spec}


def autoscaler(kind: str = "HorizontalPodAutoscaler", version: str = "autoscaling/v2") -> Object:
    target = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": NAME}
    return {"apiVersion": version, "kind": kind, "metadata": {"name": NAME}, "spec": {"scaleTargetRef": target}}


def changed(objects: list[Object], *changes: Change) -> list[Object]:
    for change in changes:
        change(objects)
    return objects


def services(*changes: Change) -> list[Object]:
    return changed(between_services(), *changes)


def subsets(*changes: Change) -> list[Object]:
    return changed(between_subsets(), *changes)


def spec_of(objects: list[Object]) -> Any:
    return by_kind(objects, "Rollout")["spec"]


def in_namespace(name: str, *kinds: str) -> Change:
    def change(objects: list[Object]) -> None:
        for item in objects:
            item["metadata"]["namespace"] = name if item["kind"] in kinds else "stage"

    return change


def third(weight: int) -> list[Object]:
    """A canary whose route leads to a third Service as well."""
    objects = [*between_services(), service("legacy", selector={"app": "legacy"})]
    routes_of(objects)[0]["route"].append(to("legacy", weight))
    return objects

"""What combinations are made of: canaries of every kind, complete and in order."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.lint.objects import (
    NAME,
    Object,
    argo,
    between_services,
    between_subsets,
    rollout,
    service,
    template,
    to,
)
from tests.support.lint.parts import CANARY


def by_replicas() -> list[Object]:
    return [rollout({})]


def blue_green() -> list[Object]:
    strategy = {"blueGreen": {"activeService": NAME, "previewService": CANARY}}
    return [service(NAME), service(CANARY), rollout({}, strategy=strategy)]


def ping_pong() -> list[Object]:
    objects = between_services(pingPong={"pingService": NAME, "pongService": CANARY})
    for key in ("stableService", "canaryService"):
        del objects[-1]["spec"]["strategy"]["canary"][key]
    return objects


def by_reference() -> list[Object]:
    objects = between_services()
    spec = objects[-1]["spec"]
    spec["workloadRef"] = {"apiVersion": "apps/v1", "kind": "Deployment", "name": NAME}
    del spec["template"]
    inner = {"replicas": 0, "selector": {"matchLabels": {"app": NAME}}, "template": template()}
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": NAME}, "spec": inner}
    return [*objects[:-1], deployment, objects[-1]]


def stream(kind: str) -> list[Object]:
    """A tls or tcp route alone."""
    objects = between_services()
    match: Object = {"port": 443} if kind == "tcp" else {"port": 443, "sniHosts": ["a.example", "b.example"]}
    objects[2]["spec"] = {"hosts": [NAME], kind: [{"match": [match], "route": [to(NAME, 100), to(CANARY, 0)]}]}
    named = {"tcp": {"tcpRoutes": [{"port": 443}]}, "tls": {"tlsRoutes": [{**match}]}}[kind]
    objects[3]["spec"]["strategy"]["canary"]["trafficRouting"]["istio"]["virtualService"] = {"name": NAME, **named}
    return objects


def with_lane() -> list[Object]:
    match = [{"headerName": "lane", "headerValue": {"exact": "beta"}}]
    steps = [{"setCanaryScale": {"weight": 25}}, {"setHeaderRoute": {"name": "lane", "match": match}}, {"pause": {}}]
    objects = between_services(steps=steps)
    objects[-1]["spec"]["strategy"]["canary"]["trafficRouting"]["managedRoutes"] = [{"name": "lane"}]
    return objects


def with_analysis() -> list[Object]:
    metric = {
        "name": "rate",
        "count": 2,
        "interval": "5s",
        "provider": {
            "job": {
                "spec": {
                    "template": {
                        "spec": {
                            "restartPolicy": "Never",
                            "containers": [{"name": "x", "image": "registry.example/x:1"}],
                        }
                    }
                }
            }
        },
    }
    run = {"args": [{"name": "service"}, {"name": "limit", "value": "1"}], "metrics": [metric]}
    inner = {"templates": [{"templateName": NAME}], "args": [{"name": "service", "value": "shop"}]}
    objects = between_services(steps=[{"setWeight": 10}, {"analysis": inner}, {"pause": {}}])
    return [argo("AnalysisTemplate", NAME, run), *objects]


BASES: dict[str, Callable[[], list[Object]]] = {
    "services": between_services,
    "subsets": between_subsets,
    "replicas": by_replicas,
    "blue-green": blue_green,
    "ping-pong": ping_pong,
    "workloadRef": by_reference,
    "tls": lambda: stream("tls"),
    "tcp": lambda: stream("tcp"),
    "lane": with_lane,
    "analysis": with_analysis,
}

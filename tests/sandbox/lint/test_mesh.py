"""What the lint says that Istio does with routes, it does in a gateway's Envoy and in a client on the mesh."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from meshroll.kube import Kube
from meshroll.manifests.lint import lint
from meshroll.sandbox import Sandbox
from tests.support.lint.objects import Object, istio, rollout, service, to
from tests.support.sandbox.cluster import IMAGE, apply, global_mesh, has_pods, namespace, until

PORT = 9190
SECONDS = 30.0
REQUESTS = 20


@dataclass(frozen=True)
class Case:
    """A fault and its remedy, made for a name, and the versions or status codes that answer."""

    name: str
    rules: frozenset[str]
    fault: Callable[[str, str], list[Object]]
    remedy: Callable[[str, str], list[Object]]
    of_fault: str
    of_remedy: str = "v2"
    who: str = "consumer"  # of which the answer names the version


def pods(name: str, version: str, role: str = "dubbo3-consumer", calls: str = "provider") -> Object:
    labels = {"app": name, "version": version}
    env = [{"name": "PROVIDER_URL", "value": f"tri://{calls}:20880"}]
    container = {"name": "container-1", "image": IMAGE.format(role), "env": env}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": f"{name}-{version}"}, "spec": spec}


def web(name: str, **selector: str) -> Object:
    return service(name, selector=selector or {"app": "shop"})


def calls(name: str, port: str = "grpc", **selector: str) -> Object:
    ports = [{"name": port, "port": 20880, "targetPort": 20880}]
    return service(name, selector=selector or {"app": "provider"}, ports=ports)


def behind(name: str, *http: Object, gateway: str = "public", **spec: Any) -> Object:
    """A VirtualService for the name's own host at the gateway."""
    return istio("VirtualService", name, {"hosts": [f"{name}.example"], "gateways": [gateway], "http": [*http], **spec})


def rule(name: str, host: str, **subsets: Object) -> Object:
    each = [{"name": key, "labels": labels} for key, labels in subsets.items()]
    return istio("DestinationRule", name, {"host": host, "subsets": each})


def entrance(name: str, *hosts: str) -> Object:
    port = {"name": "http", "number": PORT, "protocol": "HTTP"}
    server = {"hosts": list(hosts), "bind": ADDRESS, "port": port}
    return istio("Gateway", name, {"selector": {"istio": "ingressgateway"}, "servers": [server]})


ADDRESS = "127.0.0.1"  # replaced by the sandbox's own
BASE = [
    pods("shop", "v2"),
    pods("legacy", "v1"),
    pods("provider", "v1", "dubbo3-provider"),
    pods("answers", "v1", "dubbo3-provider"),
    pods("answers", "v2", "dubbo3-provider"),
    web("legacy", app="legacy"),
    calls("provider"),
    calls("answers-v1", app="answers", version="v1"),
    calls("answers-v2", app="answers", version="v2"),
    entrance("public", "*"),
]


def shadowed(match: Object) -> Callable[[str, str], list[Object]]:
    def objects(name: str, _: str) -> list[Object]:
        route = {"name": "primary", "route": [to(name, 100), to(f"{name}-canary", 0)]}
        routing = {"istio": {"virtualService": {"name": name, "routes": ["primary"]}}}
        canary = {"stableService": name, "canaryService": f"{name}-canary", "trafficRouting": routing}
        return [
            web(name),
            web(f"{name}-canary"),
            behind(name, {"name": "all", **match, "route": [to("legacy", 100)]}, route),
            rollout(canary),
        ]

    return objects


def of_another_host(host: str) -> Callable[[str, str], list[Object]]:
    def objects(name: str, _: str) -> list[Object]:
        parts = [to(name, 100, "stable"), to(name, 0, "canary")]
        named = {"name": name, "stableSubsetName": "stable", "canarySubsetName": "canary"}
        routing = {"istio": {"virtualService": {"name": name, "routes": ["primary"]}, "destinationRule": named}}
        own = {"app": "shop"} if host == "" else {"app": "legacy"}
        canary = rollout({"trafficRouting": routing})
        canary["spec"]["selector"]["matchLabels"] = canary["spec"]["template"]["metadata"]["labels"] = own
        made = rule(name, host or name, stable=own, canary=own)
        return [web(name), behind(name, {"name": "primary", "route": parts}), made, canary]

    return objects


def to_subset(subset: str, **subsets: Object) -> Callable[[str, str], list[Object]]:
    return lambda name, _: [
        web(name),
        rule(name, name, **subsets),
        behind(name, {"route": [to(name, 100, subset)]}),
    ]


def to_port(number: int | None, *more: Object) -> Callable[[str, str], list[Object]]:
    def objects(name: str, _: str) -> list[Object]:
        own = web(name)
        own["spec"]["ports"] += more
        part = to(name, 100)
        if number is not None:
            part["destination"]["port"] = {"number": number}
        return [own, behind(name, {"route": [part]})]

    return objects


def from_elsewhere(suffix: str) -> Callable[[str, str], list[Object]]:
    def objects(name: str, space: str) -> list[Object]:
        host = name + suffix.format(space=space)
        routes = behind(name, {"route": [to(host, 100)]}, gateway=f"{space}/public")
        routes["metadata"]["namespace"] = f"{space}-edge"
        return [web(name), routes]

    return objects


def selecting(**selector: str) -> Callable[[str, str], list[Object]]:
    return lambda name, _: [web(name, **selector), behind(name, {"route": [to(name, 100)]})]


def narrow(host: str) -> Callable[[str, str], list[Object]]:
    return lambda name, _: [
        web(name),
        entrance(name, host.format(name=name)),
        behind(name, {"route": [to(name, 100)]}, gateway=name),
    ]


def two_gateways(other: str) -> Callable[[str, str], list[Object]]:
    def objects(name: str, _: str) -> list[Object]:
        host = f"{name}.example"
        first = behind(f"{name}-1", {"route": [to("legacy", 100)]}, gateway=f"{name}-1", hosts=[f"{other}{host}"])
        second = behind(f"{name}-2", {"route": [to(name, 100)]}, gateway=f"{name}-2", hosts=[host])
        every = f"*.{host}", host
        return [web(name), entrance(f"{name}-1", *every), first, entrance(f"{name}-2", *every), second]

    return objects


def client(name: str, *objects: Object) -> list[Object]:
    """A client of its own on the mesh, behind the gateway."""
    return [
        pods(name, "v1", calls=f"{name}-calls"),
        web(name, app=name),
        behind(name, {"route": [to(name, 100)]}),
        *objects,
    ]


def on_mesh(name: str, place: str, host: str) -> Object:
    return istio(
        "VirtualService", f"{name}-{place}", {"hosts": [f"{name}-calls"], "http": [{"route": [to(host, 100)]}]}
    )


def two_of_one_host(*places: str) -> Callable[[str, str], list[Object]]:
    hosts = {"a": "answers-v1", "b": "answers-v2"}
    return lambda name, _: client(
        name, calls(f"{name}-calls"), *(on_mesh(name, place, hosts[place]) for place in places)
    )


def called(host: str, destination: str) -> Callable[[str, str], list[Object]]:
    """A client that calls one Service and is led to another, each with a port of a name."""
    return lambda name, _: client(
        name,
        calls(f"{name}-calls", host),
        calls(f"{name}-led", destination, app="answers", version="v2"),
        on_mesh(name, "a", f"{name}-led"),
    )


V2: Object = {"version": "v2"}
CASES = [
    Case(
        "shadowed",
        frozenset({"route-shadowed"}),
        shadowed({}),
        shadowed({"match": [{"uri": {"prefix": "/old"}}]}),
        "v1",
    ),
    Case(
        "host",
        frozenset({"destination-rule-host", "not-found-here"}),
        of_another_host("legacy"),
        of_another_host(""),
        "503",
    ),
    Case("subset", frozenset({"subset-unknown"}), to_subset("beta", v2=V2), to_subset("v2", v2=V2), "503"),
    Case("labels", frozenset({"subset-labels"}), to_subset("v2", v2={"version": "v9"}), to_subset("v2", v2=V2), "503"),
    Case("port", frozenset({"destination-port"}), to_port(8080), to_port(80), "503"),
    Case(
        "ports",
        frozenset({"destination-port-unclear"}),
        to_port(None, {"name": "http-more", "port": 81, "targetPort": 8080}),
        to_port(81, {"name": "http-more", "port": 81, "targetPort": 8080}),
        "503",
    ),
    Case(
        "elsewhere",
        frozenset({"destination-namespace"}),
        from_elsewhere(""),
        from_elsewhere(".{space}.svc.cluster.local"),
        "503",
    ),
    Case(
        "pinned",
        frozenset({"service-selects-no-pods"}),
        selecting(app="shop", version="v9"),
        selecting(app="shop"),
        "503",
    ),
    Case("narrow", frozenset({"gateway-host"}), narrow("other.example"), narrow("{name}.example"), "404"),
    Case("gateways", frozenset({"gateways-clash"}), two_gateways(""), two_gateways("other."), "v1"),
    Case(
        "shared",
        frozenset({"virtual-services-share-host"}),
        two_of_one_host("a", "b"),
        two_of_one_host("b"),
        "v1",
        who="provider",
    ),
    Case(
        "protocol",
        frozenset({"service-port-protocol"}),
        called("tcp-calls", "grpc"),
        called("grpc", "tcp-led"),
        "503",
        who="provider",
    ),
]


def every(space: str) -> dict[str, list[Object]]:
    """The objects of each fault and remedy, in their namespaces."""
    made = {
        f"{case.name}-{what}": getattr(case, what)(f"{case.name}-{what}", space)
        for case in CASES
        for what in ("fault", "remedy")
    }
    for objects in made.values():
        for item in objects:
            item["metadata"].setdefault("namespace", space)
    return made


def judged(objects: list[Object], space: str) -> set[str]:
    base = [{**item, "metadata": {**item["metadata"], "namespace": space}} for item in BASE]
    return {flaw.rule.id for flaw in lint([*base, *objects])}


@pytest.fixture(scope="module")
def gateway(sandbox: Sandbox, attached: None, host: Kube, worker: Kube, space: str) -> Iterator[str]:
    """The address of the gateway, when the objects of all cases are there."""
    address = sandbox.environment()["MESHROLL_GATEWAY_WORKER_1"]
    apply(host, global_mesh())
    apply(worker, namespace(f"{space}-edge"))
    everything = [*BASE, *(item for objects in every(space).values() for item in objects)]
    text = json.dumps([item for item in everything if item["kind"] != "Rollout"]).replace(ADDRESS, address)
    for item in json.loads(text):
        item["metadata"].setdefault("namespace", space)
        apply(worker, item)
    deployed = [item["metadata"]["name"] for item in everything if item["kind"] == "Deployment"]
    until(lambda: all(has_pods(worker, space, name, 1) for name in deployed), "all pods are Ready", SECONDS)
    yield address
    host.delete("discovery.mspider.io/v3alpha1", "GlobalMesh", "tests", "mspider-system")
    for kube in (worker, host):
        kube.delete("v1", "Namespace", f"{space}-edge")


def answers(address: str, name: str, who: str) -> set[str]:
    """The versions that answer for a host, or the status codes."""
    found = set()
    for _ in range(REQUESTS):
        connection = http.client.HTTPConnection(address, PORT, timeout=10)
        try:
            connection.request("GET", "/hello?name=x", headers={"Host": f"{name}.example"})
        except ConnectionRefusedError:
            return {"refused"}
        answer = connection.getresponse()
        body = answer.read()
        found.add(json.loads(body)[who]["version"] if answer.status == http.client.OK else str(answer.status))
    return found


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_the_fault_does_its_harm_and_the_remedy_does_not(gateway: str, space: str, case: Case) -> None:
    objects = every(space)
    assert judged(objects[f"{case.name}-fault"], space) == case.rules
    assert judged(objects[f"{case.name}-remedy"], space) == set()

    def comes_to(what: str, expected: str) -> None:
        until(
            lambda: answers(gateway, f"{case.name}-{what}", case.who) == {expected},
            f"{what} answers {expected}",
            SECONDS,
        )

    # The remedy was applied after the fault: where it is in force, the fault is.
    comes_to("remedy", case.of_remedy)
    comes_to("fault", case.of_fault)

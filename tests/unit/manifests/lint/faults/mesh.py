"""Objects with one fault each in what Istio makes of them, or that get in each other's way."""

from __future__ import annotations

import copy

from tests.support.lint.objects import NAME, Object, between_services, by_kind, istio, routes_of, service, to
from tests.support.lint.variations import autoscaler, changed, gateway, in_namespace, services, subsets


def two_gateways(*names: str) -> list[Object]:
    """Two Gateways for everything on one port, each with the routes of one host."""
    found: list[Object] = []
    for place, name in enumerate(names):
        spec = {"hosts": [name], "gateways": [f"way-{place}"], "http": [{"route": [to(NAME, 100)]}]}
        found += [gateway(f"way-{place}", "*"), istio("VirtualService", f"way-{place}", spec)]
    return [*between_services(), *found]


def secured(item: Object) -> None:
    item["spec"]["servers"][0]["tls"] = {"mode": "SIMPLE", "credentialName": "shop"}


BAD: list[tuple[str, list[Object]]] = [
    ("route-shadowed", services(lambda o: routes_of(o).insert(0, {"name": "all", "route": [to(NAME, 100)]}))),
    (
        "route-shadowed",
        services(lambda o: routes_of(o).insert(0, {"match": [{"uri": {"prefix": "/"}}], "redirect": {"uri": "/x"}})),
    ),
    ("subset-missing", subsets(lambda o: by_kind(o, "DestinationRule")["spec"]["subsets"].pop())),
    (
        "subset-labels",
        subsets(lambda o: by_kind(o, "DestinationRule")["spec"]["subsets"][0]["labels"].update(version="v0")),
    ),
    (
        "subset-labels",
        [
            *between_services(),
            service("stock", selector={"app": "stock"}),
            {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {"name": "stock"},
                "spec": {"template": {"metadata": {"labels": {"app": "stock", "version": "v1"}}}},
            },
            istio(
                "DestinationRule", "stock", {"host": "stock", "subsets": [{"name": "v2", "labels": {"version": "v2"}}]}
            ),
        ],
    ),
    (
        "destination-rule-host",
        subsets(
            lambda o: by_kind(o, "DestinationRule")["spec"].update(host="other"),
            lambda o: o.append(
                istio("DestinationRule", "own", {"host": NAME, "subsets": [{"name": "stable"}, {"name": "canary"}]})
            ),
        ),
    ),
    (
        "subset-unknown",
        subsets(
            lambda o: routes_of(o).append(
                {"name": "b", "match": [{"uri": {"prefix": "/b"}}], "route": [to(NAME, 100, "beta")]}
            )
        ),
    ),
    (
        "destination-namespace",
        services(
            lambda o: o.append(
                istio("VirtualService", "edge", {"hosts": ["edge.example"], "http": [{"route": [to(NAME, 100)]}]})
            ),
            in_namespace("edge"),
            lambda o: [item["metadata"].update(namespace="prod") for item in o if item["metadata"]["name"] != "edge"],
        ),
    ),
    ("destination-port", services(lambda o: routes_of(o)[0]["route"][0]["destination"].update(port={"number": 8080}))),
    (
        "destination-port-unclear",
        services(
            lambda o: o[0]["spec"]["ports"].append({"name": "admin", "port": 81}),
            lambda o: by_kind(o, "VirtualService")["spec"].update(gateways=["infra/public"]),
        ),
    ),
    ("service-port-protocol", services(lambda o: o[0]["spec"]["ports"][0].update(name="tcp-shop"))),
    ("service-port-undeclared", services(lambda o: o[0]["spec"]["ports"][0].update(name="web"))),
    ("service-selects-no-pods", subsets(lambda o: o[0]["spec"]["selector"].update(version="v0"))),
    (
        "virtual-services-share-host",
        services(
            lambda o: o.append(
                istio("VirtualService", "second", {"hosts": [NAME], "http": [{"route": [to(NAME, 100)]}]})
            )
        ),
    ),
    (
        "gateway-host",
        services(
            lambda o: o.append(gateway("public", "shop.example")),
            lambda o: by_kind(o, "VirtualService")["spec"].update(gateways=["public"], hosts=["other.example"]),
        ),
    ),
    ("gateways-clash", two_gateways("shop.example", "shop.example")),
    ("gateways-clash", changed(two_gateways("shop.example", "b.example"), lambda o: secured(o[-4]))),
    ("replicas-beside-autoscaler", [*between_services(), autoscaler()]),
    ("replicas-beside-autoscaler", [*between_services(), autoscaler("ScaledObject", "keda.sh/v1alpha1")]),
    ("object-twice", services(lambda o: o.append(copy.deepcopy(o[0])))),
]

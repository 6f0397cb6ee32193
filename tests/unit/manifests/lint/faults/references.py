"""Canaries with one fault each in what the Rollout names and the routes it steers."""

from __future__ import annotations

import copy

from tests.support.lint.objects import (
    NAME,
    Object,
    between_services,
    by_kind,
    canary_of,
    routes_of,
    routing_of,
    service,
    to,
)
from tests.support.lint.variations import (
    CANARY,
    LANE,
    changed,
    in_namespace,
    ingress,
    lane,
    nginx,
    of_stream,
    services,
    subsets,
    taking_over,
    third,
)

BAD: list[tuple[str, list[Object]]] = [
    ("ingress-reference", nginx(stableIngresses=["more"])),
    ("ingress-backend", nginx(ingress("other"))),
    ("not-found-here", [*between_services()[2:], service(CANARY)]),
    ("not-found-here", services(lambda o: routing_of(o)["istio"]["virtualService"].update(name="nobody"))),
    ("not-found-here", subsets(lambda o: routing_of(o)["istio"]["destinationRule"].update(name="nobody"))),
    ("not-found-here", taking_over()[1:]),
    (
        "not-found-here",
        between_services(steps=[{"setWeight": 5}, {"analysis": {"templates": [{"templateName": "rate"}]}}]),
    ),
    ("other-namespace", services(in_namespace("prod", "Service", "VirtualService"))),
    ("virtual-service-reference", subsets(lambda o: routing_of(o)["istio"].pop("virtualService"))),
    (
        "virtual-service-reference",
        services(lambda o: routing_of(o)["istio"].update(virtualServices=[{"name": NAME, "routes": ["primary"]}])),
    ),
    ("service-selects-pods", services(lambda o: o[1]["spec"]["selector"].update(tier="web"))),
    (
        "service-of-another-rollout",
        services(
            lambda o: o[0]["metadata"].update(annotations={"argo-rollouts.argoproj.io/managed-by-rollouts": "other"})
        ),
    ),
    ("service-shared", services(lambda o: o.append(copy.deepcopy(o[-1]) | {"metadata": {"name": "second"}}))),
    ("virtual-service-without-routes", services(lambda o: by_kind(o, "VirtualService")["spec"].pop("http"))),
    ("route-unknown", services(lambda o: routes_of(o)[0].update(name="other"))),
    (
        "route-unknown",
        changed(of_stream("tls"), lambda o: routing_of(o)["istio"]["virtualService"]["tlsRoutes"][0].update(port=80)),
    ),
    (
        "route-unknown",
        changed(of_stream("tcp"), lambda o: routing_of(o)["istio"]["virtualService"]["tcpRoutes"][0].update(port=80)),
    ),
    (
        "route-unclear",
        services(
            lambda o: routing_of(o)["istio"]["virtualService"].pop("routes"),
            lambda o: routes_of(o).append(
                {"match": [{"uri": {"prefix": "/x"}}], "route": [to(NAME, 100), to(CANARY, 0)]}
            ),
        ),
    ),
    ("route-without-side", services(lambda o: routes_of(o)[0]["route"].pop())),
    (
        "route-without-side",
        services(lambda o: by_kind(o, "VirtualService")["spec"].update(tcp=[{"route": [to(NAME, 100)]}])),
    ),
    (
        "route-without-side",
        services(lambda o: routes_of(o)[0].pop("route"), lambda o: routes_of(o)[0].update(delegate={"name": "leaf"})),
    ),
    ("third-destination", third(10)),
    (
        "canary-service-is-the-host",
        subsets(lambda o: canary_of(o).update(stableService="x", canaryService=NAME), lambda o: o.append(service("x"))),
    ),
    (
        "routes-copied",
        changed(
            lane({"setWeight": 5}, LANE),
            lambda o: routes_of(o).extend(
                {"match": [{"uri": {"prefix": f"/{x}"}}], "route": [to(NAME, 100)]} for x in "ab"
            ),
        ),
    ),
    (
        "route-name-twice",
        services(lambda o: routes_of(o).append({**routes_of(o)[0], "match": [{"uri": {"prefix": "/x"}}]})),
    ),
    (
        "managed-route-in-git",
        changed(
            lane({"setWeight": 5}, LANE),
            lambda o: routes_of(o).append({"name": "lane", "match": [{"port": 80}], "route": [to(NAME, 100)]}),
        ),
    ),
    ("steered-route-managed", services(lambda o: routing_of(o).update(managedRoutes=[{"name": "primary"}]))),
    (
        "subset-removed",
        subsets(
            lambda o: by_kind(o, "DestinationRule")["spec"]["subsets"].append({"name": "beta", "labels": {"app": NAME}})
        ),
    ),
]

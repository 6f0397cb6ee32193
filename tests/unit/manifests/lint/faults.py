"""Objects with one fault each, and the rule that finds it."""

from __future__ import annotations

import copy

from tests.support.lint.objects import (
    NAME,
    Object,
    between_services,
    by_kind,
    canary_of,
    istio,
    rollout,
    routes_of,
    routing_of,
    service,
    template,
    to,
)
from tests.support.lint.variations import (
    CANARY,
    LANE,
    MATCH,
    analysed,
    analysis_template,
    autoscaler,
    changed,
    gateway,
    in_namespace,
    ingress,
    lane,
    nginx,
    of_stream,
    services,
    spec_of,
    subsets,
    taking_over,
    third,
)

BAD: list[tuple[str, list[Object]]] = [
    ("field-type", services(lambda o: routes_of(o)[0]["route"][0].update(weight="50"))),
    ("field-type", services(lambda o: spec_of(o).update(replicas="1"))),
    ("field-type", services(lambda o: o[0]["spec"]["selector"].update(version=1))),
    ("field-type", services(lambda o: canary_of(o)["steps"].append(None))),
    ("field-required", subsets(lambda o: routing_of(o)["istio"]["destinationRule"].pop("canarySubsetName"))),
    ("field-required", services(lambda o: routes_of(o)[0]["route"][0]["destination"].pop("host"))),
    ("rollout-selector", services(lambda o: spec_of(o).pop("selector"))),
    ("rollout-selector", services(lambda o: spec_of(o).update(selector={}))),
    ("rollout-selector", changed(taking_over(), lambda o: spec_of(o).update(selector={"matchLabels": {}}))),
    (
        "rollout-selector",
        services(lambda o: spec_of(o)["selector"].update(matchExpressions=[{"key": "app", "operator": "Is"}])),
    ),
    ("rollout-selects-pods", services(lambda o: spec_of(o)["selector"]["matchLabels"].update(version="v0"))),
    (
        "rollout-selects-pods",
        services(
            lambda o: spec_of(o)["selector"].update(
                matchExpressions=[{"key": "version", "operator": "In", "values": ["v0"]}]
            )
        ),
    ),
    ("rollout-template", services(lambda o: spec_of(o)["template"]["spec"].update(containers=[]))),
    ("rollout-template", services(lambda o: spec_of(o)["template"]["spec"]["containers"][0].pop("image"))),
    ("rollout-template", services(lambda o: spec_of(o)["template"]["spec"].update(restartPolicy="Never"))),
    (
        "rollout-template",
        services(lambda o: spec_of(o)["template"]["spec"]["containers"][0].update(volumeMounts=[{"name": "x"}])),
    ),
    ("rollout-workload-reference", changed(taking_over(), lambda o: spec_of(o).update(template=template()))),
    (
        "rollout-workload-reference",
        changed(taking_over(), lambda o: spec_of(o)["workloadRef"].update(kind="StatefulSet")),
    ),
    ("rollout-progress-deadline", services(lambda o: spec_of(o).update(minReadySeconds=600))),
    ("rollout-negative-number", services(lambda o: spec_of(o).update(revisionHistoryLimit=-1))),
    ("strategy-exactly-one", [rollout({}, strategy={})]),
    ("strategy-exactly-one", services(lambda o: spec_of(o)["strategy"].update(blueGreen={"activeService": NAME}))),
    ("strategy-no-surge", services(lambda o: canary_of(o).update(maxSurge="0%", maxUnavailable=0))),
    ("services-apart", subsets(lambda o: canary_of(o).update(stableService=NAME, canaryService=NAME))),
    (
        "services-apart",
        [service(NAME), rollout({}, strategy={"blueGreen": {"activeService": NAME, "previewService": NAME}})],
    ),
    ("services-named", changed(nginx(), lambda o: canary_of(o).pop("canaryService"))),
    (
        "ping-pong",
        changed(nginx(), lambda o: canary_of(o).update(pingPong={"pingService": NAME, "pongService": CANARY})),
    ),
    ("traffic-routing-needed", [rollout({"scaleDownDelaySeconds": 30})]),
    ("traffic-routing-needed", [rollout({"dynamicStableScale": True})]),
    (
        "dynamic-scale-with-delay",
        services(lambda o: canary_of(o).update(dynamicStableScale=True, scaleDownDelaySeconds=30)),
    ),
    ("max-traffic-weight", services(lambda o: routing_of(o).update(maxTrafficWeight=1000))),
    ("anti-affinity", services(lambda o: canary_of(o).update(antiAffinity={}))),
    (
        "scale-down-revisions",
        [
            service(NAME),
            service(CANARY),
            rollout(
                {},
                strategy={
                    "blueGreen": {
                        "activeService": NAME,
                        "previewService": CANARY,
                        "scaleDownDelayRevisionLimit": 11,
                    }
                },
            ),
        ],
    ),
    ("step-exactly-one-kind", services(lambda o: canary_of(o)["steps"][0].update(pause={}))),
    ("step-exactly-one-kind", services(lambda o: canary_of(o)["steps"].append({}))),
    ("step-exactly-one-kind", services(lambda o: canary_of(o)["steps"].append({"setweight": 5}))),
    ("step-mixed-kinds", services(lambda o: canary_of(o)["steps"][0].update(setCanaryScale={"weight": 20}))),
    ("step-weight", services(lambda o: canary_of(o)["steps"].append({"setWeight": 101}))),
    ("step-pause-duration", services(lambda o: canary_of(o)["steps"].append({"pause": {"duration": "soon"}}))),
    ("step-pause-duration", services(lambda o: canary_of(o)["steps"].append({"pause": {"duration": -1}}))),
    ("step-scale-without-routing", [rollout({"steps": [{"setCanaryScale": {"replicas": 1}}]})]),
    (
        "step-experiment-weight",
        [rollout({"steps": [{"experiment": {"templates": [{"name": "x", "specRef": "canary", "weight": 5}]}}]})],
    ),
    (
        "step-analysis-argument",
        analysed(
            analysis_template(args=[{"name": "x"}]),
            args=[{"name": "x", "valueFrom": {"fieldRef": {"fieldPath": "metadata.generation"}}}],
        ),
    ),
    ("route-step-router", [rollout({"steps": [LANE]})]),
    (
        "route-step-match",
        lane({"setWeight": 5}, {"setHeaderRoute": {"name": "lane", "match": [{**MATCH[0], "headerValue": {}}]}}),
    ),
    (
        "route-step-match",
        lane(
            {"setWeight": 5},
            {"setMirrorRoute": {"name": "lane", "match": [{"path": {"exact": "/", "prefix": "/"}}]}},
        ),
    ),
    ("route-step-managed", lane({"setWeight": 5}, {"setHeaderRoute": {"name": "other", "match": MATCH}})),
    ("route-step-managed", between_services(steps=[{"setWeight": 5}, LANE])),
    ("analysis-names-twice", analysed(analysis_template(dryRun=[{"metricName": "rate"}] * 2))),
    ("analysis-argument-missing", analysed(analysis_template(args=[{"name": "service"}]))),
    (
        "analysis-endless",
        analysed(changed([analysis_template()], lambda o: o[0]["spec"]["metrics"][0].pop("count"))[0]),
    ),
    ("analysis-empty", between_services(steps=[{"setWeight": 5}, {"analysis": {"templates": []}}])),
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
    ("step-route-lost", lane(LANE, {"pause": {}})),
    ("step-route-lost", lane({"setCanaryScale": {"matchTrafficWeight": True}}, LANE, {"pause": {}}, {"setWeight": 10})),
    (
        "step-route-lost",
        lane(
            {"setCanaryScale": {"weight": 10}}, LANE, {"pause": {}}, {"setCanaryScale": {"replicas": 0}}, {"pause": {}}
        ),
    ),
    (
        "step-route-without-http",
        changed(
            of_stream("tcp"),
            lambda o: canary_of(o)["steps"].insert(1, LANE),
            lambda o: routing_of(o).update(managedRoutes=[{"name": "lane"}]),
        ),
    ),
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
    ("gateways-clash", services(lambda o: o.extend([gateway("one", "*"), gateway("two", "*")]))),
    ("replicas-beside-autoscaler", [*between_services(), autoscaler()]),
    ("replicas-beside-autoscaler", [*between_services(), autoscaler("ScaledObject", "keda.sh/v1alpha1")]),
    ("object-twice", services(lambda o: o.append(copy.deepcopy(o[0])))),
]

"""Rollouts with one fault each in their fields, their pods or their strategy."""

from __future__ import annotations

from tests.support.lint.objects import NAME, Object, canary_of, rollout, routes_of, routing_of, service, template
from tests.support.lint.variations import CANARY, changed, nginx, services, spec_of, subsets, taking_over

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
]

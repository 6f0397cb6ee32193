"""Canaries with one fault each in their steps or their analyses."""

from __future__ import annotations

from tests.support.lint.objects import Object, between_services, canary_of, rollout, routing_of
from tests.support.lint.variations import LANE, MATCH, analysed, analysis_template, changed, lane, of_stream, services

BAD: list[tuple[str, list[Object]]] = [
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
]

"""Changes of a Rollout but for its steps: some are faults, some are only unusual."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import strategies as st

from tests.support.lint.objects import (
    NAME,
    Object,
    template,
)
from tests.support.lint.parts import CANARY, Draw, NotHere, Parts, here, put


def selector(parts: Parts, draw: Draw) -> None:
    expression = {"key": "app", "operator": draw(st.sampled_from(["In", "NotIn", "Exists", "DoesNotExist", "Is"]))}
    values = draw(st.sampled_from([None, [], [NAME], ["other"]]))
    choices: list[Any] = [
        None,
        {},
        {"matchLabels": {}},
        {"matchLabels": {"app": "other"}},
        {"matchLabels": {"app": NAME, "version": "v1"}},
        {"matchLabels": {"app": NAME, "tier": "web"}},
        {"matchLabels": {"app": 1}},
        {"matchExpressions": [expression if values is None else {**expression, "values": values}]},
    ]
    chosen = draw(st.sampled_from(choices))
    if "workloadRef" in parts.spec and chosen in ({}, {"matchLabels": {}}):
        raise NotHere  # the controller says nothing of it: it fails to make a ReplicaSet again and again
    put(parts.spec, "selector", chosen)


def pods(parts: Parts, draw: Draw) -> None:
    spec = here(parts.spec, "template")["spec"]
    first = spec["containers"][0]
    match draw(st.sampled_from(["none", "name", "image", "twice", "policy", "deadline", "mount", "label"])):
        case "none":
            spec["containers"] = []
        case "name":
            put(first, "name", draw(st.sampled_from([None, "", "A b", "a-" * 40])))
        case "image":
            put(first, "image", draw(st.sampled_from([None, "", " x:1"])))
        case "twice":
            spec["containers"].append(copy.deepcopy(first))
        case "policy":
            spec["restartPolicy"] = draw(st.sampled_from(["Always", "Never", "OnFailure"]))
        case "deadline":
            spec["activeDeadlineSeconds"] = 5
        case "mount":
            first["volumeMounts"] = [{"name": "data", "mountPath": "/data"}]
            if draw(st.booleans()):
                spec["volumes"] = [{"name": "data", "emptyDir": {}}]
        case "label":
            labels = parts.spec["template"]["metadata"]["labels"]
            labels[draw(st.sampled_from(["app", "x", "a/b", "a b"]))] = draw(st.sampled_from([NAME, "x", "x y", ""]))


def first_container(parts: Parts, draw: Draw) -> None:
    spec = here(parts.spec, "template")["spec"]
    spec["initContainers"] = [{"name": draw(st.sampled_from([NAME, "init"])), "image": "x:1"}]


def numbers(parts: Parts, draw: Draw) -> None:
    keys = ["minReadySeconds", "progressDeadlineSeconds", "revisionHistoryLimit", "replicas"]
    for key in draw(st.sets(st.sampled_from(keys), min_size=1)):
        # The controller starts no pod for these tests: replicas stay below one.
        values = [-1, 0] if key == "replicas" else [-1, 0, 5, 600, 700]
        parts.spec[key] = draw(st.sampled_from(values))


def strategy(parts: Parts, draw: Draw) -> None:
    added = {"canary": {}, "blueGreen": {"activeService": NAME}}
    parts.spec["strategy"] = draw(st.sampled_from([{}, {**parts.spec["strategy"], **added}, {"canary": {}}]))


def amounts(parts: Parts, draw: Draw) -> None:
    values = [0, 1, "0%", "0", "25%", "many", "-1", 1.5]
    for key in ("maxSurge", "maxUnavailable"):
        parts.canary[key] = draw(st.sampled_from(values))


def sides(parts: Parts, draw: Draw) -> None:
    names = [None, "", NAME, CANARY, "nobody"]
    inner = parts.spec["strategy"].get("blueGreen")
    keys = ("activeService", "previewService") if inner else ("stableService", "canaryService")
    put(inner or parts.canary, draw(st.sampled_from(keys)), draw(st.sampled_from(names)))


def alternating(parts: Parts, draw: Draw) -> None:
    name = st.sampled_from([NAME, CANARY, "", "nobody"])
    parts.canary["pingPong"] = {"pingService": draw(name), "pongService": draw(name)}


def scaling(parts: Parts, draw: Draw) -> None:
    keys = {"scaleDownDelaySeconds": st.sampled_from([0, 30]), "dynamicStableScale": st.booleans()}
    for key, values in keys.items():
        if draw(st.booleans()):
            parts.canary[key] = draw(values)


def heaviest(parts: Parts, draw: Draw) -> None:
    parts.routing["maxTrafficWeight"] = draw(st.sampled_from([10, 100, 1000]))


def affinity(parts: Parts, draw: Draw) -> None:
    preferred = {
        "preferredDuringSchedulingIgnoredDuringExecution": draw(st.sampled_from([{"weight": 1}, {"weight": 101}, {}]))
    }
    required: Object = {"requiredDuringSchedulingIgnoredDuringExecution": {}}
    parts.canary["antiAffinity"] = draw(st.sampled_from([{}, preferred, required, {**preferred, **required}]))


def routing(parts: Parts, draw: Draw) -> None:
    routers: list[Object | None] = [
        None,
        {},
        {"smi": {}},
        {"nginx": {}},
        {"nginx": {"stableIngress": "x", "stableIngresses": ["y"]}},
    ]
    put(parts.canary, "trafficRouting", draw(st.sampled_from(routers)))


def workload(parts: Parts, draw: Draw) -> None:
    spec = parts.spec
    reference: Object = {"apiVersion": "apps/v1", "kind": "Deployment", "name": NAME}
    match draw(st.sampled_from(["kind", "name", "template", "labels", "selector", "version"])):
        case "kind":
            spec["workloadRef"] = {**reference, "kind": draw(st.sampled_from(["StatefulSet", "ReplicaSet", "Job"]))}
        case "name":
            spec["workloadRef"] = {**reference, "name": "nobody"}
        case "template":
            here(spec, "workloadRef")
            spec["template"] = template()
        case "labels":
            labels = parts.one("Deployment")["spec"]["template"]["metadata"]["labels"]
            labels["version"] = "v2"
        case "selector":
            here(spec, "workloadRef")
            put(spec, "selector", None)
        case "version":
            spec["workloadRef"] = {**reference, "apiVersion": draw(st.sampled_from(["apps/v1", "v1", "extensions/v1"]))}


CHANGES = (
    selector,
    pods,
    first_container,
    numbers,
    strategy,
    amounts,
    sides,
    alternating,
    scaling,
    heaviest,
    affinity,
    routing,
    workload,
)

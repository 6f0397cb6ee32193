"""Changes of the steps and analyses of a canary."""

from __future__ import annotations

import copy

from hypothesis import strategies as st

from tests.support.lint.objects import (
    NAME,
    Object,
)
from tests.support.lint.parts import Draw, Parts, add_step, put


def weight(parts: Parts, draw: Draw) -> None:
    add_step(parts, draw, {"setWeight": draw(st.sampled_from([-1, 0, 10, 100, 101, "5"]))})


def pause(parts: Parts, draw: Draw) -> None:
    values = ["-1", -5, 0, 30, "10m", "1.5h", "500ms", "10", "soon", "10 m", "1h30m", "-500ms", "", "5m5", ".5s"]
    add_step(parts, draw, {"pause": {"duration": draw(st.sampled_from(values))}})


def mixed(parts: Parts, draw: Draw) -> None:
    kinds: Object = {
        "setWeight": 20,
        "pause": {},
        "setCanaryScale": {"replicas": 0},
        "setHeaderRoute": {"name": "lane"},
        "plugin": {"name": "x/y"},
        "analysis": {"templates": []},
        "nothing": {},
    }
    chosen = draw(st.sets(st.sampled_from(sorted(kinds)), max_size=3))
    if "plugin" in chosen:
        chosen.discard("plugin")  # a plug-in that is not configured stops the controller, it is not refused
    add_step(parts, draw, {key: copy.deepcopy(kinds[key]) for key in chosen})


def scale(parts: Parts, draw: Draw) -> None:
    choices = [{}, {"weight": 10}, {"replicas": 0}, {"matchTrafficWeight": True}, {"replicas": "1"}]
    add_step(parts, draw, {"setCanaryScale": draw(st.sampled_from(choices))})


def _string_match(draw: Draw) -> Object:
    keys = draw(st.sets(st.sampled_from(["exact", "prefix", "regex"]), max_size=2))
    return {key: draw(st.sampled_from(["", "x"])) for key in keys}


def header_route(parts: Parts, draw: Draw) -> None:
    name = draw(st.sampled_from(["lane", "other", None]))
    route: Object = {} if name is None else {"name": name}
    if draw(st.booleans()):
        entry = {"headerName": "lane", "headerValue": _string_match(draw)}
        route["match"] = [
            {key: entry[key] for key in draw(st.sampled_from([["headerName", "headerValue"], ["headerName"]]))}
        ]
    add_step(parts, draw, {"setHeaderRoute": route})


def mirror_route(parts: Parts, draw: Draw) -> None:
    route: Object = {"name": draw(st.sampled_from(["lane", "other"])), "percentage": 10}
    if draw(st.booleans()):
        route["match"] = [{draw(st.sampled_from(["method", "path"])): _string_match(draw)}]
    add_step(parts, draw, {"setMirrorRoute": route})


def managed(parts: Parts, draw: Draw) -> None:
    choices: list[list[Object] | None] = [None, [], [{"name": "lane"}], [{"name": "lane"}, {"name": "other"}], [{}]]
    put(parts.routing, "managedRoutes", draw(st.sampled_from(choices)))


def experiment(parts: Parts, draw: Draw) -> None:
    inner: Object = {"name": "x", "specRef": "canary"}
    if draw(st.booleans()):
        inner["weight"] = 5
    if draw(st.booleans()):
        del inner["specRef"]
    add_step(parts, draw, {"experiment": {"templates": [inner]}})


def analysis(parts: Parts, draw: Draw) -> None:
    where = draw(st.sampled_from(["step", "background"]))
    run: Object = {"templates": [{"templateName": draw(st.sampled_from([NAME, "nobody"]))}]}
    if draw(st.booleans()):
        paths = ["metadata.name", "metadata.generation", "metadata.labels['app']", "status.phase", "metadata.labels"]
        field = {"fieldRef": {"fieldPath": draw(st.sampled_from(paths))}}
        run["args"] = [{"name": "service", "valueFrom": field}]
    if where == "step":
        add_step(parts, draw, {"analysis": run})
    else:
        parts.canary["analysis"] = run


def analysis_template(parts: Parts, draw: Draw) -> None:
    spec = parts.one("AnalysisTemplate")["spec"]
    metric = spec["metrics"][0]
    match draw(st.sampled_from(["count", "twice", "args", "tag", "both", "dry"])):
        case "count":
            put(metric, "count", draw(st.sampled_from([None, 0, "0", "3", "{{args.limit}}", "{{args.nobody}}"])))
        case "twice":
            spec["metrics"].append(copy.deepcopy(metric))
        case "args":
            spec["args"].append({"name": "more"})
        case "tag":
            metric["successCondition"] = draw(st.sampled_from(["{{args.service}}", "{{ args.more }}", "{{inputs.x}}"]))
        case "both":
            spec["args"].append({"name": "z", "value": "1", "valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}}})
        case "dry":
            spec["dryRun"] = [{"metricName": "rate"}, {"metricName": draw(st.sampled_from(["rate", "x"]))}]


CHANGES = (
    weight,
    pause,
    mixed,
    scale,
    header_route,
    mirror_route,
    managed,
    experiment,
    analysis,
    analysis_template,
)

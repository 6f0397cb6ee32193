"""Combinations of Rollout, Services, VirtualService and DestinationRule: in order, or with one or several changes.

Many changes are faults, some are only unusual; which is which is for the lint and the controller to say.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.support.lint.objects import (
    NAME,
    Object,
    argo,
    between_services,
    between_subsets,
    istio,
    rollout,
    service,
    template,
    to,
)

CANARY = f"{NAME}-canary"
Draw = Callable[[st.SearchStrategy[Any]], Any]


class NotHere(Exception):  # noqa: N818 (no error: a change that a combination has no place for)
    """The combination has no place for a change."""


@dataclass(frozen=True)
class Combination:
    """Objects, and what they were made of, for messages."""

    made_of: tuple[str, ...]
    objects: list[Object]


class Parts:
    """The parts of a combination that changes are made to."""

    def __init__(self, objects: list[Object]) -> None:
        self.objects = objects

    def one(self, kind: str, place: int = 0) -> Any:
        found = [item for item in self.objects if item["kind"] == kind]
        if len(found) <= place:
            raise NotHere
        return found[place]

    @property
    def spec(self) -> Any:
        return self.one("Rollout")["spec"]

    @property
    def canary(self) -> Any:
        if "canary" not in self.spec["strategy"]:
            raise NotHere
        return self.spec["strategy"]["canary"]

    @property
    def routing(self) -> Any:
        if "trafficRouting" not in self.canary:
            raise NotHere
        return self.canary["trafficRouting"]

    @property
    def istio(self) -> Any:
        return here(self.routing, "istio")

    @property
    def reference(self) -> Any:
        several = self.istio.get("virtualServices") or [None]
        found = self.istio.get("virtualService") or several[0]
        if found is None:
            raise NotHere
        return found

    @property
    def routes(self) -> Any:
        return here(self.one("VirtualService")["spec"], "http")

    def add(self, item: Object) -> None:
        self.objects.append(item)


def here(value: Any, key: str) -> Any:
    if key not in value:
        raise NotHere
    return value[key]


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


def put(value: Any, key: str, new: Any) -> None:
    if new is None:
        if key not in value:
            raise NotHere
        del value[key]
    else:
        value[key] = new


def _step(parts: Parts, draw: Draw, step: Object) -> None:
    steps = parts.canary.setdefault("steps", [])
    steps.insert(draw(st.integers(0, len(steps))), step)


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
        {"matchLabels": {"app": "not a label"}},
        {"matchLabels": {"app": 1}},
        {"matchExpressions": [expression if values is None else {**expression, "values": values}]},
    ]
    put(parts.spec, "selector", draw(st.sampled_from(choices)))


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
    routers = [None, {}, {"smi": {}}, {"nginx": {}}, {"nginx": {"stableIngress": "x", "stableIngresses": ["y"]}}]
    put(parts.canary, "trafficRouting", draw(st.sampled_from(routers)))


def weight(parts: Parts, draw: Draw) -> None:
    _step(parts, draw, {"setWeight": draw(st.sampled_from([-1, 0, 10, 100, 101, "5"]))})


def pause(parts: Parts, draw: Draw) -> None:
    values = ["-1", -5, 0, 30, "10m", "1.5h", "500ms", "10", "soon", "10 m", "1h30m", "-500ms", "", "5m5", ".5s"]
    _step(parts, draw, {"pause": {"duration": draw(st.sampled_from(values))}})


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
    _step(parts, draw, {key: copy.deepcopy(kinds[key]) for key in chosen})


def scale(parts: Parts, draw: Draw) -> None:
    choices = [{}, {"weight": 10}, {"replicas": 0}, {"matchTrafficWeight": True}, {"replicas": "1"}]
    _step(parts, draw, {"setCanaryScale": draw(st.sampled_from(choices))})


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
    _step(parts, draw, {"setHeaderRoute": route})


def mirror_route(parts: Parts, draw: Draw) -> None:
    route: Object = {"name": draw(st.sampled_from(["lane", "other"])), "percentage": 10}
    if draw(st.booleans()):
        route["match"] = [{draw(st.sampled_from(["method", "path"])): _string_match(draw)}]
    _step(parts, draw, {"setMirrorRoute": route})


def managed(parts: Parts, draw: Draw) -> None:
    choices = [None, [], [{"name": "lane"}], [{"name": "lane"}, {"name": "other"}], [{}]]
    put(parts.routing, "managedRoutes", draw(st.sampled_from(choices)))


def experiment(parts: Parts, draw: Draw) -> None:
    inner: Object = {"name": "x", "specRef": "canary"}
    if draw(st.booleans()):
        inner["weight"] = 5
    if draw(st.booleans()):
        del inner["specRef"]
    _step(parts, draw, {"experiment": {"templates": [inner]}})


def analysis(parts: Parts, draw: Draw) -> None:
    where = draw(st.sampled_from(["step", "background"]))
    run: Object = {"templates": [{"templateName": draw(st.sampled_from([NAME, "nobody"]))}]}
    if draw(st.booleans()):
        paths = ["metadata.name", "metadata.generation", "metadata.labels['app']", "status.phase", "metadata.labels"]
        field = {"fieldRef": {"fieldPath": draw(st.sampled_from(paths))}}
        run["args"] = [{"name": "service", "valueFrom": field}]
    if where == "step":
        _step(parts, draw, {"analysis": run})
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


def virtual_service_reference(parts: Parts, draw: Draw) -> None:
    own = copy.deepcopy(parts.reference)
    choices: list[Any] = [
        {},
        {"virtualServices": [own]},
        {"virtualService": own, "virtualServices": [own]},
        {"virtualServices": []},
        {"virtualService": {**own, "name": "nobody"}},
        {"virtualServices": [own, {**own, "name": "nobody"}]},
        {"virtualServices": [own, own]},
        {"virtualService": {**own, "name": f"{NAME}.elsewhere"}},
    ]
    rest = {key: value for key, value in parts.istio.items() if not key.startswith("virtualService")}
    parts.routing["istio"] = {**rest, **draw(st.sampled_from(choices))}


def named_routes(parts: Parts, draw: Draw) -> None:
    choices = [None, [], ["primary"], ["other"], ["primary", "other"], ["lane"], ["primary", "primary"]]
    put(parts.reference, "routes", draw(st.sampled_from(choices)))


def named_streams(parts: Parts, draw: Draw) -> None:
    hosts = [["a.example", "b.example"], ["b.example", "a.example"], ["a.example"], ["a.example", "a.example"], []]
    if draw(st.booleans()):
        port = {"port": draw(st.sampled_from([443, 80, 0]))}
        routes = [None, [], [{**port, "sniHosts": draw(st.sampled_from(hosts))}], [port]]
        put(parts.reference, "tlsRoutes", draw(st.sampled_from(routes)))
    else:
        routes = [None, [], [{"port": 443}], [{"port": 80}], [{}], [{"port": 443}, {"port": 80}]]
        put(parts.reference, "tcpRoutes", draw(st.sampled_from(routes)))


def route_name(parts: Parts, draw: Draw) -> None:
    put(draw(st.sampled_from(parts.routes)), "name", draw(st.sampled_from([None, "", "primary", "other", "lane"])))


def more_routes(parts: Parts, draw: Draw) -> None:
    name = draw(st.sampled_from([None, "primary", "other", "lane"]))
    parts_of = draw(st.sampled_from([[to(NAME, 100)], [to(NAME, 100), to(CANARY, 0)], [to("legacy.example", 100)]]))
    match = draw(st.sampled_from([{}, {"match": [{"uri": {"prefix": "/x"}}]}]))
    route = {**({} if name is None else {"name": name}), **match, "route": copy.deepcopy(parts_of)}
    parts.routes.insert(draw(st.integers(0, len(parts.routes))), route)


def other_protocol(parts: Parts, draw: Draw) -> None:
    spec = parts.one("VirtualService")["spec"]
    ends = copy.deepcopy(draw(st.sampled_from([[to(NAME, 100)], [to(NAME, 100), to(CANARY, 0)]])))
    match draw(st.sampled_from(["tcp", "tls", "no http", "twice"])):
        case "tcp":
            spec["tcp"] = [{"match": [{"port": draw(st.sampled_from([443, 80]))}], "route": ends}]
        case "tls":
            match = {"port": 443, "sniHosts": ["a.example", "b.example"]}
            spec["tls"] = [{"match": [match, copy.deepcopy(match)], "route": ends}]
        case "no http":
            put(spec, "http", None)
        case "twice":
            spec["tcp"] = [{"match": [{"port": port}], "route": copy.deepcopy(ends)} for port in (443, 80)]


def destinations(parts: Parts, draw: Draw) -> None:
    spec = parts.one("VirtualService")["spec"]
    kind = next((kind for kind in ("http", "tls", "tcp") if spec.get(kind)), None)
    if kind is None:
        raise NotHere
    ends = draw(st.sampled_from(spec[kind])).get("route")
    if not ends:
        raise NotHere
    end = draw(st.sampled_from(ends))
    match draw(st.sampled_from(["host", "subset", "remove", "third", "weight", "none", "port"])):
        case "host":
            full = ["nobody", NAME, f"{NAME}.prod.svc.cluster.local", f"{CANARY}.prod", ".shop", None]
            put(end["destination"], "host", draw(st.sampled_from(full)))
        case "subset":
            put(end["destination"], "subset", draw(st.sampled_from([None, "", "stable", "canary", "third"])))
        case "remove":
            ends.remove(end)
        case "third":
            ends.append(to(NAME, 10, "third"))
        case "weight":
            end["weight"] = draw(st.sampled_from([1, 0, "50", 150]))
        case "none":
            end.pop("destination")
        case "port":
            end["destination"]["port"] = {"number": draw(st.sampled_from([80, 81, "80"]))}


def delegate(parts: Parts, draw: Draw) -> None:
    route = draw(st.sampled_from(parts.routes))
    route.pop("route", None)
    route["delegate"] = {"name": "leaf"}


def service_selector(parts: Parts, draw: Draw) -> None:
    item = parts.one("Service", draw(st.integers(0, 1)))
    choices: list[Any] = [
        {},
        {"app": NAME, "version": "v1"},
        {"app": NAME, "version": "v0"},
        {"app": "other"},
        {"app": NAME, "rollouts-pod-template-hash": "abc"},
        {"app": NAME, "tier": "web"},
        {"app": 1},
        None,
    ]
    put(item["spec"], "selector", draw(st.sampled_from(choices)))


def service_owner(parts: Parts, draw: Draw) -> None:
    owner = draw(st.sampled_from([NAME, "somebody"]))
    mark = {"argo-rollouts.argoproj.io/managed-by-rollouts": owner}
    parts.one("Service", draw(st.integers(0, 1)))["metadata"]["annotations"] = mark


def missing(parts: Parts, draw: Draw) -> None:
    kind = draw(st.sampled_from(["Service", "VirtualService", "DestinationRule", "AnalysisTemplate", "Deployment"]))
    parts.objects.remove(parts.one(kind))


def subset_names(parts: Parts, draw: Draw) -> None:
    rule = here(parts.istio, "destinationRule")
    key = draw(st.sampled_from(["stableSubsetName", "canarySubsetName", "name"]))
    put(rule, key, draw(st.sampled_from([None, "", "third", NAME, "stable"])))


def destination_rule(parts: Parts, draw: Draw) -> None:
    spec = parts.one("DestinationRule")["spec"]
    match draw(st.sampled_from(["host", "name", "labels", "third"])):
        case "host":
            put(spec, "host", draw(st.sampled_from([None, "other", f"{NAME}.prod.svc.cluster.local"])))
        case "name":
            put(spec["subsets"][0], "name", draw(st.sampled_from([None, "x"])))
        case "labels":
            spec["subsets"][0]["labels"] = draw(st.sampled_from([{"version": "v1"}, {"version": "v9"}, {"version": 1}]))
        case "third":
            spec["subsets"].append({"name": "third", "labels": {"app": NAME}})


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


def second_virtual_service(parts: Parts, draw: Draw) -> None:
    name = draw(st.sampled_from(["second", NAME]))
    route = {"name": "primary", "route": [to(NAME, 100), to(draw(st.sampled_from([CANARY, "nobody"])), 0)]}
    if name != NAME:
        parts.add(istio("VirtualService", f"{NAME}-{name}", {"hosts": [f"{NAME}.example"], "http": [route]}))
    own = parts.istio.pop("virtualService", None)
    if own is None:
        raise NotHere
    parts.istio["virtualServices"] = [own, {"name": f"{NAME}-second", "routes": ["primary"]}]


CHANGES: dict[str, Callable[[Parts, Draw], None]] = {
    change.__name__: change
    for change in (
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
        virtual_service_reference,
        named_routes,
        named_streams,
        route_name,
        more_routes,
        other_protocol,
        destinations,
        delegate,
        service_selector,
        service_owner,
        missing,
        subset_names,
        destination_rule,
        workload,
        second_virtual_service,
    )
}


@st.composite
def combinations(draw: Draw) -> Combination:
    """A combination and what it was made of."""
    base = draw(st.sampled_from(sorted(BASES)))
    objects = copy.deepcopy(BASES[base]())
    made_of = [base]
    count = draw(st.sampled_from((0, 1, 1, 1, 2, 3)))
    for name in draw(st.lists(st.sampled_from(sorted(CHANGES)), min_size=count, max_size=count)):
        before = copy.deepcopy(objects)
        try:
            CHANGES[name](Parts(objects), draw)
            made_of.append(name)
        except (NotHere, IndexError, KeyError, TypeError):  # an earlier change took its place away
            objects[:] = before
    return Combination(tuple(made_of), objects)

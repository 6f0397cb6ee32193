"""Changes of routes, subsets, Services, and of the references to them."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import strategies as st

from tests.support.lint.objects import (
    NAME,
    istio,
    to,
)
from tests.support.lint.parts import CANARY, Draw, NotHere, Parts, here, put


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


def second_virtual_service(parts: Parts, draw: Draw) -> None:
    name = draw(st.sampled_from(["second", NAME]))
    route = {"name": "primary", "route": [to(NAME, 100), to(draw(st.sampled_from([CANARY, "nobody"])), 0)]}
    if name != NAME:
        parts.add(istio("VirtualService", f"{NAME}-{name}", {"hosts": [f"{NAME}.example"], "http": [route]}))
    own = parts.istio.pop("virtualService", None)
    if own is None:
        raise NotHere
    parts.istio["virtualServices"] = [own, {"name": f"{NAME}-second", "routes": ["primary"]}]


CHANGES = (
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
    second_virtual_service,
)

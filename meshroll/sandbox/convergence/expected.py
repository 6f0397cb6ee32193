"""What the clients of a mesh should hold, from the resources as written, and what they do hold, from istiod's dump.

Pure functions. Both sides come down to the same small views: the routes of a VirtualService as (name, header matches,
weight by cluster) in order, and the addresses behind each cluster. Cluster names are Envoy's, as istiod builds them:
`outbound|PORT|SUBSET|HOST`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Object = dict[str, Any]
Name = tuple[str, str]
_ROUTES, _ENDPOINTS, _LISTENERS = "RoutesConfigDump", "EndpointsConfigDump", "ListenersConfigDump"


@dataclass(frozen=True)
class Route:
    """One route: `headers` are (name, kind of match, value), `weights` the share of each cluster that gets any."""

    name: str
    headers: frozenset[tuple[str, str, str]]
    weights: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Expected:
    """What one namespace's resources say."""

    routes: Mapping[Name, tuple[Route, ...]]
    hosts: Mapping[Name, frozenset[str]]
    endpoints: Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class Held:
    """What one client holds."""

    routes: Mapping[Name, tuple[Route, ...]] = field(default_factory=dict)
    hosts: frozenset[str] = frozenset()
    endpoints: Mapping[str, frozenset[str]] = field(default_factory=dict)


def expected(
    namespace: str,
    virtual_services: Iterable[Object],
    destination_rules: Iterable[Object],
    services: Iterable[Object],
    workload_entries: Sequence[Object],
) -> Expected:
    """What clients should hold for one namespace, given the control plane's resources and the workers' endpoints."""
    known = {f"{s['metadata']['name']}.{namespace}.svc.cluster.local": s for s in services}
    subsets: dict[str, dict[str, Mapping[str, str]]] = {}
    for rule in destination_rules:
        of_host = subsets.setdefault(full_name(rule["spec"]["host"], namespace), {})
        for subset in rule["spec"].get("subsets") or []:
            of_host.setdefault(subset["name"], subset.get("labels") or {})
    routes: dict[Name, tuple[Route, ...]] = {}
    hosts: dict[Name, frozenset[str]] = {}
    for service in virtual_services:
        name = (namespace, service["metadata"]["name"])
        routes[name] = tuple(r for http in service["spec"].get("http") or [] for r in _routes(http, namespace, known))
        meshed = "mesh" in (service["spec"].get("gateways") or ["mesh"])
        hosts[name] = frozenset(
            full_name(h, namespace) for h in service["spec"].get("hosts") or [] if meshed and h != "*"
        )
    clusters = {cluster for found in routes.values() for route in found for cluster, _ in route.weights}
    endpoints = {c: _addresses(c, known, subsets, workload_entries) for c in sorted(clusters)}
    return Expected(routes, hosts, {c: found for c, found in endpoints.items() if found is not None})


def held(dump: Object) -> Held:
    """One client's view in a `/debug/config_dump?include_eds` answer of istiod."""
    parts = {part["@type"].rpartition(".")[2]: part for part in dump.get("configs") or []}
    routes: dict[Name, list[Route]] = {}
    hosts: set[str] = set()
    for item in parts.get(_ROUTES, {}).get("dynamicRouteConfigs") or []:
        for virtual_host in item["routeConfig"].get("virtualHosts") or []:
            hosts.update(virtual_host.get("domains") or [])
            seen: dict[Name, list[Route]] = {}
            for route in virtual_host.get("routes") or []:
                source = _source(route)
                if source:
                    seen.setdefault(source, []).append(_held_route(route))
            for source, found in seen.items():
                routes.setdefault(source, found)
    for item in parts.get(_LISTENERS, {}).get("dynamicListeners") or []:
        hosts.add(item.get("name", "").rpartition(":")[0])
    endpoints = {}
    for item in parts.get(_ENDPOINTS, {}).get("dynamicEndpointConfigs") or []:
        load = item["endpointConfig"]
        endpoints[load["clusterName"]] = frozenset(_address(e) for e in load.get("endpoints") or [] for e in _each(e))
    return Held({name: tuple(found) for name, found in routes.items()}, frozenset(hosts), endpoints)


def difference(wanted: Expected, client: Held, namespace: str) -> str:
    """What a client still lacks, as a phrase; empty when it holds everything that concerns it."""
    for name, routes in wanted.routes.items():
        has = client.routes.get(name)
        if has is None:
            if wanted.hosts[name] & client.hosts:
                return f"has no route of VirtualService {'/'.join(name)}"
            continue
        if has != routes:
            return f"has other routes than VirtualService {'/'.join(name)}"
        for cluster in {cluster for route in routes for cluster, _ in route.weights} & wanted.endpoints.keys():
            if client.endpoints.get(cluster) != wanted.endpoints[cluster]:
                return f"has other endpoints for {cluster}"
    gone = sorted(name for name in client.routes if name[0] == namespace and name not in wanted.routes)
    return f"still has routes of VirtualService {'/'.join(gone[0])}" if gone else ""


def full_name(host: str, namespace: str) -> str:
    """The name of a Service in full: a short one is of the resource's own namespace."""
    return host if "." in host or host == "*" else f"{host}.{namespace}.svc.cluster.local"


def _routes(http: Object, namespace: str, services: Mapping[str, Object]) -> list[Route]:
    weights: dict[str, int] = {}
    destinations = http.get("route") or []
    for destination in destinations:
        weight = int(destination.get("weight") or (100 if len(destinations) == 1 else 0))
        if weight:
            cluster = _cluster(destination["destination"], namespace, services)
            weights[cluster] = weights.get(cluster, 0) + weight
    found = []
    for match in http.get("match") or [{}]:
        name = ".".join(part for part in (http.get("name"), match.get("name")) if part)
        headers = frozenset(
            (header.lower(), kind, str(value))
            for header, how in (match.get("headers") or {}).items()
            for kind, value in how.items()
        )
        found.append(Route(name, headers, _shares(weights)))
    return found


def _shares(weights: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """A single cluster gets everything, whatever its weight."""
    if len(weights) == 1:
        return ((next(iter(weights)), 100),)
    return tuple(sorted(weights.items()))


def _cluster(destination: Object, namespace: str, services: Mapping[str, Object]) -> str:
    host = full_name(destination["host"], namespace)
    port = (destination.get("port") or {}).get("number")
    if port is None and host in services:
        port = services[host]["spec"]["ports"][0]["port"]
    return f"outbound|{port or ''}|{destination.get('subset', '')}|{host}"


def _addresses(
    cluster: str,
    services: Mapping[str, Object],
    subsets: Mapping[str, Mapping[str, Mapping[str, str]]],
    entries: Sequence[Object],
) -> frozenset[str] | None:
    _, port, subset, host = cluster.split("|")
    service = services.get(host)
    target = next((p for p in service["spec"]["ports"] if str(p["port"]) == port), None) if service else None
    if service is None or target is None or not isinstance(target.get("targetPort", 0), int):
        return None
    labels = dict(service["spec"].get("selector") or {}) | dict(subsets.get(host, {}).get(subset, {}))
    return frozenset(
        f"{entry['spec']['address']}:{target.get('targetPort') or target['port']}"
        for entry in entries
        if labels.items() <= (entry["spec"].get("labels") or {}).items()
        and "deletionTimestamp" not in entry["metadata"]
    )


def _source(route: Object) -> Name | None:
    """The VirtualService that a route was made from: istiod notes it in the route's metadata."""
    path = route.get("metadata", {}).get("filterMetadata", {}).get("istio", {}).get("config", "")
    parts = path.split("/")
    return (parts[-3], parts[-1]) if parts[-2:-1] == ["virtual-service"] else None


def _held_route(route: Object) -> Route:
    headers = frozenset(
        (
            header["name"].lower(),
            "regex" if kind == "safeRegex" else kind,
            value["regex"] if kind == "safeRegex" else value,
        )
        for header in route.get("match", {}).get("headers") or []
        for kind, value in (header.get("stringMatch") or {}).items()
        if kind in ("exact", "prefix", "suffix", "safeRegex")
    )
    action = route.get("route") or {}
    weighted = (action.get("weightedClusters") or {}).get("clusters")
    if weighted is None:
        weighted = [{"name": action["cluster"], "weight": 100}] if "cluster" in action else []
    weights: dict[str, int] = {}
    for item in weighted:
        weights[item["name"]] = weights.get(item["name"], 0) + int(item.get("weight") or 0)
    return Route(route.get("name", ""), headers, _shares(weights))


def _each(locality: Object) -> list[Object]:
    return list(locality.get("lbEndpoints") or [])


def _address(endpoint: Object) -> str:
    socket = endpoint["endpoint"]["address"]["socketAddress"]
    return f"{socket['address']}:{socket['portValue']}"

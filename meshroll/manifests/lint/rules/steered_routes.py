"""The routes of VirtualServices that a Rollout steers, as Argo Rollouts checks them before it starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from meshroll.manifests.lint.model import Flaw, Rule, Severity
from meshroll.manifests.lint.objects import Item
from meshroll.manifests.lint.rollout import Rollout, VirtualServiceReference

OWNER = "Argo Rollouts"
Route = Mapping[str, Any]
_KINDS = {"http": "routes", "tls": "tlsRoutes", "tcp": "tcpRoutes"}

NO_ROUTES = Rule(
    "virtual-service-without-routes",
    Severity.ERROR,
    OWNER,
    "A Rollout names a VirtualService that has no http, tls or tcp routes.",
    "The Rollout is InvalidSpec.",
    "Give the VirtualService a route to both sides, or name another.",
)
UNKNOWN = Rule(
    "route-unknown",
    Severity.ERROR,
    OWNER,
    "A Rollout names a route that its VirtualService does not have: an http route by name, a tls route by port and SNI "
    "hosts, a tcp route by port.",
    "The Rollout is InvalidSpec.",
    "Name a route that is there, or name the route in the VirtualService.",
)
WHICH = Rule(
    "route-unclear",
    Severity.ERROR,
    OWNER,
    "A Rollout names no route, and its VirtualService has several of one protocol beside the managed ones.",
    "The Rollout is InvalidSpec: it is not clear which one to steer.",
    "Name the routes and list them under routes, tlsRoutes or tcpRoutes.",
)
SIDES = Rule(
    "route-without-side",
    Severity.ERROR,
    OWNER,
    "A steered route does not lead to both sides: the two Services, or the two subsets. This holds for tls and tcp "
    "routes that stand beside http as well, and for a route that only delegates.",
    "The Rollout is InvalidSpec.",
    "Add both destinations with weights 100 and 0, or move the other protocol's routes into a VirtualService of their "
    "own; name the VirtualService that has the destinations, not the one that delegates to it.",
)
RULES = (NO_ROUTES, UNKNOWN, WHICH, SIDES)


def check(rollout: Rollout) -> Iterator[Flaw]:
    """All that keeps Argo Rollouts from steering the routes."""
    for named, item in rollout.found_virtual_services():
        # Argo Rollouts checks every VirtualService by the first reference of its name, whatever the namespace.
        reference = next(each for each in rollout.virtual_services if each.name == named.name)
        if all(item.spec(kind) is None for kind in _KINDS):
            message = f"VirtualService {reference.name} has no http, tls or tcp routes"
            yield NO_ROUTES.found(f"{reference.pointer}/name", message, item.number)
        for kind in _KINDS:
            yield from _routes(rollout, reference, item, kind)


def steered(reference: VirtualServiceReference, item: Item, kind: str) -> list[int]:
    """The places of the routes of one protocol that Argo Rollouts steers; none where it refuses to choose."""
    return [place for place in _chosen(reference, routes_of(item, kind), kind) if isinstance(place, int)]


def routes_of(item: Item, kind: str) -> list[Route]:
    """The routes of a VirtualService by protocol: http, tls or tcp."""
    found = item.spec(kind)
    return list(found) if isinstance(found, Sequence) else []


def _routes(rollout: Rollout, reference: VirtualServiceReference, item: Item, kind: str) -> Iterator[Flaw]:
    if item.spec(kind) is None:
        return
    routes = routes_of(item, kind)
    chosen = _chosen(reference, routes, kind)
    pointer = f"{reference.pointer}/{_KINDS[kind]}"
    for index, place in enumerate(chosen):
        if isinstance(place, str):
            message = f"VirtualService {reference.name} has no {kind} route {place}"
            yield UNKNOWN.found(f"{pointer}/{index}", message, item.number)
    for place in dict.fromkeys(chosen):
        if isinstance(place, int) and place < len(routes):
            yield from _sides(rollout, reference, item, kind, place)
    named = reference.routes if kind == "http" else reference.tls if kind == "tls" else reference.tcp
    own = [route for route in routes if kind != "http" or str(route.get("name") or "") not in rollout.managed_routes]
    if not named and len(own) > 1:
        message = f"none is named, and VirtualService {reference.name} has {len(own)} {kind} routes"
        yield WHICH.found(pointer, message, item.number)
    if not named and not routes and kind != "http":
        message = f"VirtualService {reference.name} has an empty list of {kind} routes"
        yield NO_ROUTES.found(f"{reference.pointer}/name", message, item.number)


def _chosen(reference: VirtualServiceReference, routes: Sequence[Route], kind: str) -> list[int | str]:
    """For each route that is named, its place, or what was sought; the one meant where none is named."""
    if kind == "http":
        if not reference.routes:
            nameless = [place for place, route in enumerate(routes) if not route.get("name")]
            return [0] if len(routes) == 1 else [*nameless[:1]]
        names = [str(route.get("name") or "") for route in routes]
        return [names.index(name) if name in names else str(name) for name in reference.routes]
    wanted = reference.tls if kind == "tls" else reference.tcp
    if not wanted:
        return [0]
    found: list[int | str] = []
    for each in wanted:
        places = [place for place, route in enumerate(routes) if _is_it(each, route, kind)]
        port, hosts = each.get("port") or 0, ", ".join(each.get("sniHosts") or ())
        found += places or [f"of port {port}{f' and hosts {hosts}' if hosts else ''}"]
    return found


def _is_it(wanted: Mapping[str, Any], route: Route, kind: str) -> bool:
    """Whether a tls or tcp route is the one wanted: its only port, and all its SNI hosts."""
    matches = route.get("match") or ()
    ports = {match.get("port") or 0 for match in matches}
    if len(ports) > 1 or (next(iter(ports)) if ports else 0) != (wanted.get("port") or 0):
        return False
    if kind == "tcp":
        return True
    hosts = {host for match in matches for host in match.get("sniHosts") or ()}
    sought = list(wanted.get("sniHosts") or ())
    return len(sought) == len(hosts) and hosts <= set(sought)


def _sides(rollout: Rollout, reference: VirtualServiceReference, item: Item, kind: str, place: int) -> Iterator[Flaw]:
    route = routes_of(item, kind)[place]
    destinations = [part["destination"] for part in route.get("route") or ()]
    rule = rollout.destination_rule
    if rule is not None:
        what, seen = "subset", {destination.get("subset") for destination in destinations} - {None, ""}
        wanted = [("canary", str(rule["canarySubsetName"])), ("stable", str(rule["stableSubsetName"]))]
    else:
        what, seen = "Service", {first_label(str(destination["host"])) for destination in destinations} - {""}
        stable, canary = rollout.sides
        wanted = [("canary", canary), ("stable", stable)]
    for side, name in wanted:
        if not name or name not in seen:
            called = f"the {kind} route {route['name']}" if route.get("name") else f"the {kind} route {place}"
            delegates = " (it delegates)" if route.get("delegate") else ""
            goal = f"the {side} {what} {name}" if name else f"a {side} {what}, which has no name"
            message = f"{called} of VirtualService {reference.name} does not lead to {goal}{delegates}"
            yield SIDES.found(reference.pointer, message, item.number)


def first_label(host: str) -> str:
    """A destination's host as Argo Rollouts compares it: up to the first dot."""
    return host.partition(".")[0]

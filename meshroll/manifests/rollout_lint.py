"""A Rollout against the objects it refers to: its pods, Services, subsets, routes and steps.

The rules are those by which Argo Rollouts 1.10 refuses a Rollout, and some that it keeps quiet about: a subset or route
that it would remove, a header's route that nothing holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from meshroll.manifests.index import Index, Object, at, namespace_of
from meshroll.manifests.problem import Problem

CANARY = "/spec/strategy/canary"
ISTIO = f"{CANARY}/trafficRouting/istio"
HIGHEST_WEIGHT = 100


def rollout_problems(rollout: Object, index: Index) -> Iterator[Problem]:
    """All findings about one Rollout."""
    canary = at(rollout, "spec", "strategy", "canary") or {}
    yield from _pods(rollout, canary, index)
    yield from _steps(canary)
    if at(canary, "trafficRouting", "istio"):
        yield from _routing(canary, namespace_of(rollout), index)


def _pods(rollout: Object, canary: Object, index: Index) -> Iterator[Problem]:
    labels = at(rollout, "spec", "template", "metadata", "labels") or {}
    for key, value in (at(rollout, "spec", "selector", "matchLabels") or {}).items():
        if labels.get(key) != value:
            yield Problem("/spec/selector/matchLabels", f"the pods do not carry the label {key}={value}")
    for key in ("stableService", "canaryService"):
        name = canary.get(key)
        service = index.get("Service", namespace_of(rollout), name) if name else None
        selector = at(service, "spec", "selector") or {}
        if name and service is None:
            yield Problem(f"{CANARY}/{key}", f"there is no Service {name}")
        elif name and not (selector and all(labels.get(label) == value for label, value in selector.items())):
            yield Problem(f"{CANARY}/{key}", f"Service {name} does not select the Rollout's pods")


def _steps(canary: Object) -> Iterator[Problem]:
    steps = canary.get("steps") or []
    managed = [route.get("name") for route in at(canary, "trafficRouting", "managedRoutes") or ()]
    highest = -1
    for number, step in enumerate(steps):
        if isinstance(step.get("setWeight"), int):
            yield from _weight(f"{CANARY}/steps/{number}/setWeight", step["setWeight"], highest)
            highest = max(highest, step["setWeight"])
        if step.get("setHeaderRoute"):
            following = steps[number + 1] if number + 1 < len(steps) else {}
            yield from _header_route(
                f"{CANARY}/steps/{number}/setHeaderRoute", step["setHeaderRoute"], following, managed
            )


def _weight(pointer: str, weight: int, highest: int) -> Iterator[Problem]:
    if not 0 <= weight <= HIGHEST_WEIGHT:
        yield Problem(pointer, f"{weight} is not a percentage", f"0 to {HIGHEST_WEIGHT}")
    elif weight <= highest:
        yield Problem(pointer, f"{weight} does not rise above {highest}", "weights that rise from step to step")


def _header_route(pointer: str, route: Object, following: Object, managed: Sequence[str]) -> Iterator[Problem]:
    if route.get("name") not in managed:
        yield Problem(f"{pointer}/name", f"{route.get('name')} is not among the managed routes")
    if route.get("match") and "pause" not in following:
        yield Problem(pointer, "nothing holds this route", "a pause as the next step")


def _routing(canary: Object, namespace: str, index: Index) -> Iterator[Problem]:
    rule = at(canary, "trafficRouting", "istio", "destinationRule")
    if rule:
        yield from _subsets(rule, index.get("DestinationRule", namespace, rule.get("name", "")))
    elif not (canary.get("stableService") and canary.get("canaryService")):
        yield Problem(CANARY, "neither subsets nor two Services tell the versions apart")
    reference = at(canary, "trafficRouting", "istio", "virtualService")
    if not reference:
        return
    found = index.get("VirtualService", namespace, reference.get("name", ""))
    if found is None:
        yield Problem(f"{ISTIO}/virtualService/name", f"there is no VirtualService {reference.get('name')}")
    else:
        yield from _routes(reference, found, canary)


def _subsets(rule: Object, found: Object | None) -> Iterator[Problem]:
    pointer = f"{ISTIO}/destinationRule"
    if found is None:
        yield Problem(f"{pointer}/name", f"there is no DestinationRule {rule.get('name')}")
        return
    names = [subset.get("name") for subset in at(found, "spec", "subsets") or ()]
    keys = ("stableSubsetName", "canarySubsetName")
    for key in keys:
        if rule.get(key) not in names:
            yield Problem(f"{pointer}/{key}", f"DestinationRule {rule.get('name')} has no subset {rule.get(key)}")
    for name in names:
        if name not in [rule.get(key) for key in keys]:
            yield Problem(pointer, f"Argo Rollouts would remove the subset {name}, which it does not know")


def _routes(reference: Object, found: Object, canary: Object) -> Iterator[Problem]:
    pointer = f"{ISTIO}/virtualService"
    http = {route.get("name"): route for route in at(found, "spec", "http") or ()}
    for managed in at(canary, "trafficRouting", "managedRoutes") or ():
        if managed.get("name") in http:
            yield Problem(pointer, f"Argo Rollouts would remove the route {managed['name']}, one of its managed routes")
    names = reference.get("routes") or []
    if not names and len(http) != 1:
        yield Problem(f"{pointer}/routes", f"none is named, and the VirtualService has {len(http)}")
    for number, name in enumerate(names):
        if name not in http:
            yield Problem(f"{pointer}/routes/{number}", f"VirtualService {reference.get('name')} has no route {name}")
        else:
            yield from _sides(f"{pointer}/routes/{number}", http[name], canary)


def _sides(pointer: str, route: Object, canary: Object) -> Iterator[Problem]:
    """Both sides of the split must be destinations of the route: two subsets, or the hosts of two Services."""
    rule = at(canary, "trafficRouting", "istio", "destinationRule")
    destinations = [part.get("destination") or {} for part in route.get("route") or ()]
    if rule:
        what, seen = "the subset", [destination.get("subset") for destination in destinations]
        wanted = [rule.get("stableSubsetName"), rule.get("canarySubsetName")]
    else:
        what, seen = "the Service", [str(destination.get("host", "")).split(".")[0] for destination in destinations]
        wanted = [canary.get("stableService"), canary.get("canaryService")]
    for name in wanted:
        if name and name not in seen:
            yield Problem(pointer, f"the route {route.get('name')} does not lead to {what} {name}")

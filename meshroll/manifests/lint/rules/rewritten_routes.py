"""What Argo Rollouts does to routes and subsets in the course of a canary that nobody asked it to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from meshroll.manifests.index import at
from meshroll.manifests.lint.model import Flaw, Rule, Severity
from meshroll.manifests.lint.objects import Item
from meshroll.manifests.lint.rollout import ROUTING, Rollout, VirtualServiceReference
from meshroll.manifests.lint.rules.steered_routes import first_label, routes_of, steered

OWNER = "Argo Rollouts"

THIRD = Rule(
    "third-destination",
    Severity.HARM,
    OWNER,
    "A steered route leads to a third destination with a weight, which is neither side nor an additional subset.",
    "Argo Rollouts deletes the destination at its first write, and Argo CD puts it back, by turns.",
    "Move the destination into a route of its own.",
)
SAME_HOST = Rule(
    "canary-service-is-the-host",
    Severity.HARM,
    OWNER,
    "Subsets separate the versions, and canaryService is the host of both destinations.",
    "Argo Rollouts compares the host first and gives the canary's weight to both destinations.",
    "Remove stableService and canaryService, or name another Service.",
)
COPIED = Rule(
    "routes-copied",
    Severity.HARM,
    OWNER,
    "Two http routes without a name, or of one name, in a VirtualService for which the Rollout has managedRoutes.",
    "When a step makes a route, Argo Rollouts orders the routes by name and writes each of these once for every other: "
    "the VirtualService fills with copies at every step.",
    "Give every http route a name of its own.",
)
TWICE = Rule(
    "route-name-twice",
    Severity.HARM,
    OWNER,
    "A steered VirtualService has two http routes of one name.",
    "Argo Rollouts writes weights into the first one only: the other keeps its own.",
    "Give every http route a name of its own, and list all that are to be steered.",
)
MANAGED = Rule(
    "managed-route-in-git",
    Severity.HARM,
    OWNER,
    "A VirtualService has a route whose name is among the Rollout's managedRoutes.",
    "Argo Rollouts removes it as one that it made itself, and Argo CD puts it back, by turns.",
    "Take the route out of Git, or give it another name.",
)
STEERED = Rule(
    "steered-route-managed",
    Severity.ERROR,
    OWNER,
    "A Rollout steers a route whose name is among its own managedRoutes.",
    "Argo Rollouts removes the route as one that it made itself, and from then on refuses the Rollout as InvalidSpec.",
    "Take the name out of managedRoutes: they are for the routes of steps.",
)
REMOVED = Rule(
    "subset-removed",
    Severity.HARM,
    OWNER,
    "The DestinationRule of a Rollout has a subset that is neither stable nor canary, be it listed under "
    "additionalSubsetNames.",
    "Argo Rollouts removes it: routes to it answer 503.",
    "Move the subset into a DestinationRule of another host name, or make it a Service of its own.",
)
RULES = (THIRD, SAME_HOST, COPIED, TWICE, MANAGED, STEERED, REMOVED)


def check(rollout: Rollout) -> Iterator[Flaw]:
    """All that Argo Rollouts would remove, copy or leave behind."""
    for reference, item in rollout.found_virtual_services():
        yield from _destinations(rollout, reference, item)
        yield from _names(rollout, reference, item)
    rule, item_of_rule = rollout.destination_rule, rollout.found_destination_rule()
    if rule is None or item_of_rule is None:
        return
    sides = {rule["stableSubsetName"], rule["canarySubsetName"]}
    for subset in at(item_of_rule.body, "spec", "subsets") or ():
        if subset["name"] not in sides:
            message = f"Argo Rollouts will remove the subset {subset['name']} of DestinationRule {rule['name']}"
            yield REMOVED.found(f"{ROUTING}/istio/destinationRule", message, item_of_rule.number)


def _destinations(rollout: Rollout, reference: VirtualServiceReference, item: Item) -> Iterator[Flaw]:
    for kind in ("http", "tls", "tcp"):
        routes = routes_of(item, kind)
        for place in steered(reference, item, kind):
            parts = routes[place].get("route") or () if place < len(routes) else ()
            for part in parts:
                destination = part["destination"]
                if not _is_side(rollout, destination) and part.get("weight"):
                    goal = _goal(destination)
                    message = f"Argo Rollouts will delete the destination {goal} of VirtualService {reference.name}"
                    yield THIRD.found(reference.pointer, message, item.number)
            hosts = {first_label(str(part["destination"]["host"])) for part in parts}
            if rollout.destination_rule is not None and hosts == {rollout.sides[1]}:
                message = f"canaryService {rollout.sides[1]} is the host of both subsets"
                yield SAME_HOST.found("/spec/strategy/canary/canaryService", message, item.number)


def _is_side(rollout: Rollout, destination: Mapping[str, Any]) -> bool:
    subset, rule = destination.get("subset"), rollout.destination_rule
    if first_label(str(destination["host"])) in {side for side in rollout.sides if side}:
        return True
    if rule is None or not subset:
        return False
    return subset in [rule["stableSubsetName"], rule["canarySubsetName"], *(rule.get("additionalSubsetNames") or ())]


def _goal(destination: Mapping[str, Any]) -> str:
    return f"{destination['host']}{f' subset {subset}' if (subset := destination.get('subset')) else ''}"


def _names(rollout: Rollout, reference: VirtualServiceReference, item: Item) -> Iterator[Flaw]:
    names = Counter(str(route.get("name") or "") for route in routes_of(item, "http"))
    managed = rollout.managed_routes
    for name, count in names.items():
        if name and name in managed and name in reference.routes:
            message = f"the steered route {name} is one of its own managed routes"
            yield STEERED.found(reference.pointer, message, item.number)
        elif name and name in managed:
            message = f"Argo Rollouts will remove the route {name} of VirtualService {reference.name}"
            yield MANAGED.found(reference.pointer, message, item.number)
        if count == 1:
            continue
        what = f"{count} routes are called {name}" if name else f"{count} routes have no name"
        if managed:
            yield COPIED.found(reference.pointer, f"{what} in VirtualService {reference.name}", item.number)
        elif name:
            yield TWICE.found(reference.pointer, f"{what} in VirtualService {reference.name}", item.number)

"""DestinationRules and the subsets that routes use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from meshroll.manifests.index import at
from meshroll.manifests.lint import hosts
from meshroll.manifests.lint.model import Flaw, Rule, Severity
from meshroll.manifests.lint.objects import ARGO, ISTIO, Item, Objects, carries
from meshroll.manifests.lint.pods import backing, labels_of
from meshroll.manifests.lint.rollout import HASH_LABEL, ROUTING, Rollout
from meshroll.manifests.lint.rules.references import NOT_FOUND
from meshroll.manifests.lint.rules.steered_routes import routes_of, steered

OWNER = "Istio"

MISSING = Rule(
    "subset-missing",
    Severity.HARM,
    "Argo Rollouts",
    "The DestinationRule of a Rollout does not have its stable or canary subset.",
    "Argo Rollouts accepts it and writes no hash: requests to that side answer 503.",
    "Add the subset to the DestinationRule, or name one that it has.",
)
LABELS = Rule(
    "subset-labels",
    Severity.HARM,
    OWNER,
    "A subset wants labels that none of the pods carries, as they will be after the change.",
    "Requests to the subset answer 503. A stable subset that pins the old version is empty as soon as the new one is "
    "promoted.",
    "Leave the labels that change with the version out: Argo Rollouts adds the hash that tells the versions apart.",
)
HOST = Rule(
    "destination-rule-host",
    Severity.HARM,
    OWNER,
    "The DestinationRule of a Rollout is for another host than the steered route's destinations.",
    "The subsets that Argo Rollouts writes are not those that the route uses: requests answer 503.",
    "Let the DestinationRule's host be that of the destinations.",
)
UNKNOWN = Rule(
    "subset-unknown",
    Severity.HARM,
    OWNER,
    "A route leads to a subset that no DestinationRule of its host has.",
    "Requests on that route answer 503.",
    "Add the subset to the host's DestinationRule, or name one that it has.",
)
RULES = (MISSING, LABELS, HOST, UNKNOWN)


def check_rollout(rollout: Rollout) -> Iterator[Flaw]:
    """The two subsets of a Rollout."""
    rule, item = rollout.destination_rule, rollout.found_destination_rule()
    if rule is None or item is None:
        return
    subsets = {subset["name"]: subset for subset in at(item.body, "spec", "subsets") or ()}
    for key in ("stableSubsetName", "canarySubsetName"):
        pointer, subset = f"{ROUTING}/istio/destinationRule/{key}", subsets.get(rule[key])
        if subset is None:
            message = f"DestinationRule {item.name} has no subset {rule[key]}"
            yield MISSING.found(pointer, message, item.number)
            continue
        for label, value in (subset.get("labels") or {}).items():
            if label != HASH_LABEL and rollout.labels is not None and not carries(rollout.labels, {label: value}):
                message = f"subset {rule[key]} wants {label}={value}, and the pods will not carry it"
                yield LABELS.found(pointer, message, item.number)
    yield from _host(rollout, item, {rule["stableSubsetName"], rule["canarySubsetName"]})


def _host(rollout: Rollout, item: Item, sides: set[str]) -> Iterator[Flaw]:
    host = str(item.spec("host"))
    for reference, virtual in rollout.found_virtual_services():
        others = []
        for kind in ("http", "tls", "tcp"):
            routes = routes_of(virtual, kind)
            for place in steered(reference, virtual, kind):
                for part in routes[place].get("route") or () if place < len(routes) else ():
                    destination = part["destination"]
                    same = hosts.same(str(destination["host"]), virtual.namespace, host, item.namespace)
                    if destination.get("subset") in sides and not same:
                        others.append(str(destination["host"]))
        for other in dict.fromkeys(others):
            message = f"DestinationRule {item.name} is for {host}, and VirtualService {reference.name} leads to {other}"
            yield HOST.found(f"{ROUTING}/istio/destinationRule/name", message, item.number, virtual.number)


def check_route(item: Item, pointer: str, destination: Mapping[str, Any], objects: Objects) -> Iterator[Flaw]:
    """The subset of one destination of a VirtualService."""
    subset, host = destination.get("subset"), str(destination["host"])
    if not subset:
        return
    rules = _rules_of(host, item, objects)
    if not rules:
        yield NOT_FOUND.found(f"{pointer}/subset", f"there is no DestinationRule for {host} here")
    elif not any(subset in _names(rule) for rule in rules):
        if all(subset in _named_by_rollouts(objects).get(rule.number, ()) for rule in rules):
            return  # found at the Rollout already
        message = f"no DestinationRule of {host} has the subset {subset}"
        yield UNKNOWN.found(f"{pointer}/subset", message, *(rule.number for rule in rules))


def check_destination_rule(item: Item, objects: Objects) -> Iterator[Flaw]:
    """The labels of the subsets that no Rollout steers."""
    service = hosts.service_of(str(item.spec("host")), item, objects)
    workloads = backing(service, objects) if service is not None and service.judged else []
    for number, subset in enumerate(at(item.body, "spec", "subsets") or ()):
        wanted = {key: value for key, value in (subset.get("labels") or {}).items() if key != HASH_LABEL}
        named = subset["name"] in _named_by_rollouts(objects).get(item.number, ())
        if named or not workloads or any(carries(labels_of(each, objects), wanted) for each in workloads):
            continue
        text = ", ".join(f"{key}={value}" for key, value in wanted.items())
        message = f"no pod of {item.spec('host')} here carries {text}"
        yield LABELS.found(f"/spec/subsets/{number}/labels", message, *(each.number for each in workloads))


def _names(rule: Item) -> list[str]:
    return [str(subset["name"]) for subset in at(rule.body, "spec", "subsets") or ()]


def _rules_of(host: str, near: Item, objects: Objects) -> list[Item]:
    """The DestinationRules of a host, by its first label at first: a mesh has many."""
    by_label = objects.once("destination rules", lambda: _by_label(objects))
    candidates = [*by_label.get(host.partition(".")[0], ()), *by_label.get("*", ())]
    full = hosts.full(host, near.namespace)
    return [
        rule
        for rule in candidates
        if hosts.same(host, near.namespace, str(rule.spec("host")), rule.namespace)
        or ("*" in str(rule.spec("host")) and hosts.covers(str(rule.spec("host")), full))
    ]


def _by_label(objects: Objects) -> dict[str, list[Item]]:
    found: dict[str, list[Item]] = {}
    for item in objects.of(ISTIO, "DestinationRule"):
        host = str(item.spec("host"))
        found.setdefault("*" if "*" in host else host.partition(".")[0], []).append(item)
    return found


def _named_by_rollouts(objects: Objects) -> Mapping[int, set[str]]:
    """The subsets that Rollouts steer, by the number of the DestinationRule."""
    return objects.once("steered subsets", lambda: _steered_subsets(objects))


def _steered_subsets(objects: Objects) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for item in objects.of(ARGO, "Rollout"):
        rollout = Rollout(item, objects)
        rule = rollout.found_destination_rule()
        if rule is not None and rollout.destination_rule is not None:
            names = {str(rollout.destination_rule[key]) for key in ("stableSubsetName", "canarySubsetName")}
            found.setdefault(rule.number, set()).update(names)
    return found

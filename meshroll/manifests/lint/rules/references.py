"""What a Rollout names: Services, VirtualServices, a DestinationRule, the workload it takes over."""

from __future__ import annotations

from collections.abc import Iterator

from meshroll.manifests.index import at
from meshroll.manifests.lint.model import Flaw, Rule, Severity
from meshroll.manifests.lint.objects import ARGO, CORE, ISTIO, Item, Objects, carries
from meshroll.manifests.lint.rollout import HASH_LABEL, ROUTING, WORKLOADS, Rollout

OWNER = "Argo Rollouts"
MANAGED_BY = "argo-rollouts.argoproj.io/managed-by-rollouts"

NOT_FOUND = Rule(
    "not-found-here",
    Severity.NOTE,
    OWNER,
    "A Rollout, a route or a DestinationRule names an object that is not among those looked at.",
    "Another folder or another source may bring it. Without it, Argo Rollouts refuses the Rollout, or its route leads "
    "nowhere.",
    "Check the name; nothing is to be done where the object comes from elsewhere.",
)
OTHER_NAMESPACE = Rule(
    "other-namespace",
    Severity.ERROR,
    OWNER,
    "A Rollout names an object that is here in another namespace only.",
    "Argo Rollouts looks in the Rollout's namespace and finds nothing: the Rollout is InvalidSpec.",
    "Put both into one namespace. Only a VirtualService can be named with another: name.namespace.",
)
ONE_REFERENCE = Rule(
    "virtual-service-reference",
    Severity.ERROR,
    OWNER,
    "Istio routing with both virtualService and virtualServices, or with neither.",
    "The Rollout is InvalidSpec: it has no route to steer.",
    "Name one VirtualService, or a list of them.",
)
SERVICE_SELECTS = Rule(
    "service-selects-pods",
    Severity.ERROR,
    OWNER,
    "A Service of the strategy selects a label that the Rollout's pods do not carry, as they will be after the change.",
    "The Rollout is InvalidSpec. A Service that pins a version passes until the version changes.",
    "Take the label that changes with the version out of the Service's selector.",
)
SERVICE_TAKEN = Rule(
    "service-of-another-rollout",
    Severity.ERROR,
    OWNER,
    "A Service of the strategy carries the annotation of another Rollout that manages it.",
    "The Rollout is InvalidSpec: two Rollouts would write one selector.",
    "Give each Rollout Services of its own, and remove the annotation.",
)
SERVICE_SHARED = Rule(
    "service-shared",
    Severity.ERROR,
    OWNER,
    "Two Rollouts name one Service.",
    "Whichever comes second is InvalidSpec: Argo Rollouts marks a Service with the Rollout that manages it.",
    "Give each Rollout Services of its own.",
)
RULES = (NOT_FOUND, OTHER_NAMESPACE, ONE_REFERENCE, SERVICE_SELECTS, SERVICE_TAKEN, SERVICE_SHARED)


def check(rollout: Rollout) -> Iterator[Flaw]:
    """All that is wrong with what a Rollout names."""
    istio = rollout.istio
    if istio is not None and (istio.get("virtualService") is None) == (not istio.get("virtualServices")):
        both = "both virtualService and virtualServices are" if istio.get("virtualService") else "no VirtualService is"
        yield ONE_REFERENCE.found(f"{ROUTING}/istio", f"{both} named")
    yield from _services(rollout)
    for reference in rollout.virtual_services:
        yield from _found(
            rollout, ISTIO, "VirtualService", reference.name, f"{reference.pointer}/name", reference.namespace
        )
    if rollout.destination_rule is not None:
        name = str(rollout.destination_rule["name"])
        yield from _found(rollout, ISTIO, "DestinationRule", name, f"{ROUTING}/istio/destinationRule/name")
    workload = rollout.value("workloadRef")
    if workload is not None:
        group = str(workload.get("apiVersion") or "").rpartition("/")[0]
        if (group, workload.get("kind")) in WORKLOADS:
            yield from _found(rollout, group, workload["kind"], str(workload.get("name")), "/spec/workloadRef/name")


def _services(rollout: Rollout) -> Iterator[Flaw]:
    for pointer, name in rollout.services:
        yield from _found(rollout, CORE, "Service", name, pointer)
        service = rollout.objects.get(CORE, "Service", rollout.namespace, name, rollout.item)
        if service is None or not service.judged:
            continue
        for key, value in (at(service.body, "spec", "selector") or {}).items():
            if key != HASH_LABEL and rollout.labels is not None and not carries(rollout.labels, {key: value}):
                message = f"Service {name} selects {key}={value}, and the pods will not carry it"
                yield SERVICE_SELECTS.found(pointer, message, service.number)
        for other in _others(rollout, service):
            message = f"Service {name} is named by Rollout {other.name} too"
            yield SERVICE_SHARED.found(pointer, message, service.number, other.number)
        owner = (at(service.body, "metadata", "annotations") or {}).get(MANAGED_BY)
        if owner is not None and owner != rollout.name:
            message = f"Service {name} is marked as Rollout {owner}'s"
            yield SERVICE_TAKEN.found(pointer, message, service.number)


def _others(rollout: Rollout, service: Item) -> Iterator[Item]:
    """Other Rollouts, listed later, that name a Service of this one."""
    for item in rollouts_of(service, rollout.objects):
        if item.number > rollout.item.number and rollout.objects.together(item, rollout.item):
            yield item


def rollouts_of(service: Item, objects: Objects) -> list[Item]:
    """The Rollouts whose strategy names a Service."""
    return objects.once("rollouts by service", lambda: _by_service(objects)).get(service.number, [])


def _by_service(objects: Objects) -> dict[int, list[Item]]:
    """The Rollouts that name each Service, by its number."""
    found: dict[int, list[Item]] = {}
    for item in objects.of(ARGO, "Rollout"):
        for name in dict.fromkeys(name for _, name in Rollout(item, objects).services):
            service = objects.get(CORE, "Service", item.namespace, name, item)
            if service is not None:
                found.setdefault(service.number, []).append(item)
    return found


def _found(
    rollout: Rollout, group: str, kind: str, name: str, pointer: str, namespace: str | None = None
) -> Iterator[Flaw]:
    space = rollout.namespace if namespace is None else namespace
    if rollout.objects.get(group, kind, space, name, rollout.item) is not None:
        return
    other = rollout.objects.elsewhere(group, kind, space, name)
    if other is not None:
        message = f"{kind} {name} is in namespace {other.namespace}, and is sought in {space}"
        yield OTHER_NAMESPACE.found(pointer, message, other.number)
    else:
        severity = Severity.HARM if kind == "DestinationRule" else Severity.ERROR  # without one, it is only stuck
        complete = rollout.objects.complete
        yield NOT_FOUND.found(pointer, f"there is no {kind} {name} here", severity=severity if complete else None)

"""The Ingresses of nginx and ALB routing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from meshroll.manifests.index import at
from meshroll.manifests.lint.model import Flaw, Rule, Severity
from meshroll.manifests.lint.objects import Item
from meshroll.manifests.lint.rollout import ROUTING, Rollout

OWNER = "Argo Rollouts"

ONE = Rule(
    "ingress-reference",
    Severity.ERROR,
    OWNER,
    "nginx or ALB routing that names one Ingress and a list of them, or neither.",
    "The Rollout is InvalidSpec.",
    "Name one Ingress, or a list of them.",
)
BACKEND = Rule(
    "ingress-backend",
    Severity.ERROR,
    OWNER,
    "An Ingress that the routing names has no rule for the stable (or root) Service.",
    "The Rollout is InvalidSpec.",
    "Let a rule of the Ingress lead to that Service.",
)
RULES = (ONE, BACKEND)


def check(rollout: Rollout) -> Iterator[Flaw]:
    """All that is wrong with the Ingresses of a Rollout."""
    for router, single, plural in (("nginx", "stableIngress", "stableIngresses"), ("alb", "ingress", "ingresses")):
        found = at(rollout.routing, router)
        if found is None:
            continue
        one, several = found.get(single), found.get(plural) or []
        if bool(one) == bool(several):
            message = f"both {single} and {plural} are named" if one else "no Ingress is named"
            yield ONE.found(f"{ROUTING}/{router}", message)
            continue
        service = str((rollout.canary or {}).get("stableService") or "")
        if router == "alb" and found.get("rootService"):
            service = str(found["rootService"])
        for name in several or [one]:
            yield from _backend(rollout, str(name), service, f"{ROUTING}/{router}")


def _backend(rollout: Rollout, name: str, service: str, pointer: str) -> Iterator[Flaw]:
    item = rollout.objects.get("networking.k8s.io", "Ingress", rollout.namespace, name, rollout.item)
    if item is not None and item.judged and service and service not in _backends(item):
        yield BACKEND.found(pointer, f"Ingress {name} has no rule for Service {service}", item.number)


def _backends(item: Item) -> set[str]:
    found: set[Any] = set()
    for rule in at(item.body, "spec", "rules") or ():
        for path in at(rule, "http", "paths") or ():
            found |= {at(path, "backend", "service", "name"), at(path, "backend", "serviceName")}
    return {str(name) for name in found if name}

"""VirtualServices that get in each other's way on the mesh."""

from __future__ import annotations

from collections.abc import Iterator

from meshroll.manifests.index import at
from meshroll.manifests.lint import hosts
from meshroll.manifests.lint.model import Flaw, Rule, Severity
from meshroll.manifests.lint.objects import ISTIO, Item, Objects
from meshroll.manifests.lint.rules.destinations import on_mesh

SHARED = Rule(
    "virtual-services-share-host",
    Severity.HARM,
    "Istio",
    "Two VirtualServices on the mesh (the gateway `mesh`, or none named) have one host.",
    "Sidecars obey the older one only; the routes of the other, and a canary's weights in them, act on nothing. Only "
    "on a gateway does Istio merge them.",
    "Put the routes into one VirtualService, or bind one of the two to a gateway.",
)
RULES = (SHARED,)


def check(objects: Objects) -> Iterator[tuple[Item, Flaw]]:
    """Every two VirtualServices of one host on the mesh."""
    by_name: dict[str, list[tuple[Item, int, str]]] = {}
    for item in objects.of(ISTIO, "VirtualService"):
        if on_mesh(item):
            for place, host in enumerate(at(item.body, "spec", "hosts") or ()):
                name = hosts.service_name(str(host), item.namespace)[0] or str(host)
                by_name.setdefault(name, []).append((item, place, str(host)))
    for holders in by_name.values():
        for index, (item, place, host) in enumerate(holders):
            for other, _, other_host in holders[index + 1 :]:
                if item is other or not objects.together(item, other) or _private(item, other):
                    continue
                if hosts.same(host, item.namespace, other_host, other.namespace):
                    message = f"{other.title} has the host {other_host} on the mesh too"
                    yield item, SHARED.found(f"/spec/hosts/{place}", message, other.number)


def _private(one: Item, other: Item) -> bool:
    """Whether one of two namespaces keeps its VirtualService to itself."""
    alone = any(at(item.body, "spec", "exportTo") == ["."] for item in (one, other))
    return alone and bool(one.namespace) and bool(other.namespace) and one.namespace != other.namespace

"""A Rollout as the rules ask it: its strategy, its pods, and the objects that it names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from meshroll.manifests.index import Object, at
from meshroll.manifests.lint.objects import APPS, CORE, ISTIO, Item, Objects

STRATEGY = "/spec/strategy"
CANARY = f"{STRATEGY}/canary"
ROUTING = f"{CANARY}/trafficRouting"
STEPS = f"{CANARY}/steps"
HASH_LABEL = "rollouts-pod-template-hash"
WHOLE = 100
WORKLOADS = {(APPS, "Deployment"), (APPS, "ReplicaSet"), (CORE, "PodTemplate")}  # what a workloadRef may name


@dataclass(frozen=True)
class VirtualServiceReference:
    """A VirtualService named by a Rollout, and the routes of it that the Rollout steers."""

    pointer: str
    name: str
    namespace: str
    routes: Sequence[str]
    tls: Sequence[Object]
    tcp: Sequence[Object]


@dataclass(frozen=True)
class Rollout:
    """One Rollout among the objects it stands with."""

    item: Item
    objects: Objects

    @property
    def name(self) -> str:
        """The Rollout's name."""
        return self.item.name

    @property
    def namespace(self) -> str:
        """Its namespace, "" where Git leaves it to the Application."""
        return self.item.namespace

    def value(self, *keys: str) -> Any:
        """A value below `spec`."""
        return self.item.spec(*keys)

    @cached_property
    def canary(self) -> Mapping[str, Any] | None:
        """The canary strategy; None without one, or beside blueGreen, where it is not looked at."""
        found = self.value("strategy", "canary")
        return found if found is not None and self.value("strategy", "blueGreen") is None else None

    @cached_property
    def blue_green(self) -> Mapping[str, Any] | None:
        """The blue-green strategy; None without one, or beside canary."""
        found = self.value("strategy", "blueGreen")
        return found if found is not None and self.value("strategy", "canary") is None else None

    @cached_property
    def routing(self) -> Mapping[str, Any] | None:
        """How traffic is routed; None where replicas alone make the weight."""
        found: Mapping[str, Any] | None = at(self.canary, "trafficRouting")
        return found

    @cached_property
    def istio(self) -> Mapping[str, Any] | None:
        """The Istio part of it."""
        found: Mapping[str, Any] | None = at(self.routing, "istio")
        return found

    @cached_property
    def destination_rule(self) -> Mapping[str, Any] | None:
        """The DestinationRule named, with its two subsets."""
        found: Mapping[str, Any] | None = at(self.istio, "destinationRule")
        return found

    @cached_property
    def steps(self) -> list[Mapping[str, Any]]:
        """The canary's steps."""
        return list(at(self.canary, "steps") or ())

    @cached_property
    def managed_routes(self) -> list[str]:
        """The names of the routes that Argo Rollouts makes and removes."""
        return [str(route["name"]) for route in at(self.routing, "managedRoutes") or ()]

    @cached_property
    def max_weight(self) -> int:
        """The weight that is all of the traffic."""
        found = at(self.routing, "maxTrafficWeight")
        return WHOLE if found is None else int(found)

    @cached_property
    def workload(self) -> Item | None:
        """The workload whose pods it takes over, where that is among the objects."""
        reference = self.value("workloadRef")
        if reference is None:
            return None
        group = str(reference.get("apiVersion", "")).rpartition("/")[0]
        found = self.objects.get(
            group, str(reference.get("kind")), self.namespace, str(reference.get("name")), self.item
        )
        return found if found is not None and found.judged else None

    @cached_property
    def template(self) -> Mapping[str, Any] | None:
        """The pod template; None where it is a workload's that is not among the objects."""
        if self.value("workloadRef") is None:
            return self.value("template") or {}
        if self.workload is None:
            return None
        own = at(self.workload.body, "template") if self.workload.kind == "PodTemplate" else None
        return own or at(self.workload.body, "spec", "template") or {}

    @cached_property
    def labels(self) -> Mapping[str, Any] | None:
        """The labels of its pods; None where they are not known."""
        return None if self.template is None else at(self.template, "metadata", "labels") or {}

    @cached_property
    def services(self) -> list[tuple[str, str]]:
        """Pointer and name of each Service that the strategy names."""
        if self.blue_green is not None:
            keys = [("blueGreen", "activeService"), ("blueGreen", "previewService")]
        else:
            keys = [("canary", "stableService"), ("canary", "canaryService")]
            keys += [("canary/pingPong", "pingService"), ("canary/pingPong", "pongService")]
        found = ((path, key, at(self.value("strategy"), *path.split("/"), key)) for path, key in keys)
        none = self.canary is None and self.blue_green is None
        return [] if none else [(f"{STRATEGY}/{path}/{key}", str(name)) for path, key, name in found if name]

    @cached_property
    def sides(self) -> tuple[str, str]:
        """The Services of stable and canary as Argo Rollouts looks for them in routes, before the first promotion."""
        canary = self.canary or {}
        stable, new = str(canary.get("stableService") or ""), str(canary.get("canaryService") or "")
        if canary.get("pingPong") and not stable and not new:
            # Git does not say which of the two is stable; routes must have both in any case.
            return str(canary["pingPong"]["pongService"]), str(canary["pingPong"]["pingService"])
        return stable, new

    @cached_property
    def virtual_services(self) -> list[VirtualServiceReference]:
        """The VirtualServices named, by one key or the other; none where both or neither are there."""
        istio = self.istio or {}
        one, several = istio.get("virtualService"), istio.get("virtualServices") or None
        if (one is None) == (several is None):
            return []
        base = f"{ROUTING}/istio"
        named = (
            [(f"{base}/virtualService", one)]
            if one is not None
            else [(f"{base}/virtualServices/{index}", each) for index, each in enumerate(several or ())]
        )
        return [self._reference(pointer, each) for pointer, each in named]

    def found_virtual_services(self) -> Iterator[tuple[VirtualServiceReference, Item]]:
        """Those among the objects."""
        for reference in self.virtual_services:
            found = self.objects.get(ISTIO, "VirtualService", reference.namespace, reference.name, self.item)
            if found is not None and found.judged:
                yield reference, found

    def found_destination_rule(self) -> Item | None:
        """The DestinationRule among the objects."""
        if self.destination_rule is None:
            return None
        name = str(self.destination_rule["name"])
        found = self.objects.get(ISTIO, "DestinationRule", self.namespace, name, self.item)
        return found if found is not None and found.judged else None

    def _reference(self, pointer: str, value: Mapping[str, Any]) -> VirtualServiceReference:
        name, namespace = split_name(str(value["name"]))
        lists = [list(value.get(key) or ()) for key in ("routes", "tlsRoutes", "tcpRoutes")]
        return VirtualServiceReference(pointer, name, namespace or self.namespace, *lists)


def split_name(reference: str) -> tuple[str, str]:
    """Name and namespace of a VirtualService named "name" or "name.namespace"."""
    name, dot, namespace = reference.removesuffix(".cluster.local").rpartition(".")
    return (name, namespace) if dot else (namespace, "")

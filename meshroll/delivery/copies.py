"""Whether a hosted mesh's control plane routes as the work cluster does whose Istio resources it has copies of.

The control plane's cluster reads no routes from a work cluster: a synchronizer copies them. Without it Argo Rollouts
changes weights and subsets that no proxy ever gets, and takes the old pods away all the same.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from meshroll.delivery.difference import Path, differences, pointer
from meshroll.errors import MeshrollError, UnavailableError
from meshroll.kube import Api, ApiError, Object

NETWORKING = "networking.istio.io/v1beta1"
# The product's name for what copies; it runs in the control plane's cluster.
SYNCHRONIZER = "Deployment mspider-mcpc-mcpc-controller in namespace istio-system"


@dataclass(frozen=True)
class Routing:
    """An Istio resource that a Rollout writes to."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def routing_of(rollout: Object, namespace: str) -> tuple[Routing, ...]:
    """The VirtualServices and the DestinationRule that a Rollout of that namespace names; () without Istio."""
    canary = ((rollout.get("spec") or {}).get("strategy") or {}).get("canary") or {}
    istio = (canary.get("trafficRouting") or {}).get("istio") or {}
    services = istio.get("virtualServices") or [istio.get("virtualService") or {}]
    found = [_virtual_service(str(service["name"]), namespace) for service in services if service.get("name")]
    rule = (istio.get("destinationRule") or {}).get("name")
    return (*found, *([Routing("DestinationRule", namespace, str(rule))] if rule else []))


def stale_copies(
    worker: Api, host: Api, namespace: str, rollout: Object, *, of_existing: bool = False
) -> tuple[str, ...]:
    """A phrase for each resource that the Rollout names and whose copy is missing or has another spec; () for none.

    `of_existing` leaves out what the work cluster itself does not have, and a commit may bring.
    """
    phrases = []
    for routing in routing_of(rollout, namespace):
        at = (NETWORKING, routing.kind, routing.name, routing.namespace)
        source, copy = worker.get(*at), host.get(*at)
        if source is None and of_existing:
            continue
        phrase = difference(routing, source, copy, worker=worker.name, host=host.name)
        if phrase:
            phrases.append(phrase)
    return tuple(phrases)


def difference(routing: Routing, source: Object | None, copy: Object | None, *, worker: str, host: str) -> str:
    """The first difference between a resource of a work cluster and its copy, "" where the specs are equal."""
    if source is None:
        return f"cluster {worker} has no {routing}, which the Rollout names"
    if copy is None:
        return f"the control plane in cluster {host} has no {routing}"
    wanted, found = source.get("spec") or {}, copy.get("spec") or {}
    path = next(differences(wanted, found, as_copy=True), None)
    if path is None:
        return ""
    subject = f"the control plane's copy of {routing}"
    if len(path) > 1 and path[-1] == "weight" and path[-2].isdigit():
        return f"{subject} says {_weights(found, path)} where {worker} says {_weights(wanted, path)}"
    return f"{subject} is not as in {worker} at {pointer(('spec', *path))}"


def await_copies(look: Callable[[], tuple[str, ...]], seconds: float, poll_seconds: float) -> tuple[str, ...]:
    """Look until nothing is stale, at most so many seconds; what was stale at the last look.

    A server that does not answer counts as stale: it may be back in time.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            stale = look()
        except MeshrollError as error:
            if not is_passing(error):
                raise
            stale = (f"it cannot be told whether the control plane has the routes ({error})",)
        left = deadline - time.monotonic()
        if not stale or left <= 0:
            return stale
        time.sleep(min(poll_seconds, left))


def is_passing(error: MeshrollError) -> bool:
    """Whether a read failed in a way that may be over at the next one."""
    if isinstance(error, ApiError):
        return error.status == HTTPStatus.TOO_MANY_REQUESTS or error.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return isinstance(error, UnavailableError)


def _virtual_service(name: str, namespace: str) -> Routing:
    """Argo Rollouts takes what follows the last point for the namespace (utils/istio/istio.go)."""
    before, point, last = name.removesuffix(".cluster.local").rpartition(".")
    return Routing("VirtualService", last if point else namespace, before if point else last)


def _weights(spec: Object, path: Path) -> str:
    """The weights of all destinations beside the one that a path ends at, such as 95/5."""
    at: Any = spec
    for step in path[:-2]:
        at = at[int(step)] if isinstance(at, list) else at[step]
    return "/".join(str(to.get("weight", 0)) for to in at)

"""What no schema sees: whether the objects of a delivery fit together as Argo Rollouts and Istio will read them.

Names are looked up among the objects given, so give all that belong to a service. Every finding names the object and
the JSON pointer of the reference that leads nowhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from meshroll.manifests.index import Index, Object, at, namespace_of, title
from meshroll.manifests.problem import Problem
from meshroll.manifests.rollout_lint import rollout_problems

MESH = "mesh"  # Istio's reserved gateway: all sidecars
WHOLE = 100


def lint(objects: Sequence[Object]) -> list[Problem]:
    """All findings, in the order of the objects."""
    index = Index(objects)
    found = [
        Problem("/metadata/name", f"{count} objects have this name", file=name)
        for name, count in index.duplicates.items()
    ]
    for item in objects:
        found += [replace(problem, file=title(item)) for problem in _problems(item, index)]
    return found


def _problems(item: Object, index: Index) -> Iterator[Problem]:
    match item.get("kind"):
        case "Rollout":
            yield from rollout_problems(item, index)
        case "VirtualService":
            yield from _virtual_service(item, index)
        case "DestinationRule":
            host = str(at(item, "spec", "host") or "")
            if index.service_of(host, namespace_of(item)) is None:
                yield Problem("/spec/host", f"there is no Service {host}")


def _virtual_service(item: Object, index: Index) -> Iterator[Problem]:
    namespace = namespace_of(item)
    for number, name in enumerate(at(item, "spec", "gateways") or ()):
        if name != MESH and "/" not in name and index.get("Gateway", namespace, name) is None:
            yield Problem(f"/spec/gateways/{number}", f"there is no Gateway {name}")
    for number, route in enumerate(at(item, "spec", "http") or ()):
        destinations = route.get("route") or ()
        weights = [part.get("weight", 0) for part in destinations]
        if len(weights) > 1 and sum(weights) != WHOLE:
            yield Problem(f"/spec/http/{number}/route", f"the weights add up to {sum(weights)}", str(WHOLE))
        for place, part in enumerate(destinations):
            pointer = f"/spec/http/{number}/route/{place}/destination"
            for message in _destination(part.get("destination") or {}, namespace, index):
                yield Problem(pointer, message)


def _destination(destination: Object, namespace: str, index: Index) -> Iterator[str]:
    host = str(destination.get("host", ""))
    service = index.service_of(host, namespace)
    if service is None:
        yield f"there is no Service {host}"
        return
    port = at(destination, "port", "number")
    ports = [entry.get("port") for entry in at(service, "spec", "ports") or ()]
    if port is not None and port not in ports:
        yield f"Service {host} has no port {port}"
    if port is None and len(ports) > 1:
        yield f"Service {host} has {len(ports)} ports and none is named here"

"""Where the routes of VirtualServices lead: Services, their ports and their pods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from meshroll.manifests.index import at
from meshroll.manifests.lint import hosts
from meshroll.manifests.lint.model import Flaw, Rule, Severity
from meshroll.manifests.lint.objects import CORE, Item, Objects, carries
from meshroll.manifests.lint.pods import IDENTITY, backing, labels_of, selector_of, workloads_of
from meshroll.manifests.lint.rules.references import NOT_FOUND, rollouts_of
from meshroll.manifests.lint.rules.steered_routes import routes_of
from meshroll.manifests.lint.rules.subsets import check_route

OWNER = "Istio"
MESH = "mesh"  # Istio's reserved gateway: all sidecars
_HTTP = {"http", "http2", "grpc", "grpc-web", "kubernetes.io/h2c", "kubernetes.io/ws", "kubernetes.io/wss"}
_OTHER = {"tcp", "tls", "https", "mongo", "mysql", "redis", "udp"}

NAMESPACE = Rule(
    "destination-namespace",
    Severity.HARM,
    OWNER,
    "A route leads to a short host name, and the Service of that name is in another namespace only.",
    "Istio completes a short name with the VirtualService's namespace: requests answer 503.",
    "Write the host in full: name.namespace.svc.cluster.local.",
)
PORT = Rule(
    "destination-port",
    Severity.HARM,
    OWNER,
    "A route leads to a port that its Service does not have.",
    "Requests on that route answer 503.",
    "Name the Service's port, not the container's.",
)
PORT_UNCLEAR = Rule(
    "destination-port-unclear",
    Severity.HARM,
    OWNER,
    "A route of a gateway leads to a Service with several ports and names none.",
    "Istio takes the port of the gateway, which the Service may not have: requests answer 503.",
    "Name the port in the destination.",
)
PROTOCOL = Rule(
    "service-port-protocol",
    Severity.HARM,
    OWNER,
    "A VirtualService with http routes on the mesh is for the host of a Service none of whose ports is HTTP by its "
    "name or appProtocol.",
    "Sidecars go by the port that a client calls, and treat the connection as that protocol: http routes, and with "
    "them weights and headers, do not act.",
    "Call the port http, http2 or grpc, or set its appProtocol.",
)
UNDECLARED = Rule(
    "service-port-undeclared",
    Severity.NOTE,
    OWNER,
    "A VirtualService with a steered http route on the mesh is for the host of a Service whose ports do not say the "
    "protocol by their names.",
    "Istio detects the protocol of each connection; where it cannot, or detection is off, http routes do not act.",
    "Call the port http, http2 or grpc, or set its appProtocol.",
)
PINNED = Rule(
    "service-selects-no-pods",
    Severity.HARM,
    OWNER,
    "A route leads to a Service that selects none of the pods here, though some carry its name: it pins a version that "
    "they will not have after the change, for instance.",
    "Requests on that route answer 503, whatever the subsets are.",
    "Take the label that changes with the version out of the Service's selector.",
)
RULES = (NAMESPACE, PORT, PORT_UNCLEAR, PROTOCOL, UNDECLARED, PINNED)


def check(item: Item, objects: Objects, steered: frozenset[tuple[int, str, int]]) -> Iterator[Flaw]:
    """The destinations of a VirtualService. `steered` are the routes that Rollouts steer: number, protocol, place."""
    if on_mesh(item) and routes_of(item, "http"):
        is_steered = any((item.number, "http", place) in steered for place in range(len(routes_of(item, "http"))))
        yield from _protocols(item, objects, is_steered=is_steered)
    for kind in ("http", "tls", "tcp"):
        for place, route in enumerate(routes_of(item, kind)):
            is_steered = (item.number, kind, place) in steered
            for pointer, destination in _of(route, f"/spec/{kind}/{place}"):
                yield from _destination(item, pointer, destination, objects, is_steered=is_steered)
                yield from check_route(item, pointer, destination, objects)


def on_mesh(item: Item) -> bool:
    """Whether sidecars obey a VirtualService."""
    gateways = at(item.body, "spec", "gateways") or [MESH]
    return MESH in gateways


def gateways_of(item: Item) -> list[str]:
    """The gateways of a VirtualService but for the mesh."""
    return [str(name) for name in at(item.body, "spec", "gateways") or () if name != MESH]


def _of(route: Mapping[str, Any], pointer: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for place, part in enumerate(route.get("route") or ()):
        yield f"{pointer}/route/{place}/destination", part["destination"]
    if route.get("mirror") is not None:
        yield f"{pointer}/mirror", route["mirror"]


def _destination(
    item: Item, pointer: str, destination: Mapping[str, Any], objects: Objects, *, is_steered: bool
) -> Iterator[Flaw]:
    host = str(destination["host"])
    service = hosts.service_of(host, item, objects)
    if service is None:
        yield from _missing(item, pointer, host, objects)
        return
    if not service.judged:
        return
    ports, number = list(at(service.body, "spec", "ports") or ()), at(destination, "port", "number")
    if number is not None and ports and number not in [port["port"] for port in ports]:
        yield PORT.found(f"{pointer}/port", f"Service {service.name} has no port {number}", service.number)
        return
    if number is None and len(ports) > 1 and gateways_of(item):
        message = f"Service {service.name} has {len(ports)} ports and none is named here"
        yield PORT_UNCLEAR.found(pointer, message, service.number)
    yield from _pinned(service, pointer, objects, is_steered=is_steered)


def _missing(item: Item, pointer: str, host: str, objects: Objects) -> Iterator[Flaw]:
    if not hosts.is_within(host, item.namespace) or "." in host or hosts.entry_of(host, objects) is not None:
        return  # another namespace's, or outside of the mesh
    other = objects.elsewhere(CORE, "Service", item.namespace, host)
    if other is not None:
        message = f"Service {host} is in namespace {other.namespace}, and is sought in {item.namespace}"
        yield NAMESPACE.found(f"{pointer}/host", message, other.number)
    else:
        yield NOT_FOUND.found(f"{pointer}/host", f"there is no Service {host} here")


def _protocols(item: Item, objects: Objects, *, is_steered: bool) -> Iterator[Flaw]:
    """The Services whose clients are to obey the http routes: by their ports' protocols, they do or do not."""
    for place, host in enumerate(at(item.body, "spec", "hosts") or ()):
        service = hosts.service_of(str(host), item, objects)
        ports = list(at(service.body, "spec", "ports") or ()) if service is not None and service.judged else []
        if service is None or not ports or any(not _protocol(port) or _protocol(port) in _HTTP for port in ports):
            continue
        called = ", ".join(f"{port['port']} ({port.get('appProtocol') or port.get('name')})" for port in ports)
        where = f"port {called} of Service {service.name}"
        if all(_protocol(port) in _OTHER for port in ports):
            yield PROTOCOL.found(f"/spec/hosts/{place}", f"{where} is not HTTP", service.number)
        elif is_steered:
            yield UNDECLARED.found(f"/spec/hosts/{place}", f"{where} does not say the protocol", service.number)


def _protocol(port: Mapping[str, Any]) -> str:
    """What a port says of its protocol; "" where it says nothing."""
    name = str(port.get("name") or "").lower()
    prefix = "grpc-web" if name.startswith("grpc-web") else name.partition("-")[0]
    return str(port.get("appProtocol") or "").lower() or prefix


def _pinned(service: Item, pointer: str, objects: Objects, *, is_steered: bool) -> Iterator[Flaw]:
    selector = selector_of(service)
    if rollouts_of(service, objects):
        return  # found at the Rollout already
    if not selector or not (is_steered or any(key in selector for key in IDENTITY)):
        return
    meant = workloads_of(service, objects)
    if not meant or backing(service, objects):
        return
    # Labels that one of the pods has with another value; what they lack altogether may be another workload's.
    apart = [
        (key, value)
        for key, value in selector.items()
        if not any(carries(labels_of(item, objects), {key: value}) for item in meant)
    ]
    known = all(any(key in labels_of(item, objects) for item in meant) for key, _ in apart)
    if apart and (known or is_steered):
        text = ", ".join(f"{key}={value}" for key, value in apart)
        message = f"Service {service.name} selects {text}, and no pod of {meant[0].title} will carry it"
        yield PINNED.found(pointer, message, service.number, *(each.number for each in meant))

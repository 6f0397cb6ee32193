"""Gateways: the hosts and ports they serve, and VirtualServices that are bound to them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from meshroll.manifests.index import at
from meshroll.manifests.lint import hosts
from meshroll.manifests.lint.model import Flaw, Rule, Severity
from meshroll.manifests.lint.objects import ISTIO, Item, Objects, agree
from meshroll.manifests.lint.rules.destinations import gateways_of, on_mesh
from meshroll.manifests.lint.rules.references import NOT_FOUND

OWNER = "Istio"

HOST = Rule(
    "gateway-host",
    Severity.HARM,
    OWNER,
    "A VirtualService has a host that none of its Gateways serves.",
    "The gateway answers 404 for that host.",
    "Add the host to a server of the Gateway, or take one of the Gateway's hosts.",
)
CLASH = Rule(
    "gateways-clash",
    Severity.HARM,
    OWNER,
    "Two Gateways of one selector serve the same host on the same port, and VirtualServices of both have a host in "
    "common, or the servers are not plain HTTP.",
    "Envoy has one list of routes for a host: those of the older VirtualService come first, and one that takes every "
    "request hides the others. Of two servers that are not plain HTTP, the younger is ignored.",
    "Share one Gateway and one VirtualService, or give each hosts of its own.",
)
PORT = Rule(
    "gateway-port",
    Severity.HARM,
    "Meshroll",
    "A Gateway serves none of the ports of the gateway Services named in the stack.",
    "Nothing outside reaches that port.",
    "Serve a port that the stack's `gateways` name, or add it there and to the gateway's Service.",
)
RULES = (HOST, CLASH, PORT)


def check_virtual_service(item: Item, objects: Objects) -> Iterator[Flaw]:
    """The Gateways of one VirtualService, and whether they serve its hosts."""
    found: list[Item] = []
    known = True
    for place, reference in enumerate(at(item.body, "spec", "gateways") or ()):
        if reference not in gateways_of(item):
            continue
        gateway = _gateway(str(reference), item, objects)
        if gateway is not None and gateway.judged:
            found.append(gateway)
        else:
            known = False
            if gateway is None and "/" not in reference:
                yield NOT_FOUND.found(f"/spec/gateways/{place}", f"there is no Gateway {reference} here")
    if not found or not known:
        return
    wanted = [str(host) for host in at(item.body, "spec", "hosts") or ()]
    unserved = [host for host in wanted if not any(_serves(gateway, host, item) for gateway in found)]
    if unserved and (not on_mesh(item) or len(unserved) == len(wanted)):
        names = ", ".join(gateway.name for gateway in found)
        numbers = [gateway.number for gateway in found]
        for host in unserved:
            message = f"Gateway {names} does not serve {host}"
            yield HOST.found(f"/spec/hosts/{wanted.index(host)}", message, *numbers)


def check_ports(item: Item, ports: Collection[int]) -> Iterator[Flaw]:
    """A Gateway that serves none of the ports of the stack's gateways; nothing where the stack names none.

    The stack names one port of each gateway: beside it, another one can be open as well.
    """
    served = [server["port"]["number"] for server in at(item.body, "spec", "servers") or ()]
    if ports and served and not set(served) & set(ports):
        there = ", ".join(str(port) for port in sorted(ports))
        message = f"the stack's gateways have no port {served[0]}, but {there}"
        yield PORT.found("/spec/servers/0/port/number", message)


def check_clashes(objects: Objects) -> Iterator[tuple[Item, Flaw]]:
    """Every two Gateways that serve one host on one port of one gateway, and do not get along."""
    held: dict[tuple[Any, ...], list[tuple[Item, int]]] = {}
    for item in objects.of(ISTIO, "Gateway"):
        selector = tuple(sorted((at(item.body, "spec", "selector") or {}).items()))
        for place, server in enumerate(at(item.body, "spec", "servers") or ()):
            for host in dict.fromkeys(_bare(str(host)) for host in server["hosts"]):
                key = (selector, server["port"]["number"], str(server.get("bind") or ""), host)
                held.setdefault(key, []).append((item, place))
    bound = _hosts_by_gateway(objects)
    for (_, port, _, host), holders in held.items():
        for index, (item, place) in enumerate(holders):
            for other, other_place in holders[index + 1 :]:
                if item is other or not objects.together(item, other):
                    continue
                shared = sorted(bound.get(item.number, set()) & bound.get(other.number, set()))
                if _is_plain(item, place) and _is_plain(other, other_place) and not shared:
                    continue  # Istio puts the routes of both behind one listener
                common = f", and both have VirtualServices for {', '.join(shared)}" if shared else ""
                message = f"{other.title} serves {host} on port {port} of the same gateway too{common}"
                yield item, CLASH.found(f"/spec/servers/{place}", message, other.number)


def _hosts_by_gateway(objects: Objects) -> dict[int, set[str]]:
    """The hosts of the VirtualServices of each Gateway, by its number."""
    found: dict[int, set[str]] = {}
    for item in objects.of(ISTIO, "VirtualService"):
        for reference in gateways_of(item):
            gateway = _gateway(reference, item, objects)
            if gateway is not None:
                names = {hosts.full(str(host), item.namespace) for host in at(item.body, "spec", "hosts") or ()}
                found.setdefault(gateway.number, set()).update(names)
    return found


def _is_plain(item: Item, place: int) -> bool:
    server = at(item.body, "spec", "servers")[place]
    return server.get("tls") is None and str(server["port"]["protocol"]).upper() in {"HTTP", "HTTP2", "GRPC"}


def _gateway(reference: str, item: Item, objects: Objects) -> Item | None:
    """The Gateway that a VirtualService names."""
    namespace, slash, name = reference.rpartition("/")
    space = item.namespace if not slash or namespace == "." else namespace
    return objects.get(ISTIO, "Gateway", space, name, item)


def _serves(gateway: Item, host: str, item: Item) -> bool:
    servers: list[Mapping[str, Any]] = list(at(gateway.body, "spec", "servers") or ())
    for served in (str(each) for server in servers for each in server["hosts"]):
        namespace, slash, name = served.rpartition("/")
        space = gateway.namespace if namespace == "." else namespace
        if slash and space != "*" and not agree(space, item.namespace):
            continue
        if hosts.overlap(name, host) or hosts.same(name, gateway.namespace, host, item.namespace):
            return True
    return False


def _bare(host: str) -> str:
    return host.rpartition("/")[2]

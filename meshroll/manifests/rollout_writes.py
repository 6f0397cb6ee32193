"""What Argo Rollouts 1.10 writes into objects that are in Git, read from the Rollouts beside them.

With traffic routing by Istio: the weights of the routes it splits (http, tls and tcp), its managed routes, destinations
of experiments, which it adds, and any that it does not know, which it deletes; in the DestinationRule the pod hash of
both subsets, and again those it adds or deletes. With a workloadRef: the replicas of the workload, where it scales it
down. Beside it an autoscaler writes `replicas` of what it scales.

Everything is a jq path or a JSON pointer that Argo CD deletes from both sides before it compares. A path ends in `[]?`
because Argo CD drops, without a message, one that fails on an object.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from meshroll.manifests.index import Object, at, name_of, namespace_of

POD_TEMPLATE_HASH = "rollouts-pod-template-hash"
ISTIO, ARGO, KEDA = "networking.istio.io", "argoproj.io", "keda.sh"
PROTOCOLS = ("http", "tls", "tcp")
REPLICAS = "/spec/replicas"
_Known = dict[tuple[str, str], list[Object]]  # objects by kind and name
SUBSET_HASH = f'.spec.subsets[]?.labels["{POD_TEMPLATE_HASH}"]'


@dataclass(frozen=True)
class Target:
    """The objects that a path counts for; without a name all of the kind, without a namespace those of any."""

    group: str
    kind: str
    name: str = ""
    namespace: str = ""


@dataclass(frozen=True)
class Write:
    """One path in an object: a jq path, or a JSON pointer (it begins with a slash)."""

    target: Target
    path: str


def written(objects: Sequence[Object]) -> Iterator[Write]:
    """Every path that is written while a canary runs or pods are scaled, in the order of the objects."""
    known: _Known = {}
    for item in objects:
        known.setdefault((str(item.get("kind")), name_of(item)), []).append(item)
    for item in objects:
        match item.get("kind"):
            case "Rollout" if _group(item) in (ARGO, ""):
                yield from _of_rollout(item, known)
            case "HorizontalPodAutoscaler":
                yield from _of_autoscaler(item, "", "")
            case "ScaledObject" if _group(item) in (KEDA, ""):
                yield from _of_autoscaler(item, "apps", "Deployment")


def weights(protocol: str, selector: str = "") -> str:
    """The weights of the routes of a protocol, or of the one selected."""
    if not selector:
        return f".spec.{protocol}[]?.route[]?.weight"
    return f".spec.{protocol}[]? | {selector} | .route[]?.weight"


def managed_route(name: str) -> str:
    """A route that Argo Rollouts inserts and removes."""
    return f".spec.http[]? | {_named(name)}"


def _of_rollout(rollout: Object, known: _Known) -> Iterator[Write]:
    canary = at(rollout, "spec", "strategy", "canary")
    namespace = namespace_of(rollout)
    istio = at(canary, "trafficRouting", "istio")
    if isinstance(istio, Mapping):
        references = [istio.get("virtualService"), *_list(istio, "virtualServices")]
        for reference in references:
            if name := at(reference, "name"):
                yield from _of_virtual_service(str(name), reference, canary, namespace, known)
        if name := at(istio, "destinationRule", "name"):
            found = _find(known, "DestinationRule", str(name), namespace)
            target = Target(ISTIO, "DestinationRule", str(name), namespace)
            for path in _subsets(istio["destinationRule"], canary, found):
                yield Write(target, path)
    reference = at(rollout, "spec", "workloadRef")
    if at(reference, "name") and at(reference, "scaleDown") in ("onsuccess", "progressively"):
        yield Write(_target_of(reference, namespace, "apps", "Deployment"), REPLICAS)


def _of_autoscaler(scaler: Object, group: str, kind: str) -> Iterator[Write]:
    reference = at(scaler, "spec", "scaleTargetRef")
    if at(reference, "name") and (kind or at(reference, "kind")):
        yield Write(_target_of(reference, namespace_of(scaler), group, kind), REPLICAS)


def _of_virtual_service(name: str, reference: Object, canary: Object, namespace: str, known: _Known) -> Iterator[Write]:
    # As Argo Rollouts takes the name apart: the last part is the namespace.
    short, dot, other = name.removesuffix(".cluster.local").rpartition(".")
    target = Target(ISTIO, "VirtualService", short if dot else name, other if dot else namespace)
    found = _find(known, target.kind, target.name, target.namespace)
    managed = [
        str(route["name"]) for route in _mappings(canary, "trafficRouting", "managedRoutes") if route.get("name")
    ]
    for protocol in PROTOCOLS:
        if found is not None and not _mappings(found, "spec", protocol):
            continue
        for selector in _selectors(protocol, reference, found, managed):
            yield Write(target, weights(protocol, selector))
            unknown = _not_known(canary)
            if unknown and (_has_weighted_experiment(canary) or _has_others(protocol, found, canary)):
                route = f".spec.{protocol}[]? | {selector} | " if selector else f".spec.{protocol}[]?"
                yield Write(target, f"{route}.route[]? | select({unknown})")
    for route in managed:
        yield Write(target, managed_route(route))


def _selectors(protocol: str, reference: Object, found: Object | None, managed: Sequence[str]) -> list[str]:
    """What selects the routes that the weights of a canary are written to; an empty text for all of them."""
    if protocol == "http":
        names = [str(name) for name in _list(reference, "routes")]
        if names or found is None:
            return [_named(name) for name in names] or [""]
        routes = [route for route in _mappings(found, "spec", "http") if route.get("name") not in managed]
        chosen = routes if len(routes) == 1 else [route for route in routes if not route.get("name")]
        return [_named(str(chosen[0].get("name") or ""))] if chosen else []
    key = "tlsRoutes" if protocol == "tls" else "tcpRoutes"
    return [_matching(route, protocol) for route in _mappings(reference, key)] or [""]


def _named(name: str) -> str:
    return f"select(.name == {json.dumps(name)})" if name else 'select((.name // "") == "")'


def _matching(route: Object, protocol: str) -> str:
    """The routes of a port and, for TLS, of exactly these hosts; a route without a port counts as port 0."""
    port = route.get("port") or 0
    ports = f"([.match[]? | .port // 0] | unique | if . == [] then [0] else . end) == [{json.dumps(port)}]"
    if protocol == "tcp":
        return f"select({ports})"
    hosts = sorted({str(host) for host in _list(route, "sniHosts")})
    return f"select(([.match[]? | .sniHosts[]?] | unique) == {json.dumps(hosts)} and {ports})"


def _services(canary: Object) -> list[str]:
    pairs = (("stableService",), ("canaryService",), ("pingPong", "pingService"), ("pingPong", "pongService"))
    return [str(name) for name in (at(canary, *keys) for keys in pairs) if name]


def _known_subsets(canary: Object) -> list[str]:
    rule = at(canary, "trafficRouting", "istio", "destinationRule")
    names = [at(rule, "stableSubsetName"), at(rule, "canarySubsetName"), *_list(rule, "additionalSubsetNames")]
    return [str(name) for name in names if name]


def _not_known(canary: Object) -> str:
    """The jq condition of a destination that is neither of the canary nor of the stable version."""
    parts = []
    if services := _services(canary):
        parts.append(f'((.destination.host // "") | split(".")[0] | IN({_texts(services)}) | not)')
    if subsets := _known_subsets(canary):
        parts.append(f'((.destination.subset // "") | IN({_texts(subsets)}) | not)')
    return " and ".join(parts)


def _has_others(protocol: str, found: Object | None, canary: Object) -> bool:
    """Whether a route in Git has a weighted destination that Argo Rollouts does not know."""
    services, subsets = _services(canary), _known_subsets(canary)
    for route in _mappings(found, "spec", protocol):
        for part in _mappings(route, "route"):
            host = str(at(part, "destination", "host") or "").partition(".")[0]
            known = host in services or at(part, "destination", "subset") in subsets
            if part.get("weight") and not known:
                return True
    return False


def _subsets(rule: Object, canary: Object, found: Object | None) -> Iterator[str]:
    names = [str(rule[key]) for key in ("stableSubsetName", "canarySubsetName") if rule.get(key)]
    bare = [
        str(subset["name"])
        for subset in _mappings(found, "spec", "subsets")
        if subset.get("name") in names and not subset.get("labels")
    ]
    yield SUBSET_HASH
    for name in bare:  # it has no labels in Git, and an empty mapping is another value than none
        yield f".spec.subsets[]? | {_named(name)} | .labels"
    others = [subset for subset in _mappings(found, "spec", "subsets") if subset.get("name") not in names]
    if names and (others or _has_weighted_experiment(canary)):
        yield f".spec.subsets[]? | select(.name | IN({_texts(names)}) | not)"


def _has_weighted_experiment(canary: Object) -> bool:
    return any(
        template.get("weight") is not None
        for step in _mappings(canary, "steps")
        for template in _mappings(step, "experiment", "templates")
    )


def _target_of(reference: Object, namespace: str, group: str, kind: str) -> Target:
    version = str(reference.get("apiVersion") or "")
    of = version.rpartition("/")[0] if version else group
    return Target(of, str(reference.get("kind") or kind), str(reference["name"]), namespace)


def _find(known: _Known, kind: str, name: str, namespace: str) -> Object | None:
    """An Istio object; one without a namespace is in that of whoever refers to it."""
    for item in known.get((kind, name), ()):
        if _group(item) in (ISTIO, "") and (not namespace or namespace_of(item) in ("", namespace)):
            return item
    return None


def _group(item: Object) -> str:
    return str(item.get("apiVersion") or "").rpartition("/")[0]


def _texts(names: Sequence[str]) -> str:
    return ", ".join(json.dumps(name) for name in dict.fromkeys(names))


def _list(value: Any, *keys: str) -> list[Any]:
    found = at(value, *keys)
    return found if isinstance(found, list) else []


def _mappings(value: Any, *keys: str) -> list[Mapping[str, Any]]:
    return [item for item in _list(value, *keys) if isinstance(item, Mapping)]

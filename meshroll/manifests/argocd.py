"""What Argo CD must not compare, so that a sync leaves a running canary alone.

These fields belong to Argo Rollouts (see `rollout_writes`). They are ignored when Argo CD compares, and with
ApplyOutOfSyncOnly an object without another difference is not applied at all. RespectIgnoreDifferences is no help: for
custom resources it copies whole lists from the live object, so that a route changed in Git would never arrive. A change
in Git of another field of the same object is applied with the fields as they are at rest; Argo Rollouts then writes its
own again.

Nothing is said of Services: the selector label that Argo Rollouts adds to them is a key Git does not have, which Argo
CD neither counts as a difference nor removes. Lists of custom resources are compared whole, hence the entries below.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from meshroll.manifests.index import Object, namespace_of
from meshroll.manifests.rollout_writes import (
    ISTIO,
    PROTOCOLS,
    SUBSET_HASH,
    Target,
    Write,
    managed_route,
    weights,
    written,
)

ROUTES, RULES = Target(ISTIO, "VirtualService"), Target(ISTIO, "DestinationRule")


def ignore_differences(
    objects: Sequence[Object], *, managed_routes: Sequence[str] = (), known: bool = True
) -> list[dict[str, Any]]:
    """`spec.ignoreDifferences` of an Application that applies these objects.

    `managed_routes` are ignored in every VirtualService besides. Where it is not `known` which objects come of those in
    Git (Kustomize and Helm give them other names), each entry counts for all objects of its kind, and what any canary
    by weight writes is among them.
    """
    writes = [Write(ROUTES, managed_route(name)) for name in managed_routes]
    if known:
        return _entries([*written(objects), *writes])
    usual = [*(Write(ROUTES, weights(protocol)) for protocol in PROTOCOLS), Write(RULES, SUBSET_HASH)]
    wide = (Write(Target(write.target.group, write.target.kind), write.path) for write in written(objects))
    return _entries([*usual, *wide, *writes])


def namespaces(objects: Iterable[Object]) -> tuple[str, ...]:
    """The namespaces that objects name, sorted."""
    return tuple(sorted({namespace_of(item) for item in objects} - {""}))


def _entries(writes: Iterable[Write]) -> list[dict[str, Any]]:
    """One entry an object, its paths in their order and each once."""
    paths: dict[Target, dict[str, None]] = {}
    for write in writes:
        paths.setdefault(write.target, {})[write.path] = None
    return [_entry(target, list(found)) for target, found in paths.items()]


def _entry(target: Target, paths: Sequence[str]) -> dict[str, Any]:
    entry: dict[str, Any] = {"group": target.group} if target.group else {}
    entry["kind"] = target.kind
    named = {"name": target.name, "namespace": target.namespace}
    entry |= {key: value for key, value in named.items() if value}
    pointers = [path for path in paths if path.startswith("/")]
    expressions = [path for path in paths if not path.startswith("/")]
    entry |= {"jsonPointers": pointers} if pointers else {}
    return entry | ({"jqPathExpressions": expressions} if expressions else {})

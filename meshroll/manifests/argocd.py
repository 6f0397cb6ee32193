"""What Argo CD must not compare, so that a sync leaves a running canary alone.

These fields belong to Argo Rollouts (see `rollout_writes`). They are ignored when Argo CD compares, and with
ApplyOutOfSyncOnly an object without another difference is not applied at all. RespectIgnoreDifferences does not help:
for custom resources it copies whole lists from the live object, so that a route changed in Git would never arrive. A
change in Git of another field of the same object is applied with the fields as they are at rest; Argo Rollouts then
writes its own again.

Services need no entry: the selector label that Argo Rollouts adds to them is a key Git does not have, which Argo
CD neither counts as a difference nor removes. Lists of custom resources are compared whole, hence the entries for
routes and subsets; a label more within a subset is a difference under server-side apply alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from meshroll.manifests.index import Object
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

_ROOT = re.compile(r"[A-Za-z]+")
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


def not_ignored(wanted: Iterable[Mapping[str, Any]], entries: Sequence[Any]) -> list[dict[str, Any]]:
    """The part of wanted entries that an Application's own do not cover, as far as that can be told from their text."""
    known = [entry for entry in entries if isinstance(entry, Mapping)]
    left = (
        Write(target, path)
        for entry in wanted
        for target in [Target(*(str(entry.get(key) or "") for key in ("group", "kind", "name", "namespace")))]
        for path in (*entry.get("jsonPointers", ()), *entry.get("jqPathExpressions", ()))
        if not any(_concerns(each, target) and _covers(each, path) for each in known)
    )
    return _entries(left)


def _concerns(entry: Mapping[str, Any], target: Target) -> bool:
    names = all(
        not entry.get(key) or not named or entry[key] == named
        for key, named in (("name", target.name), ("namespace", target.namespace))
    )
    globs = ((entry.get("group") or "", target.group), (entry.get("kind") or "", target.kind))
    return names and all(fnmatchcase(value, str(pattern)) for pattern, value in globs)


def _covers(entry: Mapping[str, Any], path: str) -> bool:
    if any("rollouts" in str(manager) for manager in entry.get("managedFieldsManagers") or ()):
        return True
    root = path if path.startswith("/") else "/" + "/".join(_ROOT.findall(path.partition("[")[0]))
    if any(root == pointer or root.startswith(f"{pointer}/") for pointer in entry.get("jsonPointers") or ()):
        return True
    plain, dotted = _plain(path), root.replace("/", ".")
    wide = {plain, dotted, f"{dotted}[]", f"{dotted}[].route"}
    if plain.endswith(".route[].weight"):
        wide.add(f"{dotted}[].route[].weight")
    return any(_plain(str(own)) in wide for own in entry.get("jqPathExpressions") or ())


def _plain(path: str) -> str:
    return "".join(path.replace("?", "").split())


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

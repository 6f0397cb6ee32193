"""A copy of a work cluster's resource in the control plane's cluster: what it holds and what to do about it.

Pure functions, dict in and dict out. A copy is known by its two labels; anything else of the same name is foreign and
is never written.
"""

from __future__ import annotations

import copy as copying
from dataclasses import dataclass
from enum import Enum
from typing import Any

Object = dict[str, Any]
ORIGIN = "mspider.io/origin-cluster"
SYNCED_FROM = "mspider.io/synced-from"
_TRACKING_LABELS = ("app.kubernetes.io/instance", "argocd.argoproj.io/instance")
_TRACKING_ANNOTATIONS = ("argocd.argoproj.io/", "kubectl.kubernetes.io/last-applied-configuration")


class Act(Enum):
    """What brings the control plane in line with the source."""

    NOTHING = "nothing"
    CREATE = "create"
    REPLACE = "replace"
    DELETE = "delete"
    CONFLICT = "conflict"


@dataclass(frozen=True)
class Decision:
    """The act and the object to send (create, replace), or the one there is (delete, conflict)."""

    act: Act
    body: Object | None = None


def copy(source: Object, *, origin: str, mesh: str) -> Object:
    """The source as it should stand in the control plane, without what belongs to the source alone."""
    metadata = source["metadata"]
    labels = {k: v for k, v in (metadata.get("labels") or {}).items() if k not in _TRACKING_LABELS}
    annotations = {
        k: v for k, v in (metadata.get("annotations") or {}).items() if not k.startswith(_TRACKING_ANNOTATIONS)
    }
    kept: Object = {
        "name": metadata["name"],
        "namespace": metadata["namespace"],
        "labels": labels | {ORIGIN: origin, SYNCED_FROM: mesh},
    }
    if annotations:
        kept["annotations"] = annotations
    rest = {k: copying.deepcopy(v) for k, v in source.items() if k not in ("metadata", "status")}
    return {**rest, "metadata": kept}


def is_copy(obj: Object, *, mesh: str, origin: str | None = None) -> bool:
    """Whether an object is this mesh's copy (of one cluster, or of any)."""
    labels = obj["metadata"].get("labels") or {}
    return labels.get(SYNCED_FROM) == mesh and ORIGIN in labels and origin in (None, labels[ORIGIN])


def decide(source: Object | None, there: Object | None, *, origin: str, mesh: str) -> Decision:
    """What to do with one name, given the source (None: gone) and what the control plane has under that name."""
    if source is None or "deletionTimestamp" in source["metadata"]:
        if there is not None and is_copy(there, mesh=mesh, origin=origin):
            return Decision(Act.DELETE, there)
        return Decision(Act.NOTHING)
    wanted = copy(source, origin=origin, mesh=mesh)
    if there is None:
        return Decision(Act.CREATE, wanted)
    if not is_copy(there, mesh=mesh):
        return Decision(Act.CONFLICT, there)
    if _content(there) == _content(wanted):
        return Decision(Act.NOTHING)
    wanted["metadata"]["resourceVersion"] = there["metadata"]["resourceVersion"]
    return Decision(Act.REPLACE, wanted)


def _content(obj: Object) -> Object:
    metadata = obj["metadata"]
    rest = {k: v for k, v in obj.items() if k not in ("metadata", "status")}
    return {**rest, "labels": metadata.get("labels") or {}, "annotations": metadata.get("annotations") or {}}

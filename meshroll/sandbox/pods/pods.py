"""A pod as the runner sees it: who it is, in which state, which container it has. Pure functions of the pod object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Object = dict[str, Any]
WORKLOAD_ENTRY = "networking.istio.io/v1"


@dataclass(frozen=True)
class PodAddresses:
    """Where a pod lives: its own address, its node's, and the mesh that it joins."""

    address: str
    node_address: str
    istiod: str
    cluster_id: str


@dataclass(frozen=True)
class Refusal:
    """Why a pod is not run, as a kubelet names it. A `passing` one is tried again without a change of the pod."""

    reason: str
    message: str
    passing: bool = False


def uid(pod: Object) -> str:
    """What tells a pod from an earlier one of the same name."""
    return str(pod["metadata"]["uid"])


def key(pod: Object) -> str:
    """`namespace/name`."""
    return f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"


def is_scheduled(pod: Object) -> bool:
    """Whether a node was chosen, so that the runner must act."""
    return bool(pod.get("spec", {}).get("nodeName"))


def is_leaving(pod: Object) -> bool:
    """Whether somebody asked for the pod's deletion."""
    return "deletionTimestamp" in pod["metadata"]


def is_finished(pod: Object) -> bool:
    """Whether the pod ran to its end and is never started again."""
    return pod.get("status", {}).get("phase") in ("Succeeded", "Failed")


def grace_seconds(pod: Object) -> float:
    """How long a leaving pod's program may drain before it is killed."""
    wished = pod["metadata"].get("deletionGracePeriodSeconds")
    return float(30 if wished is None else wished)


def container(pod: Object) -> Object | Refusal:
    """The pod's only container: one pod is one process here."""
    containers = pod["spec"].get("containers") or []
    if len(containers) != 1 or pod["spec"].get("initContainers"):
        return Refusal("CreateContainerConfigError", "the sandbox runs pods of one container without init containers")
    return dict(containers[0])


def port(container: Object, default: int | None) -> int | None:
    """The port to wait for: the container's first, else what the table says."""
    ports = container.get("ports") or []
    return int(ports[0]["containerPort"]) if ports else default


def workload_entry(pod: Object, address: str) -> Object:
    """What makes the pod an endpoint of the Services that select its labels; it dies with the pod."""
    metadata, labels = pod["metadata"], dict(pod["metadata"].get("labels") or {})
    owner = {"apiVersion": "v1", "kind": "Pod", "name": metadata["name"], "uid": metadata["uid"]}
    return {
        "apiVersion": WORKLOAD_ENTRY,
        "kind": "WorkloadEntry",
        "metadata": {
            "name": metadata["name"],
            "namespace": metadata["namespace"],
            "labels": labels,
            "ownerReferences": [owner],
        },
        "spec": {"address": address, "labels": labels},
    }

"""A pod as the runner sees it.

Pure functions from the pod object to its program's environment, its WorkloadEntry and the status a kubelet would write.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Object = dict[str, Any]
RUNTIME = "meshroll"
_VERSION_LABEL = "version"
_FIELD = re.compile(r"metadata\.(?P<map>labels|annotations)\['(?P<key>[^']+)'\]")
# Environment variables of the program's own machine that a program may need; nothing else leaks into a pod.
INHERITED = ("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "SSL_CERT_FILE", "MESHROLL_SANDBOX_PART")


@dataclass(frozen=True)
class Place:
    """Where a pod lives: its own address, its node's, and the mesh that it joins."""

    address: str
    node_address: str
    istiod: str
    cluster_id: str


@dataclass(frozen=True)
class Refusal:
    """Why a pod is not run, in a kubelet's words."""

    reason: str
    message: str


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


def environment(pod: Object, container: Object, place: Place) -> dict[str, str] | Refusal:
    """The container's own variables, on top of those every program of the sandbox gets."""
    metadata, labels = pod["metadata"], pod["metadata"].get("labels") or {}
    variables = {
        "POD_NAME": metadata["name"],
        "POD_NAMESPACE": metadata["namespace"],
        "POD_IP": place.address,
        "NODE_NAME": pod["spec"].get("nodeName", ""),
        "VERSION": labels.get(_VERSION_LABEL, ""),
        "GRPC_XDS_BOOTSTRAP_CONFIG": json.dumps(grpc_bootstrap(pod, place), separators=(",", ":")),
    }
    for variable in container.get("env") or []:
        value = variable.get("value", "")
        if "valueFrom" in variable:
            found = _field(pod, place, variable["valueFrom"])
            if found is None:
                text = f"variable {variable['name']}: the sandbox gives values and fieldRef of the pod, nothing else"
                return Refusal("CreateContainerConfigError", text)
            value = found
        variables[variable["name"]] = str(value)
    if container.get("envFrom"):
        return Refusal("CreateContainerConfigError", "the sandbox does not read envFrom")
    return variables


def port(container: Object, default: int | None) -> int | None:
    """The port to wait for: the container's first, else what the table says."""
    ports = container.get("ports") or []
    return int(ports[0]["containerPort"]) if ports else default


def grpc_bootstrap(pod: Object, place: Place) -> Object:
    """The xDS bootstrap of gRPC: the pod is a proxyless member of the mesh with its own labels."""
    metadata = pod["metadata"]
    namespace = metadata["namespace"]
    return {
        "xds_servers": [
            {"server_uri": place.istiod, "channel_creds": [{"type": "insecure"}], "server_features": ["xds_v3"]}
        ],
        "node": {
            "id": f"sidecar~{place.address}~{metadata['name']}.{namespace}~{namespace}.svc.cluster.local",
            "metadata": {
                "GENERATOR": "grpc",
                "NAMESPACE": namespace,
                "CLUSTER_ID": place.cluster_id,
                "LABELS": dict(metadata.get("labels") or {}),
            },
            "locality": {},
        },
    }


def workload_entry(pod: Object, address: str) -> Object:
    """What makes the pod an endpoint of the Services that select its labels; it dies with the pod."""
    metadata, labels = pod["metadata"], dict(pod["metadata"].get("labels") or {})
    owner = {"apiVersion": "v1", "kind": "Pod", "name": metadata["name"], "uid": metadata["uid"]}
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "WorkloadEntry",
        "metadata": {
            "name": metadata["name"],
            "namespace": metadata["namespace"],
            "labels": labels,
            "ownerReferences": [owner],
        },
        "spec": {"address": address, "labels": labels},
    }


def container_id(pid: int, started: float) -> str:
    """Names the process as a kubelet names a container."""
    return f"{RUNTIME}://{pid}-{int(started * 1000)}"


def status(
    pod: Object,
    container: Object,
    place: Place,
    *,
    state: Mapping[str, Any],
    ready: bool,
    restarts: int,
    now: str,
    phase: str = "",
    process: str = "",
    last_state: Mapping[str, Any] | None = None,
) -> Object:
    """The whole status a kubelet would write; transition times stay where nothing changed."""
    before = pod.get("status") or {}
    running = "running" in state
    old = {condition["type"]: condition for condition in before.get("conditions") or []}
    reason = "" if ready else ("PodCompleted" if phase == "Succeeded" else "ContainersNotReady")
    conditions = [
        _condition(old, "PodScheduled", True, "", now),
        _condition(old, "PodReadyToStartContainers", True, "", now),
        _condition(old, "Initialized", True, "", now),
        _condition(old, "ContainersReady", ready, reason, now),
        _condition(old, "Ready", ready and _gates_open(pod, old), reason, now),
    ]
    known = {condition["type"] for condition in conditions}
    conditions += [condition for kind, condition in old.items() if kind not in known]
    addresses = {"podIP": place.address, "podIPs": [{"ip": place.address}]} if place.address else {}
    return {
        "phase": phase or ("Running" if running or restarts or before.get("phase") == "Running" else "Pending"),
        "conditions": conditions,
        "hostIP": place.node_address,
        "hostIPs": [{"ip": place.node_address}],
        **addresses,
        "startTime": before.get("startTime") or now,
        "containerStatuses": [
            {
                "name": container["name"],
                "image": container.get("image", ""),
                "imageID": "",
                "containerID": process,
                "ready": ready,
                "started": running,
                "restartCount": restarts,
                "state": dict(state),
                "lastState": dict(last_state or {}),
            }
        ],
    }


def _gates_open(pod: Object, conditions: Mapping[str, Object]) -> bool:
    gates = pod["spec"].get("readinessGates") or []
    return all(conditions.get(gate["conditionType"], {}).get("status") == "True" for gate in gates)


def _condition(old: Mapping[str, Object], kind: str, true: bool, reason: str, now: str) -> Object:
    value = "True" if true else "False"
    before = old.get(kind, {})
    since = before.get("lastTransitionTime") if before.get("status") == value else now
    return {"type": kind, "status": value, "lastTransitionTime": since or now} | ({"reason": reason} if reason else {})


def _field(pod: Object, place: Place, source: Object) -> str | None:
    path = (source.get("fieldRef") or {}).get("fieldPath", "")
    plain = {
        "metadata.name": pod["metadata"]["name"],
        "metadata.namespace": pod["metadata"]["namespace"],
        "metadata.uid": pod["metadata"]["uid"],
        "spec.nodeName": pod["spec"].get("nodeName", ""),
        "spec.serviceAccountName": pod["spec"].get("serviceAccountName", ""),
        "status.podIP": place.address,
        "status.hostIP": place.node_address,
    }
    if path in plain:
        return str(plain[path])
    match = _FIELD.fullmatch(path)
    return str((pod["metadata"].get(match["map"]) or {}).get(match["key"], "")) if match else None

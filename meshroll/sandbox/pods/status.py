"""The status that a kubelet would write for a pod. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from meshroll.sandbox.pods.pods import Object, PodAddresses

RUNTIME = "meshroll"


def timestamp(when: datetime | None = None) -> str:
    """A moment, or now, as Kubernetes writes it."""
    return (when or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ")


def container_id(pid: int, started: float) -> str:
    """Names the process as a kubelet names a container."""
    return f"{RUNTIME}://{pid}-{int(started * 1000)}"


def status(
    pod: Object,
    container: Object,
    place: PodAddresses,
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


def holds(there: Any, wanted: Any) -> bool:
    """Whether what the API server has says the same; it adds empty fields of its own."""
    if isinstance(wanted, dict):
        return isinstance(there, dict) and all(holds(there.get(name), value) for name, value in wanted.items())
    if isinstance(wanted, list):
        return isinstance(there, list) and len(there) == len(wanted) and all(map(holds, there, wanted))
    return bool(there == wanted)


def _gates_open(pod: Object, conditions: Mapping[str, Object]) -> bool:
    gates = pod["spec"].get("readinessGates") or []
    return all(conditions.get(gate["conditionType"], {}).get("status") == "True" for gate in gates)


def _condition(old: Mapping[str, Object], kind: str, true: bool, reason: str, now: str) -> Object:
    value = "True" if true else "False"
    before = old.get(kind, {})
    since = before.get("lastTransitionTime") if before.get("status") == value else now
    return {"type": kind, "status": value, "lastTransitionTime": since or now} | ({"reason": reason} if reason else {})

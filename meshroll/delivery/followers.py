"""Work clusters that follow a leader in one shared mesh: whether the mesh reaches their pods.

The control plane has the leader's DestinationRule, whose subsets select pods by the pod template's hash. A follower
whose pod template differs in anything has another hash: the mesh sends its pods nothing while everything is Healthy.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from meshroll.delivery.difference import differences, pointer
from meshroll.delivery.rollouts import GROUP_VERSION, pod_hash, pod_labels, pod_template, workload_reference
from meshroll.kube import Api, Object


def unreached(
    leader: Api, namespace: str, follower: str, rollout: Object, template: Object, version_labels: Iterable[str]
) -> str:
    """Why the mesh sends nothing to a follower's pods of this version; "" when it does or that cannot be told.

    `version_labels` name the pod labels that a release changes.
    """
    if not _by_subset(rollout):
        return ""
    name = rollout["metadata"]["name"]
    leading = leader.get(GROUP_VERSION, "Rollout", name, namespace)
    if leading is None:
        return ""
    reference = workload_reference(leading)
    leading_template = pod_template(leading, leader.get(*reference, namespace) if reference else None)
    keys = tuple(version_labels) or ("version",)
    if _version(leading_template, keys) != _version(template, keys):
        return ""  # the leader is at another version: its turn comes or is over
    if pod_hash(leading) == pod_hash(rollout):
        return ""
    # Both ways as copies: Argo Rollouts writes empty fields into its own, which change no hash.
    pairs = ((leading_template, template), (template, leading_template))
    path = next((path for one, other in pairs for path in differences(one, other, as_copy=True)), None)
    if path is None:
        return ""  # the same template has the same hash, once the controller that is a moment behind has it
    return (
        f"its pod template is not that of the leader {leader.name} at {pointer(path)}: its pod hash is "
        f"{pod_hash(rollout)}, the mesh's subsets select {pod_hash(leading)}, so its pods in {follower} get no requests"
    )


def _by_subset(rollout: Object) -> bool:
    canary = (rollout["spec"].get("strategy") or {}).get("canary") or {}
    return bool(((canary.get("trafficRouting") or {}).get("istio") or {}).get("destinationRule"))


def _version(template: Object, labels: Iterable[str]) -> Any:
    containers = (template.get("spec") or {}).get("containers") or []
    images = [(item.get("name"), item.get("image")) for item in containers]
    return [pod_labels(template).get(label) for label in labels], images

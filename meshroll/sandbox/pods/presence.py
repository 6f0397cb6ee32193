"""What a cluster holds of one pod: its WorkloadEntry and its status, each sent only when it differs from the last one.

Contract: nothing of a later pod of the same name is ever taken away.
"""

from __future__ import annotations

from http import HTTPStatus

from meshroll.kube import ApiError, Kube
from meshroll.sandbox.pods import pods
from meshroll.sandbox.pods.pods import WORKLOAD_ENTRY, Object
from meshroll.sandbox.pods.status import holds
from meshroll.sandbox.watch.deletion import delete_as_read

FIELD_MANAGER = "meshroll-runner"


class Presence:
    """One pod in its cluster. Every method may raise MeshrollError and may then be called again."""

    def __init__(self, kube: Kube) -> None:
        self._kube = kube
        self._registered: Object | None = None

    def register(self, pod: Object, address: str) -> None:
        """Make the pod an endpoint of the mesh."""
        entry = pods.workload_entry(pod, address)
        if entry != self._registered:
            self._kube.apply(entry, field_manager=FIELD_MANAGER, force=True)
            self._registered = entry

    def withdraw(self, pod: Object) -> None:
        """Take the pod out of the mesh."""
        self._registered = None
        metadata = pod["metadata"]
        place = (WORKLOAD_ENTRY, "WorkloadEntry", metadata["name"], metadata["namespace"])
        while (entry := self._kube.get(*place)) is not None and _belongs(entry, pod):
            if delete_as_read(self._kube, entry):
                return

    def report(self, pod: Object, status: Object) -> None:
        """Write the pod's status, unless it was already written so."""
        if holds(pod.get("status") or {}, status):
            return
        metadata = pod["metadata"]
        patch = {"metadata": {"uid": metadata["uid"]}, "status": status}
        place = ("v1", "Pod", metadata["name"], metadata["namespace"])
        self._kube.patch(*place, patch, field_manager=FIELD_MANAGER, subresource="status")

    def remove(self, pod: Object) -> None:
        """Remove the pod object itself, whose program has ended."""
        metadata = pod["metadata"]
        place = ("v1", "Pod", metadata["name"], metadata["namespace"])
        try:
            self._kube.delete(*place, gracePeriodSeconds=0, preconditions={"uid": metadata["uid"]})
        except ApiError as error:
            if error.status != HTTPStatus.CONFLICT:
                raise
            # Another pod has its name, so this one is gone.


def _belongs(entry: Object, pod: Object) -> bool:
    owners = entry["metadata"].get("ownerReferences") or []
    return pods.uid(pod) in {owner["uid"] for owner in owners}

"""Notices to a GlobalMesh's owner: a line in the log and an Event on it, not repeated while nothing changed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from meshroll.errors import MeshrollError
from meshroll.kube import Kube
from meshroll.sandbox.pods.status import timestamp
from meshroll.sandbox.synchronizer import globalmesh
from meshroll.sandbox.synchronizer.globalmesh import Object

Topic = tuple[str, ...]


class Notices:
    """Used by one thread. `find` gives a GlobalMesh by name, None when there is none any more."""

    def __init__(
        self, host: Kube, find: Callable[[str], Object | None], log: Callable[[str], None], *, field_manager: str
    ) -> None:
        self._host, self._find, self._log, self._manager = host, find, log, field_manager
        self._reported: dict[Topic, str] = {}

    def report(self, topic: Topic, state: str, mesh: str, reason: str, text: str) -> None:
        """Report something about a topic, unless the same topic was last reported in the same state."""
        if self._reported.get(topic) == state:
            return
        self._reported[topic] = state
        self._log(f"{mesh}: {reason}: {text}")
        about = self._find(mesh)
        if about is None:
            return
        try:
            self._host.apply(event_on(about, reason, text, "/".join(topic)), field_manager=self._manager, force=True)
        except MeshrollError as error:
            self._log(f"{mesh}: the event could not be written: {error}")

    def settle(self, topic: Topic) -> None:
        """The topic is well again: what comes next is news."""
        self._reported.pop(topic, None)


def event_on(mesh: Object, reason: str, text: str, topic: str) -> Object:
    """A warning on a GlobalMesh; the same topic gives the same Event."""
    metadata = mesh["metadata"]
    now = timestamp()
    digest = hashlib.sha256(topic.encode()).hexdigest()[:12]
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{metadata['name']}.{digest}", "namespace": metadata["namespace"]},
        "involvedObject": {
            "apiVersion": globalmesh.API_VERSION,
            "kind": globalmesh.KIND,
            "name": metadata["name"],
            "namespace": metadata["namespace"],
            "uid": metadata["uid"],
        },
        "type": "Warning",
        "reason": reason,
        "message": text,
        "source": {"component": "synchronizer"},
        "firstTimestamp": now,
        "lastTimestamp": now,
        "count": 1,
    }

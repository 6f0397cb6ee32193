"""One kind that one GlobalMesh wants copied from one worker: both sides followed, each name brought in line by itself.

What is to be done about a name is decided anew from what both clusters hold (copies.py), whenever either side changes
and once both are known. A name that cannot be written holds up no other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from meshroll.kube import ApiError, Kube
from meshroll.sandbox.synchronizer.copies import Act, Decision, decide, is_copy
from meshroll.sandbox.synchronizer.globalmesh import Resource
from meshroll.sandbox.synchronizer.notices import Notices
from meshroll.sandbox.watch.deletion import delete_as_read
from meshroll.sandbox.watch.reflector import Key, Object, Reflector, key_of
from meshroll.sandbox.watch.workqueue import WorkQueue

FIELD_MANAGER = "meshroll-synchronizer"


@dataclass(frozen=True)
class Wanted:
    """What a link is for."""

    mesh: str
    worker: str
    resource: Resource


class Link:
    """Its reflectors only say what to look at; everything is decided and written on the queue's thread."""

    def __init__(
        self, wanted: Wanted, worker: Kube, host: Kube, work: WorkQueue, notices: Notices, log: Callable[[str], None]
    ) -> None:
        self._wanted, self._host, self._work, self._notices, self._log = wanted, host, work, notices, log
        self._stopped = False
        kind = (wanted.resource.api_version, wanted.resource.kind)
        self._source = Reflector(worker, *kind, self._look, listed=self._look_at_all, log=log)
        self._there = Reflector(host, *kind, self._look, listed=self._look_at_all, log=log)

    def start(self) -> None:
        """Begin to copy."""
        self._source.start()
        self._there.start()

    def stop(self) -> None:
        """Copy nothing more; the copies stay."""
        self._stopped = True
        self._source.stop()
        self._there.stop()

    @property
    def _is_known(self) -> bool:
        return not self._stopped and self._source.synced.is_set() and self._there.synced.is_set()

    def _look(self, _change: str, obj: Object) -> None:
        self._put(key_of(obj))

    def _look_at_all(self) -> None:
        if self._is_known:
            for key in sorted({*self._source.names(), *self._there.names()}):
                self._put(key)

    def _put(self, key: Key) -> None:
        self._work.put((self._wanted, key), lambda: self._reconcile(key))

    def _reconcile(self, key: Key) -> None:
        if not self._is_known:
            return  # everything is looked at once both sides are known
        wanted, source, there = self._wanted, self._source.get(key), self._there.get(key)
        decision = decide(source, there, origin=wanted.worker, mesh=wanted.mesh)
        if source is None and there is not None and is_copy(there, mesh=wanted.mesh):
            decision = Decision(Act.DELETE, there)  # also a copy of a cluster that was the source before
        topic = (wanted.mesh, wanted.resource.kind, *key)
        if decision.act is Act.CONFLICT and decision.body is not None:
            text = (
                f"{title(decision.body)} of {wanted.worker} is not copied: "
                "the control plane has one of that name that is not its copy"
            )
            uid = str(decision.body["metadata"]["uid"])
            self._notices.report(topic, uid, wanted.mesh, "ResourceConflict", text)
            return
        self._notices.settle(topic)
        if decision.body is not None:
            self._write(decision.act, decision.body)

    def _write(self, act: Act, body: Object) -> None:
        try:
            if act is Act.DELETE:
                remove(self._host, body, self._log)
                return
            if act is Act.CREATE:
                self._create(body)
            else:
                self._host.replace(body, field_manager=FIELD_MANAGER)
            self._log(f"{act.value}d {title(body)} of {self._wanted.worker}")
        except ApiError as error:
            if error.status != HTTPStatus.CONFLICT:
                raise
            # Changed meanwhile: the change itself arrives as an event and is looked at then.

    def _create(self, body: Object) -> None:
        try:
            self._host.create(body, field_manager=FIELD_MANAGER)
        except ApiError as error:
            namespace = body["metadata"]["namespace"]
            if error.status != HTTPStatus.NOT_FOUND or self._host.get("v1", "Namespace", namespace) is not None:
                raise
            self._host.apply(
                {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}, field_manager=FIELD_MANAGER
            )
            self._host.create(body, field_manager=FIELD_MANAGER)


def remove(host: Kube, obj: Object, log: Callable[[str], None]) -> None:
    """Remove a copy as it was read; one that changed meanwhile is looked at again when its event arrives."""
    if delete_as_read(host, obj):
        log(f"removed {title(obj)}")


def title(obj: Object) -> str:
    """An object in a line of the log."""
    return f"{obj['kind']} {obj['metadata']['namespace']}/{obj['metadata']['name']}"

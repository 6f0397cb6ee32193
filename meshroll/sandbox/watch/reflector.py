"""A kind of one cluster, followed for ever: list, then watch, and again after every cut.

Events come on the reflector's own thread, in order. An object that vanished while the watch was cut is reported as
DELETED, so a follower never keeps what is gone. A kind that the cluster does not know yet is waited for. No failure
ends it: after the cluster's it lists again, after the follower's it tells again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from meshroll.kube import ApiError, Kube
from meshroll.sandbox.watch.log import sentence

Object = dict[str, Any]
Key = tuple[str, str]
_FIRST_RETRY, _LAST_RETRY = 0.1, 2.0


def key_of(obj: Object) -> Key:
    """Namespace (empty for cluster-wide kinds) and name."""
    return obj["metadata"].get("namespace", ""), obj["metadata"]["name"]


class Reflector:
    """Follows one kind and keeps its objects. `changed(type, object)` gets ADDED, MODIFIED and DELETED.

    `listed` is called once, after everything that existed was reported.
    """

    def __init__(
        self,
        kube: Kube,
        api_version: str,
        kind: str,
        changed: Callable[[str, Object], None],
        *,
        listed: Callable[[], None] = lambda: None,
        namespace: str | None = None,
        log: Callable[[str], None] = print,
    ) -> None:
        self._kube, self._api_version, self._kind, self._namespace = kube, api_version, kind, namespace
        self._changed, self._listed, self._log = changed, listed, log
        self._objects: dict[Key, Object] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self.synced = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name=f"watch-{kube.name}-{kind}")

    def start(self) -> Reflector:
        """Begin; `synced` is set once everything that existed was reported."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Report nothing more."""
        self._stop.set()

    def get(self, key: Key) -> Object | None:
        """The newest known state of an object; not to be changed."""
        with self._lock:
            return self._objects.get(key)

    def names(self) -> list[Key]:
        """All objects there are."""
        with self._lock:
            return list(self._objects)

    def _run(self) -> None:
        retry, complained = _FIRST_RETRY, ""
        while not self._stop.is_set():
            try:
                version = self._list()
                retry, complained = _FIRST_RETRY, ""
                self._watch(version)
            except Exception as error:
                if isinstance(error, ApiError) and error.status == HTTPStatus.GONE:
                    # The watch's starting point is too old: list again, though never in a tight loop.
                    self._stop.wait(_FIRST_RETRY)
                    continue
                text = sentence(error)
                if text != complained:
                    complained = text
                    self._log(f"watching {self._kind} of {self._kube.name}: {text}; trying again")
                self._stop.wait(retry)
                retry = min(retry * 2, _LAST_RETRY)

    def _list(self) -> str:
        items, version = self._kube.list_version(self._api_version, self._kind, self._namespace)
        found = {key_of(item): item for item in items}
        for key in set(self.names()) - set(found):
            gone = self.get(key)
            if gone is not None:
                self._emit("DELETED", gone)
        for key, item in found.items():
            before = self.get(key)
            if before is None or before["metadata"]["resourceVersion"] != item["metadata"]["resourceVersion"]:
                self._emit("ADDED" if before is None else "MODIFIED", item)
        if not self.synced.is_set():
            self.synced.set()
            self._listed()
        return version

    def _watch(self, version: str) -> None:
        while not self._stop.is_set():
            events = self._kube.watch(
                self._api_version, self._kind, self._namespace, resource_version=version, seconds=240
            )
            for event in events:
                if self._stop.is_set():
                    return
                version = event.object["metadata"]["resourceVersion"]
                self._emit(event.type, {"apiVersion": self._api_version, "kind": self._kind, **event.object})

    def _emit(self, change: str, obj: Object) -> None:
        key = key_of(obj)
        before = self.get(key)
        self._keep(key, None if change == "DELETED" else obj)
        if not self._stop.is_set():
            try:
                self._changed(change, obj)
            except BaseException:
                self._keep(key, before)  # so that the next list reports it again
                raise

    def _keep(self, key: Key, obj: Object | None) -> None:
        with self._lock:
            if obj is None:
                self._objects.pop(key, None)
            else:
                self._objects[key] = obj

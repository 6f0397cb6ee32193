"""A stand-in for a work cluster's API: objects in memory, which may be away, fail once, or be watched."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pytest

from meshroll.errors import UnavailableError
from meshroll.kube import ApiError, WatchEvent

Object = dict[str, Any]
T = TypeVar("T")


class MemoryCluster:
    """What the runner and the synchronizer ask of a `Kube`."""

    name = "memory"

    def __init__(self, *objects: Object) -> None:
        self._objects: dict[tuple[str, str, str], Object] = {}
        self._lock = threading.Lock()
        self._version = 0
        self.away = False
        self.failures: list[Exception] = []
        self.watched: queue.SimpleQueue[WatchEvent | Exception | None] = queue.SimpleQueue()
        for obj in objects:
            self.put(obj)

    def put(self, obj: Object) -> Object:
        metadata = obj["metadata"]
        with self._lock:
            self._version += 1
            uid = metadata.get("uid") or f"uid-{self._version}"
            kept = {**obj, "metadata": {**metadata, "uid": uid, "resourceVersion": str(self._version)}}
            self._objects[obj["kind"], metadata.get("namespace", ""), metadata["name"]] = kept
            return kept

    def peek(self, kind: str, name: str, namespace: str) -> Object | None:
        """What is there, whether or not the cluster answers."""
        with self._lock:
            return self._objects.get((kind, namespace, name))

    def get(self, api_version: str, kind: str, name: str, namespace: str | None = None) -> Object | None:
        self._answer()
        return self.peek(kind, name, namespace or "")

    def apply(self, body: Object, *, field_manager: str, force: bool = False) -> Object:
        self._answer()
        return self.put(body)

    def patch(
        self,
        api_version: str,
        kind: str,
        name: str,
        namespace: str | None,
        patch: Object,
        *,
        field_manager: str,
        subresource: str = "",
    ) -> Object:
        found = self.get(api_version, kind, name, namespace)
        if found is None:
            raise ApiError("not found", status=404, reason="NotFound", where=self.name)
        return self.put({**found, **{key: value for key, value in patch.items() if key != "metadata"}})

    def delete(self, api_version: str, kind: str, name: str, namespace: str | None = None, **options: Any) -> bool:
        found = self.get(api_version, kind, name, namespace)
        if found is None:
            return False
        wanted = options.get("preconditions") or {}
        if any(found["metadata"][key] != value for key, value in wanted.items()):
            raise ApiError("another object by now", status=409, reason="Conflict", where=self.name)
        with self._lock:
            del self._objects[kind, namespace or "", name]
        return True

    def list_version(self, api_version: str, kind: str, namespace: str | None = None) -> tuple[list[Object], str]:
        self._answer()
        with self._lock:
            return [obj for (of, _, _), obj in self._objects.items() if of == kind], str(self._version)

    def watch(
        self, api_version: str, kind: str, namespace: str | None = None, *, resource_version: str, seconds: int = 300
    ) -> Iterator[WatchEvent]:
        """What the test puts into `watched`: an event, an error, or None for the end of the watch."""
        while (event := self.watched.get()) is not None:
            if isinstance(event, Exception):
                raise event
            yield event

    def _answer(self) -> None:
        if self.away:
            raise UnavailableError("cannot be reached", where=self.name)
        with self._lock:
            failure = self.failures.pop(0) if self.failures else None
        if failure:
            raise failure


def until(condition: Callable[[], T | None], what: str, seconds: float = 10.0) -> T:
    """Ask until the answer is yes; the pause between two questions synchronizes nothing."""
    over, pause = threading.Event(), threading.Event()
    timer = threading.Timer(seconds, over.set)
    timer.start()
    try:
        while not over.is_set():
            if found := condition():
                return found
            pause.wait(0.005)
    finally:
        timer.cancel()
    pytest.fail(f"not within {seconds:g} s: {what}")

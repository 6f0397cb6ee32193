import json
from typing import cast

import pytest

from meshroll.errors import UnavailableError
from meshroll.kube import ApiError, Kube, WatchEvent
from meshroll.sandbox.watch.reflector import Object, Reflector
from tests.support.sandbox.played_cluster import MemoryCluster, until


def pod(name: str) -> Object:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "dubbo"}}


def follow(cluster: MemoryCluster, seen: list[tuple[str, str]], said: list[str] | None = None) -> Reflector:
    def changed(change: str, obj: Object) -> None:
        seen.append((change, obj["metadata"]["name"]))

    log: list[str] = [] if said is None else said
    return Reflector(cast("Kube", cluster), "v1", "Pod", changed, log=log.append).start()


@pytest.mark.parametrize(
    "cut",
    [
        None,
        UnavailableError("the watch was cut"),
        ApiError("too old resource version", status=410, reason="Expired", where="memory"),
        json.JSONDecodeError("Expecting value", "<html>", 0),
        RuntimeError("out of the blue"),
    ],
    ids=lambda cut: type(cut).__name__,
)
def test_whatever_cuts_a_watch_it_goes_on(cut: Exception | None) -> None:
    cluster = MemoryCluster()
    seen: list[tuple[str, str]] = []
    reflector = follow(cluster, seen)
    try:
        reflector.synced.wait(10)
        cluster.watched.put(cut)
        later = cluster.put(pod("later"))
        cluster.watched.put(WatchEvent("ADDED", later))
        until(lambda: ("ADDED", "later") in seen, "the pod is seen")
    finally:
        reflector.stop()
        cluster.watched.put(None)


def test_what_went_while_the_watch_was_cut_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = MemoryCluster(pod("brief"))
    seen: list[tuple[str, str]] = []
    reflector = follow(cluster, seen)
    try:
        reflector.synced.wait(10)
        cluster.delete("v1", "Pod", "brief", "dubbo")
        cluster.watched.put(UnavailableError("the watch was cut"))
        until(lambda: len(seen) == 2, "its end is seen")
    finally:
        reflector.stop()
        cluster.watched.put(None)
    assert seen == [("ADDED", "brief"), ("DELETED", "brief")]


def test_a_follower_that_fails_is_told_again() -> None:
    cluster = MemoryCluster(pod("one"))
    told: list[str] = []
    said: list[str] = []

    def changed(change: str, obj: Object) -> None:
        told.append(change)
        if len(told) == 1:
            raise RuntimeError("can't start new thread")

    reflector = Reflector(cast("Kube", cluster), "v1", "Pod", changed, log=said.append).start()
    try:
        until(lambda: len(told) == 2, "it is told again")
    finally:
        reflector.stop()
        cluster.watched.put(None)
    assert told == ["ADDED", "ADDED"]
    assert said == ["watching Pod of memory: RuntimeError: can't start new thread; trying again"]


def test_a_cluster_that_is_away_is_said_once_and_waited_for() -> None:
    cluster = MemoryCluster(pod("one"))
    seen: list[tuple[str, str]] = []
    said: list[str] = []
    cluster.failures = [UnavailableError("cannot be reached", where="memory")] * 2
    reflector = follow(cluster, seen, said)
    try:
        assert reflector.synced.wait(10)
    finally:
        reflector.stop()
        cluster.watched.put(None)
    assert said == ["watching Pod of memory: memory: cannot be reached; trying again"]

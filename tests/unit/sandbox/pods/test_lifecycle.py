"""One pod's life against a stand-in for its cluster, with small programs as containers."""

from __future__ import annotations

import os
import re
import signal
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import psutil
import pytest

from meshroll.kube import Kube
from meshroll.sandbox.pods.images import ImageRule, Table
from meshroll.sandbox.pods.lifecycle import Lifecycle
from meshroll.sandbox.pods.processes import Process
from meshroll.sandbox.pods.records import Records
from meshroll.sandbox.pods.worker import Worker
from meshroll.sandbox.supervision.process import Identity
from tests.support.sandbox.played_cluster import MemoryCluster, Object, until

RANGE = "127.201.0.0/16"
LISTEN = (
    "import os, socket, threading;"
    "s = socket.create_server((os.environ['POD_IP'], int(os.environ['PORT'])));"
    "threading.Event().wait()"
)
IDLE = "import threading; threading.Event().wait()"
ENTRY = ("WorkloadEntry", "p-1", "dubbo")


@dataclass
class Scene:
    """A pod, its cluster and what the runner said."""

    folder: Path
    cluster: MemoryCluster = field(default_factory=MemoryCluster)
    said: list[str] = field(default_factory=list)
    ended: list[Lifecycle] = field(default_factory=list)
    lifecycles: list[Lifecycle] = field(default_factory=list)

    def start(self, command: tuple[str, ...], port: int | None = None, **spec: Any) -> Lifecycle:
        environment = spec.pop("env", [])
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "p-1", "namespace": "dubbo", "uid": "u-1", "labels": {"app": "p"}},
            "spec": {"nodeName": "n", "containers": [{"name": "c", "image": "i", "env": environment}], **spec},
        }
        worker = Worker(
            kube=cast("Kube", self.cluster),
            table=Table((ImageRule("*", command, port),)),
            records=Records(self.folder / "pods", RANGE),
            node_address="127.201.0.2",
            istiod="127.0.0.1:15010",
            cluster_id="worker-1",
            builtin="/none",
            state=self.folder,
            log=self.said.append,
        )
        lifecycle = Lifecycle(worker, self.cluster.put(pod), self.ended.append)
        self.lifecycles.append(lifecycle)
        lifecycle.start()
        return lifecycle

    def pod(self) -> Object:
        found = self.cluster.peek("Pod", "p-1", "dubbo")
        assert found is not None
        return found

    def container(self) -> Object:
        return (self.pod().get("status", {}).get("containerStatuses") or [{}])[0]

    def is_ready(self) -> bool:
        return self.container().get("ready", False)

    def address(self) -> str:
        return str(self.pod()["status"]["podIP"])

    def pids(self) -> list[int]:
        return [int(found[1]) for line in self.said if (found := re.search(r": process (\d+) on ", line))]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path)
    yield made
    made.cluster.away = False
    for lifecycle in made.lifecycles:
        lifecycle.stop()
        lifecycle.join(10)


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_a_program_that_cannot_be_started_is_tried_again(scene: Scene) -> None:
    scene.start(("/nowhere/program",))
    until(lambda: scene.container().get("restartCount", 0) >= 2, "a second try")
    assert scene.container()["state"]["waiting"]["reason"] == "CrashLoopBackOff"


def test_a_variable_that_no_program_can_have_is_said_in_the_status(scene: Scene) -> None:
    scene.start(python(IDLE), env=[{"name": "A", "value": "\0"}])
    until(lambda: scene.container().get("restartCount", 0) >= 2, "a second try")
    assert any("cannot be started: embedded null byte" in line for line in scene.said)


def test_a_pod_takes_the_next_address_where_somebody_else_listens(scene: Scene) -> None:
    with socket.create_server(("127.201.1.0", 0)) as server:
        scene.start(python(LISTEN), server.getsockname()[1])
        until(scene.is_ready, "the pod is ready")
    assert scene.address() == "127.201.1.1"


def test_a_pod_waits_with_a_reason_while_somebody_listens_on_every_address(scene: Scene) -> None:
    with socket.create_server(("0.0.0.0", 0)) as server:  # noqa: S104
        port = server.getsockname()[1]
        scene.start(python(LISTEN), port)
        waiting = until(lambda: scene.container().get("state", {}).get("waiting"), "the pod says why it waits")
        tried = len(scene.said)
    assert waiting["reason"] == "CreateContainerError"
    assert f"port {port}" in waiting["message"]
    assert tried < 5
    until(scene.is_ready, "the pod is ready once the port is free")


def test_an_unforeseen_failure_does_not_end_the_care_for_a_pod(scene: Scene) -> None:
    scene.cluster.failures = [RuntimeError("out of the blue")]
    scene.start(python(IDLE))
    until(scene.is_ready, "the pod is ready")
    assert any("RuntimeError: out of the blue" in line for line in scene.said)


def test_the_entry_of_a_later_pod_of_the_same_name_is_not_taken_away(scene: Scene) -> None:
    lifecycle = scene.start(python(IDLE))
    until(scene.is_ready, "the pod is ready")
    entry = scene.cluster.peek(*ENTRY)
    assert entry is not None
    [owner] = entry["metadata"]["ownerReferences"]
    later = scene.cluster.put(
        {**entry, "metadata": {**entry["metadata"], "ownerReferences": [{**owner, "uid": "u-2"}]}}
    )
    lifecycle.gone()
    until(lambda: scene.ended, "the first pod's end")
    assert scene.cluster.peek(*ENTRY) == later


def test_a_pod_that_goes_takes_its_own_entry_along(scene: Scene) -> None:
    lifecycle = scene.start(python(IDLE))
    until(scene.is_ready, "the pod is ready")
    lifecycle.gone()
    until(lambda: scene.ended, "the pod's end")
    assert scene.cluster.peek(*ENTRY) is None


def test_a_pod_that_is_never_restarted_is_not_even_when_its_end_cannot_be_reported_at_once(scene: Scene) -> None:
    scene.start(python(IDLE), restartPolicy="Never")
    until(scene.is_ready, "the pod is ready")
    scene.cluster.away = True
    os.kill(scene.pids()[0], signal.SIGKILL)
    until(lambda: [line for line in scene.said if "cannot be reached" in line], "the report fails")
    scene.cluster.away = False
    until(lambda: scene.pod()["status"]["phase"] == "Failed", "the pod failed")
    assert len(scene.pids()) == 1
    until(lambda: scene.cluster.peek(*ENTRY) is None, "it is no endpoint")


def test_a_cluster_that_is_away_is_one_line_in_the_log(scene: Scene) -> None:
    scene.start(python(IDLE))
    until(scene.is_ready, "the pod is ready")
    asked = 0

    def refuse() -> None:
        nonlocal asked
        asked += 1
        raise RuntimeError("away")

    scene.cluster._answer = refuse  # type: ignore[method-assign]
    scene.lifecycles[0].changed({**scene.lifecycles[0]._pod, "status": {}})
    until(lambda: asked >= 3, "it was tried three times")
    assert len([line for line in scene.said if "away" in line]) == 1
    del scene.cluster._answer


def test_a_process_that_cannot_be_remembered_does_not_stay(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    spawned: list[Process] = []
    started = Records.started

    def full(records: Records, uid: str, identity: Identity, created: float) -> None:
        spawned.append(Process(psutil.Process(identity.pid), identity, created))
        if len(spawned) == 1:
            raise OSError(28, "No space left on device")
        started(records, uid, identity, created)

    monkeypatch.setattr(Records, "started", full)
    scene.start(python(LISTEN), free_port())
    until(scene.is_ready, "the pod is ready")
    assert [process.is_alive() for process in spawned] == [False, True]
    assert scene.address() == "127.201.1.0"

"""Pods as processes: started, registered, Ready, followed, restarted, adopted, taken away."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from meshroll.kube import Kube
from meshroll.sandbox import PartState, Sandbox
from meshroll.sandbox.pods import records
from meshroll.sandbox.pods.records import Record
from tests.support.processes import listens
from tests.support.sandbox.cluster import MANAGER, Object, apply, is_ready, live_pods, pod, ready_pod, until

PORT = 20880
ENTRY = ("networking.istio.io/v1", "WorkloadEntry")
RUNNER = "worker-1/runner"


def remembered(sandbox: Sandbox, uid: str) -> Record | None:
    folder: Path = sandbox.home.part(RUNNER) / "pods"
    return next((record for record in records.read(folder) if record.uid == uid), None)


def record_of(sandbox: Sandbox, pod: Object) -> Record:
    found = remembered(sandbox, pod["metadata"]["uid"])
    assert found is not None
    return found


def remove(kube: Kube, space: str, name: str) -> None:
    kube.delete("v1", "Pod", name, space)
    until(lambda: kube.get("v1", "Pod", name, space) is None, f"{name} is gone")


@pytest.fixture(name="pod")
def ready(worker: Kube, space: str) -> Iterator[Object]:
    apply(worker, pod(space, "steady"))
    yield ready_pod(worker, space, "steady")
    remove(worker, space, "steady")


def test_a_ready_pod_listens_on_an_address_of_its_own_and_is_an_endpoint(
    sandbox: Sandbox, worker: Kube, space: str, pod: Object
) -> None:
    address = pod["status"]["podIP"]
    number = sandbox.site.ranges["worker-1"].number
    assert address.startswith(f"127.{number}.")
    assert pod["status"]["hostIP"] == f"127.{number}.0.2"
    assert listens(address, PORT)
    assert not listens("127.0.0.1", PORT)
    entry = worker.get(*ENTRY, pod["metadata"]["name"], space)
    assert entry is not None
    assert entry["spec"] == {"address": address, "labels": pod["metadata"]["labels"]}
    assert [owner["uid"] for owner in entry["metadata"]["ownerReferences"]] == [pod["metadata"]["uid"]]


def test_a_pod_is_ready_only_after_it_listens_and_is_registered(worker: Kube, space: str) -> None:
    _, version = worker.list_version("v1", "Pod", space)
    apply(worker, pod(space, "order"))
    for event in worker.watch("v1", "Pod", space, resource_version=version, seconds=20):
        if event.object["metadata"]["name"].startswith("order") and is_ready(event.object):
            assert listens(event.object["status"]["podIP"], PORT)
            assert worker.get(*ENTRY, event.object["metadata"]["name"], space) is not None
            break
    else:
        pytest.fail("never Ready")
    remove(worker, space, "order")


def test_every_pod_becomes_ready_after_it_was_scheduled(worker: Kube, space: str) -> None:
    took = []
    for _ in range(5):
        _, version = worker.list_version("v1", "Pod", space)
        scheduled = 0.0
        apply(worker, pod(space, "quick"))
        for event in worker.watch("v1", "Pod", space, resource_version=version, seconds=20):
            if not event.object["metadata"]["name"].startswith("quick") or event.type == "DELETED":
                continue
            if event.object["spec"].get("nodeName") and not scheduled:
                scheduled = time.monotonic()
            if is_ready(event.object):
                took.append(time.monotonic() - scheduled)
                break
        remove(worker, space, "quick")
    print("ready after (ms):", sorted(round(1000 * seconds) for seconds in took))
    assert len(took) == 5


def test_a_change_of_labels_reaches_the_workload_entry(worker: Kube, space: str, pod: Object) -> None:
    name = pod["metadata"]["name"]
    worker.patch("v1", "Pod", name, space, {"metadata": {"labels": {"role": "stable"}}}, field_manager=MANAGER)
    until(
        lambda: (worker.get(*ENTRY, name, space) or {}).get("spec", {}).get("labels", {}).get("role") == "stable",
        "the new label",
    )


def test_a_killed_process_is_a_container_that_crashed_and_is_started_again_on_its_address(
    sandbox: Sandbox, worker: Kube, space: str, pod: Object
) -> None:
    before = record_of(sandbox, pod)
    os.kill(before.pid, signal.SIGKILL)

    def restarted() -> dict | None:
        found = worker.get("v1", "Pod", pod["metadata"]["name"], space)
        assert found is not None
        return found if is_ready(found) and found["status"]["containerStatuses"][0]["restartCount"] == 1 else None

    found = until(restarted, "ready after one restart")
    assert found["status"]["podIP"] == before.address
    assert found["status"]["containerStatuses"][0]["lastState"]["terminated"]["exitCode"] == 137
    assert record_of(sandbox, pod).pid != before.pid
    assert listens(before.address, PORT)


def test_an_unknown_image_waits_with_a_message_that_names_the_table(worker: Kube, space: str) -> None:
    apply(worker, pod(space, "strange", "nginx:1.27"))
    found = until(
        lambda: next((p for p in live_pods(worker, space, "strange") if p["status"].get("containerStatuses")), None),
        "a container status",
    )
    assert (found["status"]["phase"], is_ready(found)) == ("Pending", False)
    assert found["status"]["containerStatuses"][0]["state"]["waiting"] == {
        "reason": "ErrImageNeverPull",
        "message": "image 'nginx:1.27' is not in any table of workloads of this sandbox; "
        "add a row for it to a table file",
    }
    remove(worker, space, "strange")


def test_a_pod_that_goes_takes_its_endpoint_process_and_address_along(
    sandbox: Sandbox, worker: Kube, space: str
) -> None:
    apply(worker, pod(space, "brief"))
    brief = ready_pod(worker, space, "brief")
    record = record_of(sandbox, brief)
    order: list[str] = []

    def look() -> None:
        _, version = worker.list_version(*ENTRY, space)
        seen.set()
        for event in worker.watch(*ENTRY, space, resource_version=version, seconds=20):
            if event.type == "DELETED" and event.object["metadata"]["name"] == "brief":
                order.append("listening" if listens(record.address, PORT) else "silent")
                os.kill(record.pid, signal.SIGCONT)
                return

    seen = threading.Event()
    watcher = threading.Thread(target=look)
    watcher.start()
    seen.wait(5)
    # Stopped, it cannot drain faster than we look; the kernel goes on to accept connections for it.
    os.kill(record.pid, signal.SIGSTOP)
    remove(worker, space, "brief")
    watcher.join(20)
    assert order == ["listening"]  # out of the mesh first, drained and stopped afterwards
    assert remembered(sandbox, record.uid) is None
    assert not psutil.pid_exists(record.pid)
    assert not listens(record.address, PORT)


def test_pods_keep_serving_while_no_runner_lives_and_the_next_one_adopts_them(
    whole: Sandbox, worker: Kube, space: str, pod: Object
) -> None:
    before = record_of(whole, pod)
    (runner,) = [row.pid for row in whole.status() if row.name == RUNNER]
    assert runner is not None
    os.kill(runner, signal.SIGKILL)
    until(lambda: {row.name: row.state for row in whole.status()}[RUNNER] is PartState.DEAD, "the runner is dead")
    assert listens(before.address, PORT)
    whole.start(RUNNER)
    assert record_of(whole, pod) == before
    assert psutil.pid_exists(before.pid)
    again = worker.get("v1", "Pod", pod["metadata"]["name"], space)
    assert again is not None
    assert (is_ready(again), again["status"]["containerStatuses"][0]["restartCount"]) == (True, 0)


def test_a_stopped_runner_leaves_no_process_and_no_ready_pod_and_a_new_one_gives_the_same_address(
    whole: Sandbox, worker: Kube, space: str, pod: Object
) -> None:
    before = record_of(whole, pod)
    whole.stop(RUNNER)
    assert not psutil.pid_exists(before.pid)
    stopped = worker.get("v1", "Pod", pod["metadata"]["name"], space)
    assert stopped is not None
    assert not is_ready(stopped)
    assert worker.get(*ENTRY, pod["metadata"]["name"], space) is None
    whole.start(RUNNER)
    assert ready_pod(worker, space, pod["metadata"]["name"])["status"]["podIP"] == before.address


def test_a_pod_of_two_containers_waits_with_a_reason(worker: Kube, space: str) -> None:
    double = pod(space, "double")
    double["spec"]["containers"].append({"name": "container-2", "image": "x"})
    apply(worker, double)
    found = until(
        lambda: next((p for p in live_pods(worker, space, "double") if p["status"].get("containerStatuses")), None),
        "a container status",
    )
    assert found["status"]["containerStatuses"][0]["state"]["waiting"] == {
        "reason": "CreateContainerConfigError",
        "message": "the sandbox runs pods of one container without init containers",
    }
    remove(worker, space, "double")

"""One pod from its node to its end: a thread of its own that keeps the pod's process, WorkloadEntry and status in line.

Start: address, process, listening, WorkloadEntry, and only then Ready. End: WorkloadEntry away, process drained and
stopped, address given back, pod object removed. A process that dies is a container that crashed: the WorkloadEntry
goes, the pod is not Ready, and the container is started again on the same address, at once the first time, then after
1, 2, 4 to 30 seconds, with the restart counted (restartPolicy Never and OnFailure end the pod as a kubelet does).
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

from meshroll.errors import MeshrollError
from meshroll.kube import ApiError, Kube
from meshroll.sandbox.workloads import pods, processes
from meshroll.sandbox.workloads.pods import Object, Place, Refusal
from meshroll.sandbox.workloads.processes import Process
from meshroll.sandbox.workloads.records import Record, Records
from meshroll.sandbox.workloads.table import Entry, Table

FIELD_MANAGER = "meshroll-runner"
WORKLOAD_ENTRY = "networking.istio.io/v1"
_FORGET_CRASHES = 60.0
_STOP_GRACE = 3.0
_RETRY = 0.5


@dataclass(frozen=True)
class Worker:
    """What all pods of a worker share."""

    kube: Kube
    table: Table
    records: Records
    node_address: str
    istiod: str
    cluster_id: str
    builtin: str
    state: Path
    log: Callable[[str], None]


@dataclass(frozen=True)
class _Ended:
    process: Process
    code: int | None


_STOP = object()


class Lifecycle:
    """The pod's thread. Everything it is told goes through one inbox; its state is touched by this thread alone."""

    def __init__(self, worker: Worker, pod: Object, finished: Callable[[Lifecycle], None]) -> None:
        self._worker, self._pod, self._finished = worker, pod, finished
        self._name = pods.key(pod)
        self._inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._process: Process | None = None
        self._registered: Object | None = None
        self._gone = self._done = self._stopping = False
        self._crashes, self._next_start, self._started = 0, 0.0, 0.0
        self._last_state: Object = {}
        self._refused: Refusal | None = None
        self._thread = threading.Thread(target=self._run, daemon=True, name=f"pod-{self._name}")

    def start(self) -> None:
        """Begin to act."""
        self._thread.start()

    def changed(self, pod: Object) -> None:
        """The pod object is now this."""
        self._inbox.put(pod)

    def gone(self) -> None:
        """The pod object does not exist any more."""
        self._inbox.put(None)

    def stop(self) -> None:
        """The runner ends: stop the process, leave the pod object as not Ready."""
        self._inbox.put(_STOP)

    def join(self, seconds: float) -> None:
        """Wait for the end after `stop` or the pod's end."""
        self._thread.join(seconds)

    def _run(self) -> None:
        while not self._done:
            wait: float | None
            try:
                wait = self._step()
            except (MeshrollError, OSError) as error:
                if self._stopping:
                    break
                # Not found: the pod went, and the watch says so next.
                if not (isinstance(error, ApiError) and error.status == HTTPStatus.NOT_FOUND):
                    self._worker.log(f"{self._name}: {error}; trying again")
                wait = _RETRY
            if not self._done:
                self._receive(wait)
        if self._stopping:
            self._stop_process(_STOP_GRACE)
        self._finished(self)

    def _receive(self, seconds: float | None) -> None:
        try:
            message = self._inbox.get(timeout=seconds)
        except queue.Empty:
            return
        while True:
            self._take(message)
            try:
                message = self._inbox.get_nowait()
            except queue.Empty:
                return

    def _take(self, message: Any) -> None:
        if message is None:
            self._gone = True
        elif message is _STOP:
            self._stopping = True
        elif isinstance(message, _Ended):
            if self._process is message.process and not self._stopping:
                self._crashed(message.code)
        else:
            self._pod = message

    def _step(self) -> float | None:
        """Bring one thing in line; seconds until the next look, None to wait for news."""
        if self._stopping:
            self._shut_down()
            return None
        if self._gone or pods.is_leaving(self._pod):
            self._remove()
            return None
        if pods.is_finished(self._pod):
            self._rest()
            return None
        if self._process is None:
            wait = self._next_start - time.monotonic()
            if wait > 0:
                return wait
            return self._start()
        self._register()
        self._report(self._running(), ready=True)
        return None

    def _start(self) -> float | None:
        worker, pod = self._worker, self._pod
        container = pods.container(pod)
        if isinstance(container, Refusal):
            self._refuse(container)
            return None
        record = worker.records.allocate(pods.uid(pod), pod["metadata"]["namespace"], pod["metadata"]["name"])
        place = self._place(record)
        variables = pods.environment(pod, container, place)
        if isinstance(variables, Refusal):
            self._refuse(variables)
            return None
        entry = worker.table.find(container.get("image", ""), variables)
        if entry is None:
            text = (
                f"image {container.get('image', '')!r} is in no table of workloads of this sandbox; "
                "add a row for it to an own table file"
            )
            self._refuse(Refusal("ErrImageNeverPull", text))
            return None
        port = pods.port(container, entry.port)
        process = processes.adopt(record.pid, record.created)
        if process is None and record.pid:
            # Its process ended while no runner looked: a crash like any other.
            worker.records.update(record.uid, pid=0, created=0.0, restarts=record.restarts)
            self._crashed(None, counted=False)
            return 0.0
        if process is None:
            process = self._spawn(record, entry, variables, port)
            if process is None:
                return self._next_start - time.monotonic()
        else:
            worker.log(f"{self._name}: found again as process {process.pid} on {record.address}")
        self._process, self._started = process, time.monotonic()
        processes.when_ended(process, lambda code: self._inbox.put(_Ended(process, code)))
        return self._await_port(process, record.address, port)

    def _spawn(self, record: Record, entry: Entry, variables: dict[str, str], port: int | None) -> Process | None:
        worker = self._worker
        if port is not None:
            variables = {"PORT": str(port), **variables}
            if processes.is_listening(record.address, port):
                worker.log(f"{self._name}: {record.address}:{port} is taken by somebody else's program; takes another")
                worker.records.release(record.uid)
                self._next_start = time.monotonic()
                return None
        command = [word.replace("{workload}", worker.builtin) for word in entry.command]
        log = worker.state / "logs" / f"{record.namespace}_{record.name}.log"
        try:
            process = processes.start(command, processes.inherited(pods.INHERITED) | variables, log)
        except OSError as error:
            worker.log(f"{self._name}: {command[0]} cannot be started: {error.strerror}")
            self._crashed(None)
            return None
        worker.records.update(record.uid, pid=process.pid, created=process.created, restarts=record.restarts)
        worker.log(f"{self._name}: process {process.pid} on {record.address} ({' '.join(entry.command)})")
        return process

    def _await_port(self, process: Process, address: str, port: int | None) -> float | None:
        """Wait in slices, so that a deletion or a death in between is seen."""
        while port is not None and not processes.wait_listening(process, address, port, 0.5):
            if not process.is_alive() or not self._inbox.empty():
                if self._inbox.empty():
                    return None  # its end is on the way
                self._receive(0.0)
                if self._process is not process or self._stopping or self._gone or pods.is_leaving(self._pod):
                    return 0.0
                continue
            self._report(self._running(), ready=False)
        return 0.0

    def _register(self) -> None:
        record = self._record()
        entry = pods.workload_entry(self._pod, record.address)
        if entry != self._registered:
            self._worker.kube.apply(entry, field_manager=FIELD_MANAGER, force=True)
            self._registered = entry

    def _withdraw(self) -> None:
        metadata = self._pod["metadata"]
        self._registered = None
        self._worker.kube.delete(WORKLOAD_ENTRY, "WorkloadEntry", metadata["name"], metadata["namespace"])

    def _crashed(self, code: int | None, *, counted: bool = True) -> None:
        record = self._worker.records.get(pods.uid(self._pod))
        ran = time.monotonic() - self._started if self._process else 0.0
        if counted:
            self._crashes = 1 if ran > _FORGET_CRASHES else self._crashes + 1
        delay = 0.0 if self._crashes <= 1 else min(30.0, 2.0 ** (self._crashes - 2))
        self._next_start = time.monotonic() + delay
        self._process = None
        self._last_state = {
            "terminated": {
                "exitCode": 137 if code is None else (code if code >= 0 else 128 - code),
                "reason": "Completed" if code == 0 else "Error",
                "finishedAt": _now(),
            }
        }
        if record is None:
            return
        restarts = record.restarts + 1
        self._worker.records.update(record.uid, pid=0, created=0.0, restarts=restarts)
        said = "ended" if code is None else f"ended with code {code}"
        self._worker.log(f"{self._name}: its process {said}; restart {restarts} in {delay:g} s")
        try:
            self._withdraw()
            self._report_crash(code)
        except MeshrollError as error:
            self._worker.log(f"{self._name}: {error}")

    def _report_crash(self, code: int | None) -> None:
        policy = self._pod["spec"].get("restartPolicy", "Always")
        if policy == "Never" or (policy == "OnFailure" and code == 0):
            phase = "Succeeded" if code == 0 else "Failed"
            self._report(self._last_state, ready=False, phase=phase)
            self._pod = {**self._pod, "status": {**self._pod.get("status", {}), "phase": phase}}
            return
        waiting = {"reason": "CrashLoopBackOff", "message": "the program ended; it is started again"}
        self._report({"waiting": waiting}, ready=False)

    def _refuse(self, refusal: Refusal) -> None:
        state = {"waiting": {"reason": refusal.reason, "message": refusal.message}}
        if refusal != self._refused:
            self._worker.log(f"{self._name}: {refusal.reason}: {refusal.message}")
            self._refused = refusal
        self._report(state, ready=False, phase="Pending")

    def _running(self) -> Object:
        started = self._process.created if self._process else 0.0
        return {"running": {"startedAt": datetime.fromtimestamp(started, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}}

    def _report(self, state: Object, *, ready: bool, phase: str = "") -> None:
        """Write the pod's status, unless it was already written so."""
        record = self._worker.records.get(pods.uid(self._pod))
        container = (self._pod["spec"].get("containers") or [{}])[0]
        process = pods.container_id(self._process.pid, self._process.created) if self._process else ""
        status = pods.status(
            self._pod,
            container,
            self._place(record),
            state=state,
            ready=ready,
            restarts=record.restarts if record else 0,
            now=_now(),
            phase=phase,
            process=process,
            last_state=self._last_state,
        )
        if _holds(self._pod.get("status") or {}, status):
            return
        metadata = self._pod["metadata"]
        patch = {"metadata": {"uid": metadata["uid"]}, "status": status}
        self._worker.kube.patch(
            "v1",
            "Pod",
            metadata["name"],
            metadata["namespace"],
            patch,
            field_manager=FIELD_MANAGER,
            subresource="status",
        )

    def _remove(self) -> None:
        self._withdraw()
        grace = _STOP_GRACE if self._gone else pods.grace_seconds(self._pod)
        self._stop_process(grace)
        self._worker.records.release(pods.uid(self._pod))
        metadata = self._pod["metadata"]
        if not self._gone:
            self._worker.kube.delete(
                "v1",
                "Pod",
                metadata["name"],
                metadata["namespace"],
                gracePeriodSeconds=0,
                preconditions={"uid": metadata["uid"]},
            )
        self._worker.log(f"{self._name}: removed")
        self._done = True

    def _rest(self) -> None:
        """A finished pod keeps its object but neither address nor process."""
        if self._worker.records.get(pods.uid(self._pod)):
            self._withdraw()
            self._stop_process(_STOP_GRACE)
            self._worker.records.release(pods.uid(self._pod))

    def _shut_down(self) -> None:
        self._done = True
        try:
            if self._process:
                self._withdraw()
        finally:
            self._stop_process(_STOP_GRACE)
        if self._worker.records.get(pods.uid(self._pod)):
            self._report({"waiting": {"reason": "ContainerCreating", "message": "the runner stopped"}}, ready=False)

    def _stop_process(self, grace: float) -> None:
        record = self._worker.records.get(pods.uid(self._pod))
        process = self._process or (processes.adopt(record.pid, record.created) if record else None)
        self._process = None
        if process and record:
            process.stop(grace)
            self._worker.records.update(record.uid, pid=0, created=0.0, restarts=record.restarts)

    def _record(self) -> Record:
        metadata = self._pod["metadata"]
        return self._worker.records.allocate(metadata["uid"], metadata["namespace"], metadata["name"])

    def _place(self, record: Record | None) -> Place:
        worker = self._worker
        return Place(record.address if record else "", worker.node_address, worker.istiod, worker.cluster_id)


def _holds(there: Any, wanted: Any) -> bool:
    """Whether what the API server has says the same; it adds empty fields of its own."""
    if isinstance(wanted, dict):
        return isinstance(there, dict) and all(_holds(there.get(name), value) for name, value in wanted.items())
    if isinstance(wanted, list):
        return isinstance(there, list) and len(there) == len(wanted) and all(map(_holds, there, wanted))
    return bool(there == wanted)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

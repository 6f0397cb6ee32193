"""One pod from its node to its end: a thread of its own that keeps the pod's process, WorkloadEntry and status in line.

Start: address, process, listening, WorkloadEntry, and only then Ready. End: WorkloadEntry away, process drained and
stopped, address given back, pod object removed. A process that dies is a container that crashed: the WorkloadEntry
goes, the pod is not Ready, and the container is started again on the same address (restarts.py), with the restart
counted. Whatever fails is logged once and tried again: nothing but the pod's end ends the thread.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from meshroll.errors import MeshrollError
from meshroll.kube import ApiError
from meshroll.sandbox.pods import pods, processes
from meshroll.sandbox.pods.container import Container
from meshroll.sandbox.pods.pods import Object, Refusal
from meshroll.sandbox.pods.presence import Presence
from meshroll.sandbox.pods.processes import Process
from meshroll.sandbox.pods.status import container_id, status, timestamp
from meshroll.sandbox.pods.worker import Worker
from meshroll.sandbox.watch.log import sentence

_STOP_GRACE = 3.0
_RETRY = 0.5
_SLICE = 0.5


@dataclass(frozen=True)
class _Ended:
    process: Process
    code: int | None


_STOP = object()


class Lifecycle:
    """The pod's thread. Everything it learns goes through one inbox; its state is touched by this thread alone."""

    def __init__(self, worker: Worker, pod: Object, finished: Callable[[Lifecycle], None]) -> None:
        self._worker, self._pod, self._finished = worker, pod, finished
        self._name = pods.key(pod)
        self._inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._presence = Presence(worker.kube)
        self._container = Container(worker, self._say, lambda process, code: self._inbox.put(_Ended(process, code)))
        self._ended: _Ended | None = None
        self._gone = self._done = self._stopping = False
        self._refused: Refusal | None = None
        self._complaint = ""
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
                self._complaint = ""
            except Exception as error:
                if self._stopping:
                    break
                self._complain(error)
                wait = _RETRY
            if not self._done:
                self._receive(wait)
        if self._stopping:
            self._container.stop(self._pod, _STOP_GRACE)
        self._finished(self)

    def _complain(self, error: Exception) -> None:
        """Say what failed, once; a thread that ended unseen would leave the pod as it is for ever."""
        if isinstance(error, ApiError) and error.status == HTTPStatus.NOT_FOUND:
            return  # the pod went, and the watch says so next
        text = sentence(error)
        if text != self._complaint:
            self._complaint = text
            self._say(f"{text}; trying again")

    def _receive(self, seconds: float | None) -> None:
        try:
            message = self._inbox.get(timeout=seconds)
            while True:
                self._take(message)
                message = self._inbox.get_nowait()
        except queue.Empty:
            return

    def _take(self, message: Any) -> None:
        if message is None:
            self._gone = True
        elif message is _STOP:
            self._stopping = True
        elif isinstance(message, _Ended):
            self._ended = message
        else:
            self._pod = message

    def _step(self) -> float | None:
        """Bring one thing in line; seconds until the next look, None to wait for news."""
        container = self._container
        if self._stopping:
            self._shut_down()
            return None
        if self._gone or pods.is_leaving(self._pod):
            self._remove()
            return None
        if self._is_dead():
            container.crashed(self._pod, self._ended.code if self._ended else None)
        if container.unreported:
            self._tell_end()
        if pods.is_finished(self._pod):
            self._rest()
            return None
        if container.process is None:
            return container.wait or self._start()
        self._presence.register(self._pod, container.record(self._pod).address)
        self._report(container.running, ready=True)
        return None

    def _is_dead(self) -> bool:
        return self._ended is not None and self._ended.process is self._container.process

    def _start(self) -> float | None:
        refusal = self._container.start(self._pod)
        if refusal:
            self._refuse(refusal)
            return self._container.wait if refusal.passing else None
        process = self._container.process
        return self._await_port(process, self._container.record(self._pod).address) if process else 0.0

    def _await_port(self, process: Process, address: str) -> float | None:
        """Wait in slices, so that a deletion or a death in between is seen."""
        port = self._container.port
        while port is not None and not processes.wait_listening(process, address, port, _SLICE):
            if not process.is_alive() or not self._inbox.empty():
                if self._inbox.empty():
                    return None  # its end is on the way
                self._receive(0.0)
                if self._is_dead() or self._stopping or self._gone or pods.is_leaving(self._pod):
                    return 0.0
                continue
            self._report(self._container.running, ready=False)
        return 0.0

    def _tell_end(self) -> None:
        """Tell the cluster of the program's end; only a pod that ends with it waits until the cluster knows."""
        container = self._container
        if container.outcome:
            self._presence.withdraw(self._pod)
            self._report(container.last_state, ready=False, phase=container.outcome)
            self._pod = {**self._pod, "status": {**self._pod.get("status", {}), "phase": container.outcome}}
            container.unreported = False
            return
        container.unreported = False
        try:
            self._presence.withdraw(self._pod)
            waiting = {"reason": "CrashLoopBackOff", "message": "the program ended; it is started again"}
            self._report({"waiting": waiting}, ready=False)
        except MeshrollError as error:
            self._complain(error)

    def _refuse(self, refusal: Refusal) -> None:
        if refusal != self._refused:
            self._say(f"{refusal.reason}: {refusal.message}")
            self._refused = refusal
        state = {"waiting": {"reason": refusal.reason, "message": refusal.message}}
        self._report(state, ready=False, phase="Pending")

    def _report(self, state: Object, *, ready: bool, phase: str = "") -> None:
        container, pod = self._container, self._pod
        record = self._worker.records.get(pods.uid(pod))
        process = container.process
        wanted = status(
            pod,
            (pod["spec"].get("containers") or [{}])[0],
            container.place(record),
            state=state,
            ready=ready,
            restarts=record.restarts if record else 0,
            now=timestamp(),
            phase=phase,
            process=container_id(process.pid, process.created) if process else "",
            last_state=container.last_state,
        )
        self._presence.report(pod, wanted)

    def _remove(self) -> None:
        self._presence.withdraw(self._pod)
        self._container.stop(self._pod, _STOP_GRACE if self._gone else pods.grace_seconds(self._pod))
        self._worker.records.release(pods.uid(self._pod))
        if not self._gone:
            self._presence.remove(self._pod)
        self._say("removed")
        self._done = True

    def _rest(self) -> None:
        """A finished pod keeps its object but neither address nor process."""
        if self._worker.records.get(pods.uid(self._pod)):
            self._presence.withdraw(self._pod)
            self._container.stop(self._pod, _STOP_GRACE)
            self._worker.records.release(pods.uid(self._pod))

    def _shut_down(self) -> None:
        self._done = True
        try:
            if self._container.process:
                self._presence.withdraw(self._pod)
        finally:
            self._container.stop(self._pod, _STOP_GRACE)
        if self._worker.records.get(pods.uid(self._pod)):
            self._report({"waiting": {"reason": "ContainerCreating", "message": "the runner stopped"}}, ready=False)

    def _say(self, text: str) -> None:
        self._worker.log(f"{self._name}: {text}")

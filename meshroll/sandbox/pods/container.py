"""The process of one pod on the pod's address: started, found again, ended, and when it may start again.

It touches processes and records, never the cluster: `unreported` and the states hold what there is to report. Used by
one thread alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

from meshroll.sandbox.pods import pods, processes, programs, restarts
from meshroll.sandbox.pods.pods import Object, PodAddresses, Refusal
from meshroll.sandbox.pods.processes import Process
from meshroll.sandbox.pods.programs import Program
from meshroll.sandbox.pods.records import Record
from meshroll.sandbox.pods.status import timestamp
from meshroll.sandbox.pods.variables import INHERITED
from meshroll.sandbox.pods.worker import Worker
from meshroll.sandbox.supervision import listeners


class Container:
    """`log` writes a line of the pod's; `ended` gets a process that ended and its code, on another thread."""

    def __init__(
        self, worker: Worker, log: Callable[[str], None], ended: Callable[[Process, int | None], None]
    ) -> None:
        self._worker, self._log, self._ended = worker, log, ended
        self.process: Process | None = None
        self.port: int | None = None
        # What the cluster is to hear of the last end: whether it did not yet, the state, the pod's phase if it is over.
        self.unreported, self.last_state, self.outcome = False, dict[str, object](), ""
        # Ends, and taken addresses, in a row.
        self._crashes, self._taken = 0, 0
        self._next_start, self._started = 0.0, 0.0

    @property
    def wait(self) -> float:
        """Seconds until it may start."""
        return max(0.0, self._next_start - time.monotonic())

    @property
    def running(self) -> Object:
        """The state of a container whose process runs."""
        started = self.process.created if self.process else 0.0
        return {"running": {"startedAt": timestamp(datetime.fromtimestamp(started, UTC))}}

    def record(self, pod: Object) -> Record:
        """The pod's record, with an address of its own."""
        metadata = pod["metadata"]
        return self._worker.records.allocate(metadata["uid"], metadata["namespace"], metadata["name"])

    def place(self, record: Record | None) -> PodAddresses:
        """Where the pod lives; without a record it has no address."""
        worker = self._worker
        return PodAddresses(record.address if record else "", worker.node_address, worker.istiod, worker.cluster_id)

    def start(self, pod: Object) -> Refusal | None:
        """Find the pod's process again or start one. Without a process afterwards, it may start again after `wait`."""
        body = pods.container(pod)
        if isinstance(body, Refusal):
            return body
        record = self.record(pod)
        program = programs.choose(pod, body, self.place(record), self._worker.table, self._worker.builtin)
        if isinstance(program, Refusal):
            return program
        process = processes.adopt(record.identity, record.created)
        if process is None and record.identity:
            # Its process ended while no runner looked: a crash like any other.
            self.crashed(pod, None, counted=False)
            return None
        if process is None:
            if program.port is not None and processes.is_listening(record.address, program.port):
                return self._take_another_address(record, program.port)
            self._taken = 0
            process = self._spawn(pod, record, program)
            if process is None:
                return None
        else:
            self._log(f"found again as process {process.pid} on {record.address}")
        self.process, self.port, self._started = process, program.port, time.monotonic()
        processes.when_ended(process, lambda code: self._ended(process, code))
        return None

    def crashed(self, pod: Object, code: int | None, *, counted: bool = True) -> None:
        """Note that the program ended, or could not be started."""
        ran = time.monotonic() - self._started if self.process else 0.0
        if counted:
            self._crashes = restarts.crashes(self._crashes, ran)
        delay = restarts.delay(self._crashes)
        self._next_start = time.monotonic() + delay
        self.process = None
        self.unreported, self.last_state = True, restarts.terminated(code, timestamp())
        self.outcome = restarts.outcome(pod, code)
        if record := self._worker.records.get(pods.uid(pod)):
            count = record.restarts + 1
            self._worker.records.ended(record.uid, restarts=count)
            outcome = "ended" if code is None else f"ended with code {code}"
            next_ = f"the pod has {self.outcome.lower()}" if self.outcome else f"restart {count} in {delay:g} s"
            self._log(f"its process {outcome}; {next_}")

    def stop(self, pod: Object, grace: float) -> None:
        """Stop the process, also one that an earlier runner started."""
        record = self._worker.records.get(pods.uid(pod))
        process = self.process or (processes.adopt(record.identity, record.created) if record else None)
        self.process = None
        if process and record:
            process.stop(grace)
            self._worker.records.ended(record.uid, restarts=record.restarts)

    def _take_another_address(self, record: Record, port: int) -> Refusal | None:
        self._log(f"{record.address}:{port} is taken by somebody else's program; takes another")
        self._worker.records.release(record.uid)
        self._taken += 1
        self._next_start = time.monotonic() + restarts.delay(self._taken)
        if self._taken == 1:
            return None
        text = f"port {port} is taken on one address after the other by {listeners.holder(port)}"
        return Refusal("CreateContainerError", text, passing=True)

    def _spawn(self, pod: Object, record: Record, program: Program) -> Process | None:
        log = self._worker.state / "logs" / f"{record.namespace}_{record.name}.log"
        try:
            process = processes.start(program.command, processes.inherited(INHERITED) | program.environment, log)
        except (OSError, ValueError) as error:
            reason = (error.strerror if isinstance(error, OSError) else None) or error
            self._log(f"{program.command[0]} cannot be started: {reason}")
            self.crashed(pod, None)
            return None
        try:
            self._worker.records.started(record.uid, process.identity, process.created)
        except BaseException:
            process.stop(0.0)  # nobody would find it again, and it would hold the address
            raise
        self._log(f"process {process.pid} on {record.address} ({program.title})")
        return process

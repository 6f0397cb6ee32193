"""The runner: a kubelet's part for pods that are processes on loopback addresses.

    python -m meshroll.sandbox.pods.runner --kubeconfig F --context C --range 127.N.0.0/16 --state DIR
        --istiod HOST:PORT --cluster-id NAME --workload-binary PATH [--table FILE]… [--readiness FILE]

It follows every pod that has a node and gives each a thread (lifecycle.py). Killed, it leaves the pods' processes
running and the next runner of the same state folder adopts them; ended with SIGTERM, it takes its pods out of the mesh
and stops their processes, and the next runner starts them again on the same addresses.
"""

from __future__ import annotations

import argparse
import fcntl
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from meshroll.errors import ConflictError, MeshrollError
from meshroll.kube import Kube
from meshroll.sandbox.pods import images, pods, processes
from meshroll.sandbox.pods.addresses import node_address
from meshroll.sandbox.pods.lifecycle import Lifecycle
from meshroll.sandbox.pods.pods import Object
from meshroll.sandbox.pods.records import Records
from meshroll.sandbox.pods.worker import Worker
from meshroll.sandbox.watch.log import write_line
from meshroll.sandbox.watch.reflector import Reflector
from meshroll.sandbox.watch.serving import serve

_STOP_SECONDS = 15.0


class Runner:
    """All pods of one worker cluster."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        # By uid until the pod object is gone: what is known here is never started a second time.
        self._pods: dict[str, Lifecycle] = {}
        self._running: set[Lifecycle] = set()
        self._lock = threading.Lock()
        self._watch = Reflector(worker.kube, "v1", "Pod", self._changed, log=worker.log)

    def start(self) -> None:
        """Return when every pod that exists has its thread and what is left of earlier pods is cleaned up."""
        # What earlier runners left: taken before the first pod of this one's own gets a record.
        left = self._worker.records.all()
        self._watch.start()
        self._watch.synced.wait()
        with self._lock:
            known = set(self._pods)
        for record in left:
            if record.uid not in known:
                if process := processes.adopt(record.identity, record.created):
                    process.stop(_STOP_SECONDS)
                self._worker.records.release(record.uid)
                self._worker.log(f"{record.namespace}/{record.name}: went while no runner looked; removed")

    def stop(self) -> None:
        """Take all pods out of the mesh and stop their processes."""
        self._watch.stop()
        with self._lock:
            running = list(self._running)
        for lifecycle in running:
            lifecycle.stop()
        for lifecycle in running:
            lifecycle.join(_STOP_SECONDS)

    def _changed(self, change: str, pod: Object) -> None:
        uid = pods.uid(pod)
        with self._lock:
            lifecycle = self._pods.get(uid)
            if change == "DELETED":
                if lifecycle:
                    del self._pods[uid]
                    lifecycle.gone()
            elif lifecycle:
                lifecycle.changed(pod)
            elif pods.is_scheduled(pod) and not pods.is_finished(pod):
                lifecycle = self._pods[uid] = Lifecycle(self._worker, pod, self._ended)
                self._running.add(lifecycle)
                lifecycle.start()

    def _ended(self, lifecycle: Lifecycle) -> None:
        with self._lock:
            self._running.discard(lifecycle)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="runner", description="Runs pods as processes on loopback addresses.")
    parser.add_argument("--kubeconfig", required=True)
    parser.add_argument("--context", required=True)
    parser.add_argument("--range", required=True, help="the worker's network, 127.N.0.0/16")
    parser.add_argument("--state", required=True, type=Path)
    parser.add_argument("--istiod", required=True, help="HOST:PORT of the control plane's xDS")
    parser.add_argument("--cluster-id", required=True)
    parser.add_argument("--table", action="append", default=[], type=Path, help="tried before the built-in table")
    parser.add_argument("--workload-binary", required=True, type=Path)
    parser.add_argument("--readiness", type=Path, help="file that is written when all pods there are were taken over")
    options = parser.parse_args(arguments)
    try:
        options.state.mkdir(parents=True, exist_ok=True)
        guard = _only_one(options.state / "runner.lock")
        runner = Runner(
            Worker(
                kube=Kube.connect(options.kubeconfig, options.context),
                table=images.load(options.table),
                records=Records(options.state / "pods", options.range),
                node_address=node_address(options.range),
                istiod=options.istiod,
                cluster_id=options.cluster_id,
                builtin=str(options.workload_binary),
                state=options.state,
                log=write_line,
            )
        )
    except MeshrollError as error:
        print(f"runner: {error}", file=sys.stderr)
        return int(error.exit_code)
    with guard:
        return serve(runner.start, runner.stop, options.readiness)


def _only_one(path: Path) -> IO[str]:
    """Two runners on one state folder would give an address twice."""
    lock = path.open("w", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise ConflictError("another runner uses this state folder", where=str(path.parent)) from error
    return lock


if __name__ == "__main__":
    sys.exit(main())

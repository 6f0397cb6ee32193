"""The runner against a stand-in for its cluster."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import cast

from meshroll.kube import Kube, WatchEvent
from meshroll.sandbox.pods import processes
from meshroll.sandbox.pods.images import ImageRule, Table
from meshroll.sandbox.pods.records import Record, Records
from meshroll.sandbox.pods.runner import Runner
from meshroll.sandbox.pods.worker import Worker
from tests.support.sandbox.played_cluster import MemoryCluster, Object, until

RANGE = "127.202.0.0/16"
IDLE = (sys.executable, "-c", "import threading; threading.Event().wait()")


def pod(name: str) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "dubbo", "uid": f"u-{name}"},
        "spec": {"nodeName": "n", "containers": [{"name": "c", "image": "i"}]},
    }


def runner(folder: Path, cluster: MemoryCluster, records: Records, said: list[str]) -> Runner:
    table = Table((ImageRule("*", IDLE),))
    return Runner(
        Worker(cast("Kube", cluster), table, records, "127.202.0.2", "127.0.0.1:1", "w", "/none", folder, said.append)
    )


def test_what_is_left_of_a_pod_that_went_while_no_runner_looked_is_taken_away(tmp_path: Path) -> None:
    records, cluster = Records(tmp_path / "pods", RANGE), MemoryCluster()
    said: list[str] = []
    records.allocate("u-old", "dubbo", "old")
    process = processes.start(IDLE, {}, tmp_path / "log")
    records.started("u-old", process.identity, process.created)
    made = runner(tmp_path, cluster, records, said)
    made.start()
    made.stop()
    cluster.watched.put(None)
    assert (process.is_alive(), records.all()) == (False, [])
    assert said == ["dubbo/old: went while no runner looked; removed"]


def test_a_pod_that_comes_while_leftovers_are_taken_away_keeps_its_address_and_process(tmp_path: Path) -> None:
    cluster = MemoryCluster()
    said: list[str] = []

    class SlowRecords(Records):
        """A pod comes, and is running, just before the records are read."""

        def all(self) -> list[Record]:
            if made._watch.synced.is_set():
                cluster.watched.put(WatchEvent("ADDED", cluster.put(pod("new"))))
                until(lambda: (record := self.get("u-new")) and record.pid, "the new pod runs")
            return super().all()

    records = SlowRecords(tmp_path / "pods", RANGE)
    made = runner(tmp_path, cluster, records, said)
    made.start()
    try:
        assert not [line for line in said if "removed" in line]
    finally:
        made.stop()
        cluster.watched.put(None)

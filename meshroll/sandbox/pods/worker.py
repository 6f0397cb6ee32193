"""What all pods of a worker share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from meshroll.kube import Kube
from meshroll.sandbox.pods.images import Table
from meshroll.sandbox.pods.records import Records


@dataclass(frozen=True)
class Worker:
    """The worker's cluster, its table and records, and where its pods find the mesh."""

    kube: Kube
    table: Table
    records: Records
    node_address: str
    istiod: str
    cluster_id: str
    builtin: str
    state: Path
    log: Callable[[str], None]

"""What the runner remembers of each pod on disk, so that a new runner takes over addresses and live processes.

One small JSON file a pod, replaced whole. A record is written before its process starts and removed after the process
has ended: an address with a record is in use.
"""

from __future__ import annotations

import json
import threading
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from meshroll.sandbox.pods.addresses import choose
from meshroll.sandbox.state import files
from meshroll.sandbox.supervision.process import Identity


@dataclass(frozen=True)
class Record:
    """One pod: its address, its restarts and, while one runs, its process, started at Unix time `created`."""

    uid: str
    namespace: str
    name: str
    address: str
    restarts: int = 0
    identity: Identity | None = None
    created: float = 0.0

    @property
    def pid(self) -> int:
        """The process id; 0 while none runs."""
        return self.identity.pid if self.identity else 0


class Records:
    """All pods of one worker. Safe to share between threads; only one runner uses a folder."""

    def __init__(self, folder: Path, network: str) -> None:
        self._folder = folder
        self._network = network
        self._lock = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)
        self._records = {record.uid: record for record in read(folder)}
        self._last = max((r.address for r in self._records.values()), key=_number, default=None)

    def all(self) -> list[Record]:
        """Every pod that has an address."""
        with self._lock:
            return list(self._records.values())

    def get(self, uid: str) -> Record | None:
        """The record of one pod."""
        with self._lock:
            return self._records.get(uid)

    def allocate(self, uid: str, namespace: str, name: str) -> Record:
        """The pod's record, with an address that no other pod has. Raises UnavailableError when there is none left."""
        with self._lock:
            record = self._records.get(uid)
            if record is None:
                used = {other.address for other in self._records.values()}
                self._last = choose(self._network, used, self._last)
                record = Record(uid=uid, namespace=namespace, name=name, address=self._last)
                self._save(record)
            return record

    def started(self, uid: str, identity: Identity, created: float) -> None:
        """Remember the process of a pod."""
        self._change(uid, identity=identity, created=created)

    def ended(self, uid: str, *, restarts: int) -> None:
        """Remember that the pod has no process, after so many restarts; a pod without a record stays without."""
        self._change(uid, identity=None, created=0.0, restarts=restarts)

    def release(self, uid: str) -> None:
        """Give the address back; the process must have ended."""
        with self._lock:
            self._records.pop(uid, None)
            (self._folder / f"{uid}.json").unlink(missing_ok=True)

    def _change(self, uid: str, **values: Any) -> None:
        with self._lock:
            if uid in self._records:
                self._save(replace(self._records[uid], **values))

    def _save(self, record: Record) -> None:
        files.write_json(self._folder / f"{record.uid}.json", asdict(record))
        self._records[record.uid] = record


def read(folder: Path) -> list[Record]:
    """The records of a folder; a file that a crash left half-written counts as absent."""
    found = []
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            identity = values.pop("identity")
            found.append(Record(**values, identity=Identity(**identity) if identity else None))
        except (ValueError, TypeError, KeyError, AttributeError):
            path.unlink(missing_ok=True)
    return found


def _number(address: str) -> tuple[int, ...]:
    return tuple(int(part) for part in address.split("."))

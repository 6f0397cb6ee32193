"""The ports and loopback ranges that a sandbox has claimed, apart from every other sandbox of its state folder.

Ports are remembered in the sandbox's own folder, ranges in one file for all; both are chosen under one lock.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from meshroll.sandbox.state import addresses, files
from meshroll.sandbox.state.addresses import Range
from meshroll.sandbox.state.home import Home
from meshroll.sandbox.supervision import listeners
from meshroll.sandbox.topology.site import port_names


def ports(home: Home) -> dict[str, int]:
    """The ports claimed so far, by `<part> <use>`."""
    return dict(files.read_json(home.ports, {}))


def ranges(home: Home, workers: Sequence[str]) -> dict[str, Range]:
    """The workers' ranges, which must have been claimed."""
    known = files.read_json(_ranges(home), {})
    return {worker: Range(known[_key(home, worker)]) for worker in workers}


def ensure(home: Home, workers: Sequence[str]) -> None:
    """Claim ports and ranges for what has none yet. Raises UnavailableError when none is left."""
    with files.locked(_lock(home)):
        others: set[int] = set()
        for path in home.root.glob(f"*/{home.ports.name}"):
            if path != home.ports:
                others.update(files.read_json(path, {}).values())
        listening = listeners.listening()
        busy, addressed = {item.port for item in listening} | others, {item.address for item in listening}
        seed, known = str(home.path), ports(home)
        names = port_names(tuple(workers))
        chosen = addresses.choose(names, known, busy.__contains__, addresses.PORTS, seed)
        files.write_json(home.ports, {name: (known | chosen)[name] for name in names})
        claimed = files.read_json(_ranges(home), {})
        wanted = [_key(home, worker) for worker in workers]
        free = addresses.choose(
            wanted, claimed, lambda number: addresses.range_in_use(number, addressed), addresses.RANGES, seed
        )
        files.write_json(_ranges(home), claimed | free)


def release(home: Home) -> None:
    """Give the ranges back; the ports go with the sandbox's folder."""
    with files.locked(_lock(home)):
        claimed = files.read_json(_ranges(home), {})
        files.write_json(
            _ranges(home), {key: number for key, number in claimed.items() if not key.startswith(_key(home, ""))}
        )


def _key(home: Home, worker: str) -> str:
    return f"{home.name}/{worker}"


def _ranges(home: Home) -> Path:
    return home.root / "ranges.json"


def _lock(home: Home) -> Path:
    return home.root / ".lock"

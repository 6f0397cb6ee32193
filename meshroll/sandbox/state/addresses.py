"""Ports and loopback ranges: chosen once, remembered, never shared by two sandboxes.

Ports lie below the kernel's range for outgoing connections, so that none of those takes one while the sandbox is down.
A worker owns 127.N.0.0/16: 127.N.0.1 is its gateway, 127.N.0.2 its node, the rest are its pods. Where the search
starts depends on the sandbox's folder, so that sandboxes of different state folders hardly ever meet.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from meshroll.errors import UnavailableError

PORTS = range(20_000, 32_000)
RANGES = range(16, 255)


@dataclass(frozen=True)
class Range:
    """The loopback range 127.N.0.0/16 of one worker."""

    number: int

    @property
    def cidr(self) -> str:
        """The whole range."""
        return f"127.{self.number}.0.0/16"

    @property
    def gateway(self) -> str:
        """Where the worker's ingress gateway listens."""
        return f"127.{self.number}.0.1"

    @property
    def node(self) -> str:
        """The address of the worker's node."""
        return f"127.{self.number}.0.2"


def choose(
    wanted: Iterable[str], known: Mapping[str, int], taken: Callable[[int], bool], among: range, seed: str
) -> dict[str, int]:
    """Give every wanted name a number: the known one, or the next that is free from a start that depends on `seed`."""
    chosen: dict[str, int] = {}
    used = set(known.values())
    start = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8], "big") % len(among)
    candidates = (among[(start + i) % len(among)] for i in range(len(among)))
    for name in wanted:
        if name in known:
            chosen[name] = known[name]
            continue
        number = next((n for n in candidates if n not in used and not taken(n)), None)
        if number is None:
            raise UnavailableError(f"no free number is left between {among.start} and {among.stop - 1}", where=name)
        chosen[name] = number
    return chosen


def range_in_use(number: int, addresses: Collection[str]) -> bool:
    """Whether one of the addresses lies in 127.N.0.0/16."""
    return any(address.startswith(f"127.{number}.") for address in addresses)

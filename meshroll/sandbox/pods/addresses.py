"""The loopback addresses of a worker's pods: one each, never one that is in use, the last freed ones last.

A worker has a /16 of 127.0.0.0/8. `.0.1` is its gateway, `.0.2` its node; pods get `.1.0` to `.255.254`.
"""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import IPv4Address, IPv4Network

from meshroll.errors import BadInputError, UnavailableError

_PREFIX = 16


def pod_range(network: str) -> tuple[IPv4Address, IPv4Address]:
    """First and last address for pods of a worker's network. Raises BadInputError unless it is a loopback /16."""
    try:
        parsed = IPv4Network(network)
    except ValueError as error:
        raise BadInputError(f"{network} is not a network ({error})", where="range", expected="127.N.0.0/16") from error
    if not parsed.is_loopback or parsed.prefixlen != _PREFIX:
        raise BadInputError(f"{network} is not for pods", where="range", expected="127.N.0.0/16")
    return parsed[256], parsed[-2]


def node_address(network: str) -> str:
    """The address that stands for the worker's only node."""
    return str(pod_range(network)[0] - 254)


def choose(network: str, used: Collection[str], last: str | None) -> str:
    """The next free address after the one given out last, so that a freed one rests as long as possible."""
    first, end = pod_range(network)
    size = int(end) - int(first) + 1
    start = int(IPv4Address(last)) + 1 - int(first) if last else 0
    for offset in range(size):
        candidate = str(first + (start + offset) % size)
        if candidate not in used:
            return candidate
    raise UnavailableError(f"all {size} pod addresses are in use", where=f"range {network}")

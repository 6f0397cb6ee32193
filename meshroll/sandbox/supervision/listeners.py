"""Who listens where, from the kernel's own tables."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

import psutil

_LISTEN = "0A"
_IPV4_BYTES = 4


@dataclass(frozen=True, order=True)
class Listener:
    """A listening TCP socket."""

    address: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{host}:{self.port}"

    @property
    def loopback(self) -> bool:
        """Whether only this machine reaches it."""
        return ip_address(self.address).is_loopback


def parse(table: str) -> frozenset[Listener]:
    """The listeners in the text of /proc/net/tcp or /proc/net/tcp6."""
    found: set[Listener] = set()
    for line in table.splitlines()[1:]:
        fields = line.split()
        if fields[3:4] == [_LISTEN]:
            address, port = fields[1].split(":")
            found.add(Listener(_address(address), int(port, 16)))
    return frozenset(found)


def listening() -> frozenset[Listener]:
    """Every TCP listener of this machine."""
    tables = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
    return frozenset().union(*(parse(path.read_text(encoding="ascii")) for path in tables if path.exists()))


def of_processes(pids: Iterable[int]) -> frozenset[Listener]:
    """The TCP listeners of some processes; one that has ended has none."""
    found: set[Listener] = set()
    for pid in pids:
        try:
            connections = psutil.Process(pid).net_connections("tcp")
        except psutil.Error:
            continue
        found.update(Listener(c.laddr.ip, c.laddr.port) for c in connections if c.status == psutil.CONN_LISTEN)
    return frozenset(found)


def holder(port: int) -> str:
    """A name for the process that listens on a port, as far as this user may see it."""
    for process in psutil.process_iter(["pid", "name"]):
        try:
            connections = process.net_connections("tcp")
        except psutil.Error:
            continue
        if any(c.status == psutil.CONN_LISTEN and c.laddr.port == port for c in connections):
            return f"{process.info['name']} (process {process.info['pid']})"
    return "another program"


def _address(digits: str) -> str:
    packed = b"".join(struct.pack("=I", int(digits[i : i + 8], 16)) for i in range(0, len(digits), 8))
    address = ip_address(socket.inet_ntop(socket.AF_INET if len(packed) == _IPV4_BYTES else socket.AF_INET6, packed))
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    shown: IPv4Address | IPv6Address = mapped or address
    return str(shown)

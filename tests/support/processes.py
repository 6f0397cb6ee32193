"""Processes and ports of this machine, asked in passing: a process may end between two looks."""

from __future__ import annotations

import socket

import psutil


def runs(pid: int) -> bool:
    """Whether there is such a process, and it has not ended."""
    try:
        return psutil.Process(pid).status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
    except psutil.NoSuchProcess:
        return False


def arguments(pid: int) -> list[str]:
    """The arguments of a process; none of one that has ended."""
    try:
        return psutil.Process(pid).cmdline()
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return []


def listens(address: str, port: int) -> bool:
    """Whether a connection is accepted."""
    with socket.socket() as probe:
        return probe.connect_ex((address, port)) == 0

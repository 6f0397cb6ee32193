"""A pod's program as a process: started, found again by a later runner, waited for, stopped.

A process is known by pid and start time, so that a reused pid is never taken for it. Programs run in sessions of their
own: they outlive a runner that is killed, and the next one adopts them.
"""

from __future__ import annotations

import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

_POLL_SECONDS = 0.002


@dataclass(frozen=True)
class Process:
    """A live or ended program."""

    handle: psutil.Process
    created: float

    @property
    def pid(self) -> int:
        """The process id."""
        return int(self.handle.pid)

    def is_alive(self) -> bool:
        """Whether it still runs; a zombie does not."""
        try:
            return bool(self.handle.is_running() and self.handle.status() != psutil.STATUS_ZOMBIE)
        except psutil.NoSuchProcess:
            return False

    def wait(self, seconds: float | None = None) -> int | None:
        """Block until it ended: its exit code (None when somebody else's child). Raises TimeoutError."""
        try:
            code: int | None = self.handle.wait(timeout=seconds)
        except psutil.NoSuchProcess:
            return None
        except psutil.TimeoutExpired as error:
            raise TimeoutError from error
        return code

    def stop(self, grace: float) -> None:
        """Ask it to drain and end, kill its session when it has not within `grace` seconds; return when it is gone."""
        try:
            self.handle.terminate()
            self.wait(grace)
        except psutil.NoSuchProcess:
            return
        except TimeoutError:
            for process in [*self.handle.children(recursive=True), self.handle]:
                try:
                    process.kill()
                except psutil.NoSuchProcess:
                    continue
            self.wait()


def start(command: Sequence[str], environment: Mapping[str, str], log: Path) -> Process:
    """Start a program, its output appended to a log. Raises OSError when it cannot be started."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        child = subprocess.Popen(
            list(command),
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=log.parent,
        )
    handle = psutil.Process(child.pid)
    child.returncode = 0  # psutil reaps it; Popen's own reaper must not take the exit code away
    return Process(handle, handle.create_time())


def adopt(pid: int, created: float) -> Process | None:
    """A process that an earlier runner started, if it still runs."""
    if pid <= 0:
        return None
    try:
        handle = psutil.Process(pid)
        process = Process(handle, handle.create_time())
    except psutil.NoSuchProcess:
        return None
    # psutil derives the start time from the clock ticks since boot; the same process may differ by rounding.
    return process if abs(process.created - created) < 1.0 and process.is_alive() else None


def when_ended(process: Process, call: Callable[[int | None], None]) -> None:
    """Call back, on a thread of its own, when the process has ended."""
    threading.Thread(target=lambda: call(process.wait()), daemon=True, name=f"wait-{process.pid}").start()


def wait_listening(process: Process, address: str, port: int, seconds: float) -> bool:
    """Wait until the program accepts connections; False when it ended or `seconds` passed before."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if is_listening(address, port):
            return True
        if not process.is_alive():
            return False
        time.sleep(_POLL_SECONDS)
    return False


def is_listening(address: str, port: int) -> bool:
    """Whether something accepts connections there."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((address, port)) == 0


def inherited(names: Sequence[str]) -> dict[str, str]:
    """The named variables of this process that are set."""
    return {name: os.environ[name] for name in names if name in os.environ}

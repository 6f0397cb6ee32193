"""A pod's program as a process: started, found again by a later runner, waited for, stopped.

A process is known as the sandbox's parts are (`meshroll.sandbox.supervision.process`): a reused pid is never taken for
it. Programs run in sessions of their own: they outlive a runner that is killed, and the next one adopts them. What a
program started itself ends with it, as it does in a container.
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

from meshroll.sandbox.supervision import process as identities
from meshroll.sandbox.supervision.process import Identity

_FIRST_POLL, _LAST_POLL = 0.002, 0.05


@dataclass(frozen=True)
class Process:
    """A live or ended program."""

    handle: psutil.Process
    identity: Identity
    created: float

    @property
    def pid(self) -> int:
        """The process id."""
        return self.identity.pid

    def is_alive(self) -> bool:
        """Whether it still runs; a zombie does not."""
        return self.identity.alive

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
        """Ask it to drain and end, kill it when it has not within `grace` seconds, and with it all of its session."""
        identities.end([self.identity], grace)
        self.sweep()

    def sweep(self) -> None:
        """Kill what the program, which has ended, left in its session: it may hold the address of the pod."""
        if identities.start_ticks(self.pid) not in {None, self.identity.started}:
            return  # the number belongs to another process by now, so nothing of this session is left
        members = [pid for pid in psutil.pids() if pid != self.pid and _session(pid) == self.pid]
        started = [(pid, ticks) for pid in members if (ticks := identities.start_ticks(pid)) is not None]
        identities.end([Identity(pid, ticks, self.identity.boot) for pid, ticks in started], 0.0)


def start(command: Sequence[str], environment: Mapping[str, str], log: Path) -> Process:
    """Start a program, its output appended to a private log. Raises OSError or ValueError when it cannot be started."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        os.fchmod(output.fileno(), 0o600)
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
    identity = Identity(child.pid, identities.start_ticks(child.pid) or -1, identities.boot_id())
    return Process(handle, identity, handle.create_time())


def adopt(identity: Identity | None, created: float) -> Process | None:
    """A process that an earlier runner started, if it still runs; `created` is only the start time that is shown."""
    if identity is None or not identity.alive:
        return None
    try:
        return Process(psutil.Process(identity.pid), identity, created)
    except psutil.NoSuchProcess:
        return None


def when_ended(process: Process, call: Callable[[int | None], None]) -> None:
    """Call back, on a thread of its own, when the process has ended and nothing is left of what it started."""

    def wait() -> None:
        code: int | None = None
        try:
            code = process.wait()
            process.sweep()
        finally:
            call(code)

    threading.Thread(target=wait, daemon=True, name=f"wait-{process.pid}").start()


def wait_listening(process: Process, address: str, port: int, seconds: float) -> bool:
    """Wait until the program accepts connections; False when it ended or `seconds` passed before."""
    deadline, pause = time.monotonic() + seconds, _FIRST_POLL
    while time.monotonic() < deadline:
        if is_listening(address, port):
            return True
        if not process.is_alive():
            return False
        time.sleep(pause)
        pause = min(pause * 1.2, _LAST_POLL)
    return False


def is_listening(address: str, port: int) -> bool:
    """Whether something accepts connections there."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((address, port)) == 0


def inherited(names: Sequence[str]) -> dict[str, str]:
    """The named variables of this process that are set."""
    return {name: os.environ[name] for name in names if name in os.environ}


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except OSError:
        return None

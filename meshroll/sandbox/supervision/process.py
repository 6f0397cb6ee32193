"""Detached processes that outlive the command that started them, and are never mistaken for others.

A process is known by its id, its start time in clock ticks and the boot, all from /proc: an id that was given to
another process never matches. What a part starts itself carries a mark in its environment, by which it is found when
the part has died without it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil

from meshroll.errors import UnavailableError
from meshroll.sandbox.state import files

MARK = "MESHROLL_SANDBOX_PART"
_POLL_SECONDS = 0.02
_KILL_SECONDS = 5.0
_LOG_LIMIT = 32 * 1024 * 1024


@dataclass(frozen=True)
class Identity:
    """One process of one boot of the machine."""

    pid: int
    started: int
    boot: str
    # What it was started as; only a pid file knows it.
    digest: str = field(default="", compare=False)

    @property
    def alive(self) -> bool:
        """Whether exactly this process runs; one that has ended and only waits to be reaped does not."""
        return self.boot == boot_id() and start_ticks(self.pid) == self.started

    @property
    def running(self) -> bool:
        """Whether it is alive and was not killed: a killed process keeps its ports for as long as its end takes."""
        return not _killed(self.pid) and self.alive

    def store(self, path: Path) -> None:
        """Remember it in a pid file."""
        files.write_json(path, asdict(self))

    @classmethod
    def load(cls, path: Path) -> Identity | None:
        """The process a pid file names, or None without one."""
        data = files.read_json(path, None)
        return cls(**data) if data else None


def boot_id() -> str:
    """Which boot of the machine this is."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def parse_stat(stat: str) -> int | None:
    """The start time in /proc/PID/stat; None for a process that has ended (Z, X)."""
    # The second field is the program's name in parentheses and may hold spaces and parentheses itself.
    fields = stat.rpartition(")")[2].split()
    state, threads, started = fields[0], int(fields[17]), int(fields[19])
    # The first thread of a killed program may be gone while others still hold its ports.
    return None if state in "ZX" and threads <= 1 else started


def start_ticks(pid: int) -> int | None:
    """When a running process was started, in clock ticks since the boot; None without such a process."""
    try:
        return parse_stat(Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace"))
    except (FileNotFoundError, ProcessLookupError):
        return None


def parse_killed(status: str) -> bool:
    """Whether /proc/PID/status is that of a process that was sent a SIGKILL.

    Linux marks it as pending for the whole process (ShdPnd) before kill(2) returns, and never takes the mark back: the
    threads end without looking at it (kernel/signal.c, complete_signal and get_signal).
    """
    pending = next((line for line in status.splitlines() if line.startswith("ShdPnd:")), "ShdPnd: 0")
    return bool(int(pending.split()[1], 16) >> (signal.SIGKILL - 1) & 1)


def _killed(pid: int) -> bool:
    try:
        return parse_killed(Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace"))
    except (FileNotFoundError, ProcessLookupError):
        return True


def spawn(command: Sequence[str], environment: Mapping[str, str], mark: str, log: Path, cwd: Path) -> Identity:
    """Start a process in a session of its own, its output appended to the log; `mark` is inherited by its children."""
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > _LOG_LIMIT:
        log.replace(log.with_suffix(".log.old"))
    with log.open("ab") as output:
        os.fchmod(output.fileno(), 0o600)
        try:
            child = subprocess.Popen(
                list(command),
                env={**environment, MARK: mark},
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise UnavailableError(f"cannot be started: {error.strerror}", where=command[0]) from error
    # Reaped by `_reap` while this process lives, by init afterwards; the object is not needed.
    child.returncode = 0
    return Identity(child.pid, start_ticks(child.pid) or -1, boot_id())


def reap(identity: Identity) -> None:
    """Let an ended child of this very process go, so that no zombie stays behind."""
    try:
        os.waitpid(identity.pid, os.WNOHANG)
    except ChildProcessError:
        return


def marked(prefix: str) -> dict[str, list[Identity]]:
    """All running processes of this user whose mark starts with `prefix`, by mark."""
    found: dict[str, list[Identity]] = {}
    for process in psutil.process_iter():
        try:
            mark = process.environ().get(MARK, "")
        except psutil.Error:
            continue
        started = start_ticks(process.pid)
        if mark.startswith(prefix) and started is not None:
            found.setdefault(mark, []).append(Identity(process.pid, started, boot_id()))
    return found


def end(identities: Iterable[Identity], grace: float) -> None:
    """Ask the processes to end, wait up to `grace` seconds, and kill those that stay."""
    alive = _signal([identity for identity in identities if identity.alive], signal.SIGTERM, grace)
    _signal(alive, signal.SIGKILL, _KILL_SECONDS)


def _signal(identities: Sequence[Identity], number: signal.Signals, seconds: float) -> list[Identity]:
    for identity in identities:
        try:
            os.kill(identity.pid, number)
        except ProcessLookupError:
            continue
    deadline = time.monotonic() + seconds
    # Not psutil's wait: it waits until init has reaped the process, which some take seconds to do.
    while (alive := [identity for identity in identities if identity.alive]) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    for identity in identities:
        reap(identity)
    return alive


def tail(log: Path, lines: int) -> list[str]:
    """The last lines of a log."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 64 * 1024))
            return file.read().decode(errors="replace").splitlines()[-lines:]
    except FileNotFoundError:
        return []

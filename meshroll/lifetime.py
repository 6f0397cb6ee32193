"""A plug-in ends with the process that started it, however that one ended, and takes along what it started itself.

The engine holds the other end of a plug-in's standard input and never writes to it. When the engine is gone, killed or
not, the pipe is hung up; this holds through any shell in between, and when the engine was gone before the plug-in ran.
Where standard input is not a pipe, another parent than at the start says so. Linux's PR_SET_PDEATHSIG cannot be used:
it fires when the thread that started the process ends, and the engine's threads come and go.
"""

from __future__ import annotations

import atexit
import os
import select
import signal
import stat
import sys
import threading
import time
from contextlib import suppress
from typing import NoReturn

import psutil

_POLL_SECONDS = 1.0
_GRACE_SECONDS = 2.0
_START_SECONDS = 0.1
_LOOK_SECONDS = 0.05
_STANDARD_INPUT = 0


class _Starts:
    """The processes that this one starts: when it last began to start one, and that it starts no more."""

    EVENTS = frozenset({"subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.system"})

    def __init__(self) -> None:
        self._last = float("-inf")
        self._refused = False

    def watch(self, event: str, _: tuple[object, ...]) -> None:
        """An audit hook: it is called when a process is about to be started."""
        if event in self.EVENTS:
            self._last = time.monotonic()  # before the question: `end` sees it, or is seen
            if self._refused:
                raise RuntimeError("this process is ending")

    def end(self) -> None:
        """Refuse more of them, and return once what threads were starting is there."""
        self._refused = True
        time.sleep(max(0.0, self._last + _START_SECONDS - time.monotonic()))


_STARTS = _Starts()


def end_with_parent() -> None:
    """From now on, end this process (exit code 0) when its parent is gone. To be called before anything else.

    However else it ends, by an error for instance, what it started ends with it; but not when a signal kills it.
    """
    # The engine closes a plug-in by an interrupt, which a shell's background job inherits as one to be ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.addaudithook(_STARTS.watch)
    atexit.register(_end_children)
    engine = select.poll()
    if _is_pipe(_STANDARD_INPUT):
        engine.register(_STANDARD_INPUT, 0)  # no event but the hang-up, which is always reported
    threading.Thread(target=_watch, args=(os.getppid(), engine), name="lifetime", daemon=True).start()


def end() -> NoReturn:
    """End this process at once (exit code 0), whatever its threads do, after all that it started."""
    try:
        _end_children()
    finally:
        os._exit(0)


def _end_children() -> None:
    _STARTS.end()
    deadline, asked = time.monotonic() + _GRACE_SECONDS, set[psutil.Process]()
    while children := _running(psutil.Process().children(recursive=True)):
        late = time.monotonic() > deadline
        for child in children:
            with suppress(psutil.Error):
                if late:
                    child.kill()
                elif child not in asked:  # once: Git takes its lock files away, and a second signal would stop that
                    asked.add(child)
                    child.terminate()
        if late:
            break
        time.sleep(_LOOK_SECONDS)


def _watch(parent: int, engine: select.poll) -> None:
    while os.getppid() == parent and not engine.poll(_POLL_SECONDS * 1000):
        pass
    end()


def _running(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Without those that have ended. They are not waited for here: whoever started them does."""
    running = []
    for process in processes:
        with suppress(psutil.Error):
            if process.status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD):
                running.append(process)
    return running


def _is_pipe(descriptor: int) -> bool:
    try:
        return stat.S_ISFIFO(os.fstat(descriptor).st_mode)
    except OSError:  # closed
        return False

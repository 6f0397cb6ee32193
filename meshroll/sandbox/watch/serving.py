"""A long-running program of the sandbox: it becomes ready, runs until SIGTERM or SIGINT, and is never half dead.

A thread that dies of an error nobody foresaw would leave a program that lives and does nothing. It ends the whole
program instead, so that the part is dead for everybody to see.
"""

from __future__ import annotations

import signal
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from meshroll.sandbox.watch.log import write_line


def serve(start: Callable[[], None], stop: Callable[[], None], readiness: Path | None) -> int:
    """The exit code: 0 after a signal and `stop`, 1 when a thread died. `readiness` is written after `start`."""
    over = threading.Event()
    died = threading.Event()

    def ended(_signal: int, _frame: FrameType | None) -> None:
        over.set()

    def dead(failure: threading.ExceptHookArgs) -> None:
        name = failure.thread.name if failure.thread else "a thread"
        trace = traceback.format_exception(failure.exc_type, failure.exc_value, failure.exc_traceback)
        write_line(f"{name} died: {''.join(trace)}")
        died.set()
        over.set()

    def begin() -> None:
        start()
        if readiness:
            readiness.write_text("ready\n", encoding="utf-8")
        write_line("ready")

    threading.excepthook = dead
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ended)
    if readiness:
        readiness.unlink(missing_ok=True)
    threading.Thread(target=begin, daemon=True, name="start").start()
    over.wait()
    if died.is_set():
        return 1
    write_line("stopping")
    stop()
    return 0

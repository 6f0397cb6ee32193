"""Signals that end a process let long work end in order: they are noted, the work stops, and then they act."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any, Self

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(SystemExit):
    """A signal asked this process to end; the exit code is a shell's for it."""


class Interrupts:
    """`with Interrupts() as interrupts`: a signal is only noted, and `check` raises. Leaving hands the signal on.

    Python runs handlers in the main thread only; in another one nothing is noted, nor a signal that is ignored.
    """

    def __init__(self) -> None:
        self._received: list[int] = []
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in _SIGNALS:
                if signal.getsignal(number) is not signal.SIG_IGN:
                    self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        for number in self._received[:1]:
            signal.raise_signal(number)

    def check(self) -> None:
        """Raise Interrupted when a signal came."""
        for number in self._received[:1]:
            raise Interrupted(128 + number)

    def _note(self, number: int, _: FrameType | None) -> None:
        self._received.append(number)

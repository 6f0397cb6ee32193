"""Named pieces of work for one thread: each waits at most once, and what fails is tried again, ever more slowly.

A name that is put again while its work waits, or waits to be tried again, is done once, at once and in its newest form:
the queue never grows beyond the names there are. No failure ends the thread; it is logged once until it changes.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from meshroll.sandbox.watch.log import sentence

Work = Callable[[], None]
_FIRST_RETRY, _LAST_RETRY = 0.5, 5.0


@dataclass(frozen=True)
class _Failure:
    times: int
    text: str


class WorkQueue:
    """`put` from any thread; the work runs on the queue's own."""

    def __init__(self, name: str, log: Callable[[str], None]) -> None:
        self._log = log
        self._changed = threading.Condition()
        self._ready: dict[Hashable, Work] = {}
        self._late: dict[Hashable, tuple[float, Work]] = {}
        self._failures: dict[Hashable, _Failure] = {}
        self._stopped = False
        self._thread = threading.Thread(target=self._run, daemon=True, name=name)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def put(self, name: Hashable, work: Work) -> None:
        """Do this as soon as what was put before is done."""
        with self._changed:
            self._late.pop(name, None)
            self._ready[name] = work
            self._changed.notify()

    def stop(self) -> None:
        """Begin nothing more."""
        with self._changed:
            self._stopped = True
            self._changed.notify()

    def _run(self) -> None:
        while (item := self._next()) is not None:
            name, work = item
            try:
                work()
            except Exception as error:
                self._try_again(name, work, error)
            else:
                self._failures.pop(name, None)

    def _next(self) -> tuple[Hashable, Work] | None:
        with self._changed:
            while not self._stopped:
                now = time.monotonic()
                for name in [name for name, (due, _) in self._late.items() if due <= now]:
                    self._ready[name] = self._late.pop(name)[1]
                if self._ready:
                    name = next(iter(self._ready))
                    return name, self._ready.pop(name)
                self._changed.wait(min((due - now for due, _ in self._late.values()), default=None))
            return None

    def _try_again(self, name: Hashable, work: Work, error: Exception) -> None:
        before = self._failures.get(name, _Failure(0, ""))
        text = sentence(error)
        if text != before.text:
            self._log(f"{text}; trying again")
        self._failures[name] = _Failure(before.times + 1, text)
        delay = min(_LAST_RETRY, _FIRST_RETRY * 2.0 ** min(before.times, 10))
        with self._changed:
            if name not in self._ready:
                self._late[name] = (time.monotonic() + delay, work)

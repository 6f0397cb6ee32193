"""Asking a server that may be silent: the wait is reported meanwhile, and a deadline holds all the same."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from meshroll.errors import TimedOutError

T = TypeVar("T")
SILENT_SECONDS = 5.0


class _Answer(Generic[T]):
    def __init__(self, question: Callable[[], T]) -> None:
        self._question = question
        self._value: T
        self._error: BaseException | None = None
        self.given = threading.Event()

    def find(self) -> None:
        try:
            self._value = self._question()
        except BaseException as error:  # raised again by the one who asks
            self._error = error
        self.given.set()

    @property
    def value(self) -> T:
        if self._error is not None:
            raise self._error
        return self._value


def answered(
    question: Callable[[], T],
    silent: Callable[[float], None],
    *,
    deadline: float,
    every: float = SILENT_SECONDS,
) -> T:
    """The answer to a question, or what it raises; `silent(seconds)` is called each `every` seconds without one.

    Raises TimedOutError at the `deadline` (of `time.monotonic`). A question that is never answered stays behind in a
    daemon thread, which keeps no program alive.
    """
    answer, begin = _Answer(question), time.monotonic()
    threading.Thread(target=answer.find, daemon=True).start()
    # An answer that comes within the first interval counts, also when the deadline is already over.
    if answer.given.wait(every):
        return answer.value
    while True:
        silent(time.monotonic() - begin)
        left = deadline - time.monotonic()
        if answer.given.wait(max(0.0, min(every, left))):
            return answer.value
        if left <= every:
            raise TimedOutError(f"no answer for {time.monotonic() - begin:.0f} s")

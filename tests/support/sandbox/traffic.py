"""Requests that go on while a test does something else, every failure counted."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from typing import Self

from meshroll.delivery.measure import sample
from tests.support.sandbox.stacks import Made

BATCH = 100


class Traffic:
    """Asks the stack's gateway all the time between enter and exit."""

    def __init__(self, stack: Made) -> None:
        gateway = stack.settings.gateways["worker-1"]
        self._url = f"http://{gateway.address}:{gateway.port}/hello?name=test-v1"
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._ask, name="traffic")
        self._failures: Counter[str] = Counter()
        self.requests = 0

    @property
    def failures(self) -> dict[str, int]:
        """Requests without a usable answer, by cause. Only a run with requests tells anything."""
        assert self.requests
        return dict(self._failures)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _ask(self) -> None:
        while not self._over.is_set():
            counts = asyncio.run(sample(self._url, BATCH))
            self.requests += counts.requests
            self._failures.update(counts.failures)

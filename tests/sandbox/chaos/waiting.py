"""Waiting for a state with a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

from meshroll.errors import MeshrollError
from meshroll.kube import ApiError

_POLL_SECONDS = 0.05


def within(seconds: float, condition: Callable[[], object]) -> bool:
    """Whether a condition holds before the time is over; a cluster that does not answer is asked again."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(MeshrollError, ApiError):
            if condition():
                return True
        time.sleep(_POLL_SECONDS)
    return False

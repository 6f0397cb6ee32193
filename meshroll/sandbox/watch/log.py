"""One line a happening, on standard output, with the time."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from meshroll.errors import MeshrollError, redact


def write_line(text: str) -> None:
    """Write one line at once; credentials are masked."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
    # One write a line: print would let lines of several threads run into each other.
    sys.stdout.write(f"{now}Z {redact(text)}\n")
    sys.stdout.flush()


def sentence(error: Exception) -> str:
    """An error in a line of the log; of one that nobody foresaw the class says the most."""
    return str(error) if isinstance(error, MeshrollError) else f"{type(error).__name__}: {error}"

"""What reading a repository may take in all, from the moment its cache is opened until it is closed.

Each object has a limit of its own; many objects, each within it, would fill the memory as well. So all that is read is
counted in one place. It follows what a plan looks at, not what the repository holds: see
docs/adr/0029-one-reader.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from meshroll.errors import LimitError

MAX_OBJECT_BYTES: Final = 10 << 20  # of a commit, a tag, a folder or a file: no manifest is that long
MAX_LEVELS: Final = 100  # folders within one another

Counted = Literal["bytes", "objects", "names in folders", "values in files"]
LIMITS: Final[Mapping[Counted, int]] = {
    "bytes": 512 << 20,
    "objects": 1_000_000,
    "names in folders": 2_000_000,
    "values in files": 600_000,
}


class Budget:
    """What is left of the limits; `where` is the repository in errors."""

    def __init__(self, where: str, limits: Mapping[Counted, int] = LIMITS) -> None:
        self._where, self._limits = where, limits
        self._taken = dict.fromkeys(limits, 0)

    def take(self, counted: Counted, amount: int) -> None:
        """Count what is about to be kept. Raises LimitError when it is more than there may be."""
        self._taken[counted] += amount
        if self._taken[counted] > self._limits[counted]:
            raise LimitError(
                f"more than {self._limits[counted]} {counted} would be read",
                where=self._where,
                expected="narrower paths, or fewer services at a time",
            )

    def too_long(self, what: str, size: int) -> LimitError:
        """The error for one object that is longer than any may be."""
        return LimitError(f"{what} has {size} bytes", where=self._where, expected=f"at most {MAX_OBJECT_BYTES}")

"""Small files beside a cache. What stands in their place is never followed, waited for or written through.

`meshroll.files` writes them.
"""

from __future__ import annotations

import os
from pathlib import Path

_LONGEST = 100


def read_text(path: Path) -> str | None:
    """The text of such a file, as far as one can be that long; None where there is none."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        try:
            return (file.read(_LONGEST) or b"").decode()
        except (OSError, UnicodeDecodeError):  # a folder, for one
            return None

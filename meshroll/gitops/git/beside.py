"""Small files beside a cache. What stands in their place is never followed, waited for or written through."""

from __future__ import annotations

import os
import tempfile
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


def write_text(path: Path, text: str) -> None:
    """Put a file in place at once, and take away what is there. Raises OSError."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink()
        raise

"""Trouble with the disk that the cache is on: what the system or Git says of it, as an error that names what to do."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from meshroll.errors import BadInputError, MeshrollError, UnavailableError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_IN_THE_WAY = frozenset({errno.EEXIST, errno.ENOTDIR})
_REFUSED = frozenset({errno.EROFS, errno.EACCES, errno.EPERM, errno.EISDIR, errno.ENAMETOOLONG, errno.ELOOP})
# Git's texts for them; those in _OURS say nothing of the cache where Git does not name a file in it.
_TEXTS = {
    "no space left on device": errno.ENOSPC,
    "out of diskspace": errno.ENOSPC,
    "couldn't write '": errno.ENOSPC,  # a ref's lock: Git does not say why, and nothing else is known to cause it
    "disk quota exceeded": errno.EDQUOT,
    "read-only file system": errno.EROFS,
    "permission denied": errno.EACCES,
    "insufficient permission": errno.EACCES,
    "operation not permitted": errno.EPERM,
    "not a directory": errno.ENOTDIR,
    "is a directory": errno.EISDIR,
}
_OURS = frozenset({errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EISDIR})
_MARKS = ("fatal:", "error:")


def trouble_of(error: str, repository: Path) -> int | None:
    """The errno of a local disk's trouble that Git's standard error reports; a server's own lines do not count."""
    for line in error.splitlines():
        inside = str(repository) in line
        if line.startswith("remote:") or not (inside or line.startswith(_MARKS)):
            continue
        for text, number in _TEXTS.items():
            if text in line.lower() and (inside or number not in _OURS):
                return number
    return None


def is_disk_trouble(error: str) -> bool:
    """Whether the standard error of a push says that the server's disk is full or read-only."""
    return any(text in error.lower() for text, number in _TEXTS.items() if number not in _OURS)


def unusable(folder: Path, number: int | None) -> MeshrollError:
    """The error for a cache folder that the system refuses to use, by its errno."""
    reason = os.strerror(number) if number else "unknown"
    where = str(folder)
    if number in _FULL:
        expected = "free space there, or XDG_CACHE_HOME set to a folder on another disk"
        return UnavailableError(f"the cache cannot be written ({reason})", where=where, expected=expected)
    expected = "a folder that can be written, or XDG_CACHE_HOME set to one"
    if number in _IN_THE_WAY:
        if (there := _in_the_way(folder)) is not None:
            return BadInputError("the cache needs a folder here", where=str(there), expected=expected)
    elif number not in _REFUSED:
        return UnavailableError(f"the cache cannot be used ({reason})", where=where)
    return BadInputError(f"the cache cannot be written ({reason})", where=where, expected=expected)


def _in_the_way(folder: Path) -> Path | None:
    return next((path for path in (folder, *folder.parents) if path.exists() and not path.is_dir()), None)

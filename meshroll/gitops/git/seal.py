"""Whether a cache is just as Meshroll left it, on this machine and since it was started; any other is made anew.

What lies in a repository decides what Git does: its configuration and hooks run programs, `commondir` and alternates
lead to other folders, and an index of a pack says which bytes an object's name stands for. None of it is read by us
before Git acts on it. So no single file is judged: the seal, beside the cache, is made of every name below it with
what the system keeps of it (owner, mode, size, inode, time of change). A file that was restored, copied, or put there
has another inode and time of change, which nobody can choose; the kernel's id of the running system, which nobody can
know beforehand, goes into the seal too.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from meshroll.files import replace
from meshroll.gitops.git.beside import read_text

_BOOT = Path("/proc/sys/kernel/random/boot_id")


def is_sealed(directory: Path) -> bool:
    """Whether everything in a cache is as it was when `seal` was called last. Raises OSError."""
    return directory.is_dir() and read_text(_seal_file(directory)) == _seal(directory)


def seal(directory: Path) -> None:
    """Remember what is in a cache. Where this is not possible, the cache is made anew the next time."""
    with suppress(OSError):
        if directory.is_dir():
            replace(_seal_file(directory), _seal(directory))


def _seal_file(directory: Path) -> Path:
    return directory.with_suffix(".seal")


def _seal(directory: Path) -> str:
    made = hashlib.sha256(_boot())
    for path, found in _everything(str(directory)):
        kept = (found.st_dev, found.st_ino, found.st_uid, found.st_mode, found.st_size, found.st_ctime_ns)
        made.update(os.fsencode(f"{path}\0{kept}\0"))
    return made.hexdigest()


def _everything(folder: str) -> Iterator[tuple[str, os.stat_result]]:
    """A folder and all that is below it, links as such."""
    yield folder, os.lstat(folder)
    with os.scandir(folder) as listed:
        entries = sorted(listed, key=lambda entry: entry.name)
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _everything(entry.path)
        else:
            yield entry.path, entry.stat(follow_symlinks=False)


def _boot() -> bytes:
    with suppress(OSError):
        return _BOOT.read_bytes()
    return b""

"""Files written whole or not at all, through a name that nobody can foresee; a link in the way is not followed."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from pathlib import Path

DEVICES = Path("/dev")  # links there, such as /dev/stdout, are the machine's


def replace(path: Path, text: str, mode: int = 0o666) -> None:
    """Put a file in place of what is there, with a mode from which the umask is taken. Raises OSError.

    A device, a pipe, a folder, or what stands among the devices is not replaced: EEXIST.
    """
    if os.path.lexists(path) and (
        stat.S_IFMT(path.lstat().st_mode) not in (stat.S_IFREG, stat.S_IFLNK)
        or path.parent.resolve() == DEVICES.resolve()
    ):
        raise FileExistsError(errno.EEXIST, "it is not a plain file", str(path))
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        fresh.replace(path)
    except BaseException:
        fresh.unlink()
        raise

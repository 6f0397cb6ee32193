"""Folders that hold what Meshroll runs or believes: the user's alone, and so is every folder that leads there.

Who owns a folder, or may write in it, decides what its names stand for. So each one on the way must belong to the user
or to root and be closed for writing by others, as OpenSSH's StrictModes has it; in a sticky one, such as /tmp, others
cannot touch what is ours. Links are followed here and not again: what is used is the path without any.

In a user namespace that does not know every user, the kernel shows root's folders and those of strangers alike. There
such an owner passes above a folder of ours, since without root's there would be no way to it.
"""

from __future__ import annotations

import errno
import grp
import os
import pwd
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from meshroll.errors import BadInputError

_ROOT = 0
_USERS, _UNKNOWN_USER = Path("/proc/self/uid_map"), Path("/proc/sys/kernel/overflowuid")
_EVERY_USER = ["0", "0", "4294967295"]
_MAX_LINKS = 40
_PRIVATE = 0o700


def private(folder: Path, elsewhere: str) -> Path:
    """A folder for the user alone, made where it is missing: its path without links.

    `elsewhere` says how to have another one instead, such as "XDG_CACHE_HOME set to another folder". Raises
    BadInputError for a folder that others could use, and OSError.
    """
    path = check(folder, elsewhere, make=True)
    if stat.S_IMODE(path.stat().st_mode) & ~_PRIVATE:
        path.chmod(_PRIVATE)  # others could read in it, not more
    return path


def check(folder: Path, elsewhere: str, *, make: bool = False) -> Path:
    """The path without links of a folder and, as far as they exist, of those that lead there. Raises as `private`."""
    path, found, trusted = Path("/"), None, _trusted_owners()
    for path, found in _way(folder.absolute(), make):
        if found is None:
            continue
        if found.st_uid not in trusted:
            raise _foreign(path, found, elsewhere)
        if not stat.S_ISLNK(found.st_mode) and not found.st_mode & stat.S_ISVTX and _open_to_others(found):
            raise _writable(path, found, elsewhere)
    if found is not None:  # the folder itself: here a sticky one is not enough, nor one of root's
        if found.st_uid != os.geteuid():
            raise _foreign(path, found, elsewhere)
        if _open_to_others(found):
            raise _writable(path, found, elsewhere)
    return path


def _way(folder: Path, make: bool) -> Iterator[tuple[Path, os.stat_result | None]]:
    """What leads to a folder, the folder last: each name without links, and each link; None for what is not there."""
    at, names, links = Path("/"), list(reversed(folder.parts[1:])), 0
    while names:
        name = names.pop()
        if name == "..":
            at = at.parent
            continue
        at, above = at / name, at
        if make and not os.path.lexists(at):
            at.mkdir(mode=_PRIVATE, exist_ok=True)
        try:
            found = at.lstat()
        except FileNotFoundError:
            yield at, None
            continue
        yield at, found
        if stat.S_ISLNK(found.st_mode):
            links += 1
            target = at.readlink()
            at = Path("/") if target.is_absolute() else above
            names += reversed(target.parts[target.is_absolute() :])
            if links > _MAX_LINKS:
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(folder))
        elif not stat.S_ISDIR(found.st_mode):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(at))


def _trusted_owners() -> set[int]:
    trusted = {os.geteuid(), _ROOT}
    with suppress(OSError, ValueError):  # another system than Linux
        if _USERS.read_text().split() != _EVERY_USER:
            trusted.add(int(_UNKNOWN_USER.read_text()))
    return trusted


def _open_to_others(found: os.stat_result) -> bool:
    """Whether somebody else may write in a folder; the group of the user's own name has nobody else in it."""
    if found.st_mode & stat.S_IWOTH:
        return True
    return bool(found.st_mode & stat.S_IWGRP) and not _is_own_group(found.st_gid)


def _is_own_group(number: int) -> bool:
    try:
        group, user = grp.getgrgid(number), pwd.getpwuid(os.geteuid())
    except KeyError:
        return False
    return group.gr_name == user.pw_name and set(group.gr_mem) <= {user.pw_name}


def _foreign(path: Path, found: os.stat_result, elsewhere: str) -> BadInputError:
    return BadInputError(
        f"it belongs to {_name(found.st_uid)}, and this is run by {_name(os.geteuid())}",
        where=str(path),
        expected=f"{elsewhere}, or `chown -R {os.geteuid()} {path}` where you trust what it holds",
    )


def _writable(path: Path, found: os.stat_result, elsewhere: str) -> BadInputError:
    return BadInputError(
        f"others may write in it (mode {stat.S_IMODE(found.st_mode):04o})",
        where=str(path),
        expected=f"{elsewhere}, or `chmod go-w {path}` where you trust what it holds",
    )


def _name(number: int) -> str:
    try:
        return f"user {number} ({pwd.getpwuid(number).pw_name})"
    except KeyError:
        return f"user {number}"

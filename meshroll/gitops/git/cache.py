"""A private bare repository for each remote, kept between runs: what was fetched once is not fetched again.

It lies in `$XDG_CACHE_HOME/meshroll/git`, a folder that nobody else can use, holds nothing that the remote does not,
and may be deleted at any time. One process at a time uses it: a lock file beside it is held, and handed to every `git`
child, so that a child that outlives a killed parent is waited for. Leftovers of a killed Git are removed under that
lock, and what is not as it was left (`.seal`, see seal) is not used: the cache is made anew.

Beside it stands how little the server lets us fetch (`.filter`, see transport).
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from meshroll.errors import BadInputError, TimedOutError
from meshroll.folders import private
from meshroll.gitops.git.budget import Budget
from meshroll.gitops.git.disk import unusable
from meshroll.gitops.git.environment import Login
from meshroll.gitops.git.process import BrokenCacheError, Git
from meshroll.gitops.git.remote import Remote
from meshroll.gitops.git.seal import is_sealed, seal
from meshroll.gitops.git.ssh import SSH_COMMAND, connection_variables
from meshroll.gitops.git.trailers import PARTS
from meshroll.gitops.git.transport import FilterRefusedError, Transport

T = TypeVar("T")
LOCK_SECONDS = 180.0
ELSEWHERE = "XDG_CACHE_HOME set to a folder of your own"
MAX_PACKS = 200  # every fetch adds one; repacking costs more than fetching one commit anew


def cache_root(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of all caches. Raises BadInputError for a user without a home folder."""
    base = environ.get("XDG_CACHE_HOME", "")
    try:
        return (Path(base) if base.startswith("/") else Path.home() / ".cache") / "meshroll" / "git"
    except RuntimeError as error:
        raise BadInputError(
            "there is no home folder for the cache", expected="XDG_CACHE_HOME set to a folder"
        ) from error


@contextmanager
def open_cache(remote: Remote, root: Path | None = None) -> Iterator[Git]:
    """The cache of a remote, locked, made if missing.

    Raises TimedOutError when another process keeps it, BadInputError when others can use its folder, and the error of
    `unusable` when its disk cannot be written.
    """
    root = root or cache_root()
    try:
        with _opened(remote, private(root, ELSEWHERE)) as git:
            yield git
    except OSError as error:
        raise unusable(root, error.errno) from error


@contextmanager
def _opened(remote: Remote, root: Path) -> Iterator[Git]:
    directory = root / f"{hashlib.sha256(remote.url.encode()).hexdigest()[:32]}.git"
    login = Login(remote.origin, remote.username, remote.password) if remote.origin and remote.password else None
    with (
        _locked(directory.with_suffix(".lock"), remote) as descriptor,
        connection_variables(remote, directory) as connection,
    ):
        _prepare(Git(directory, lock=descriptor))
        git = Git(
            directory,
            login=login,
            lock=descriptor,
            environment=_unless_configured(directory, remote, connection),
            budget=Budget(remote.where),
            local_server=remote.url.startswith("file:"),
        )
        git.fetch_objects = Transport(git, remote).fetch_objects
        try:
            yield git
        except BrokenCacheError:
            _remove(directory)
            raise
        finally:
            git.close()
            seal(directory)


def _unless_configured(directory: Path, remote: Remote, variables: Mapping[str, str]) -> Mapping[str, str]:
    """Without our command for SSH where the user's configuration of Git has one."""
    if (
        SSH_COMMAND in variables
        and not (remote.ssh_key or remote.known_hosts)
        and "core.sshcommand" in Git(directory).settings
    ):
        return {name: value for name, value in variables.items() if name != SSH_COMMAND}
    return variables


def retried(work: Callable[[], T]) -> T:
    """Do the work, and again from an empty cache when it proves damaged or the server refuses parts of a commit."""
    damaged = False
    while True:
        try:
            return work()
        except FilterRefusedError:  # each time the next filter is tried, and the last is none
            continue
        except BrokenCacheError:
            if damaged:
                raise
            damaged = True


@contextmanager
def _locked(path: Path, remote: Remote) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        deadline = time.monotonic() + LOCK_SECONDS
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise TimedOutError(
                        f"{_holder(descriptor)} has kept the cache {path} for {LOCK_SECONDS:.0f} s",
                        where=remote.where,
                        expected="it to end: wait for it, or stop it; where it belongs to a `pulumi up` that is gone, "
                        "`pulumi cancel` frees the stack",
                    ) from None
                time.sleep(0.005)
        with suppress(OSError):  # for the sentence above, and no more
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


def _holder(descriptor: int) -> str:
    """Who holds the lock, as the holder wrote into it; its `git` may outlive it."""
    with suppress(OSError, ValueError):
        return f"process {int(os.pread(descriptor, 20, 0))}, or a `git` that it started,"
    return "another process"


def _remove(directory: Path) -> None:
    """Raises BadInputError where it cannot be done: what is left could lead Git astray."""
    if directory.is_dir() and not directory.is_symlink():
        shutil.rmtree(directory, ignore_errors=True)
    else:
        directory.unlink(missing_ok=True)
    if os.path.lexists(directory):
        raise BadInputError(
            "a cache that is not as it was left cannot be removed", where=str(directory), expected="it removed"
        )


def _prepare(git: Git) -> None:
    directory = git.directory
    usable = is_sealed(directory) and (directory / "HEAD").is_file() and (directory / "objects").is_dir()
    if not usable or len(list(directory.glob("objects/pack/*.pack"))) > MAX_PACKS:
        _remove(directory)
        git.text("init", "--quiet", "--bare", "--template=", "--initial-branch=unused", str(directory))
        return
    stale = [*directory.glob("*.lock"), *directory.glob("refs/**/*.lock"), *directory.glob("objects/**/tmp_*")]
    stale += directory.glob(f"{PARTS}*")
    for leftover in stale:
        leftover.unlink(missing_ok=True) if leftover.is_file() else shutil.rmtree(leftover, ignore_errors=True)

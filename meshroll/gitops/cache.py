"""A private bare repository for each remote, kept between runs: what was fetched once is not fetched again.

It lies in `$XDG_CACHE_HOME/meshroll/git`, readable by its owner alone, holds nothing that the remote does not, and may
be deleted at any time. One process at a time uses it: a lock file beside it is held, and handed to every `git` child,
so that a child that outlives a killed parent is waited for. Leftovers of a killed Git are removed under that lock.

Beside it stands how little the server lets us fetch (`.filter`, see transport) and, while a key that is no file of the
user's is in use, the key (`.key`).
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from meshroll.errors import TimedOutError, UnavailableError
from meshroll.gitops.access import SSH_COMMAND, access
from meshroll.gitops.command import BrokenCacheError, Git, Login
from meshroll.gitops.remote import Remote
from meshroll.gitops.transport import FilterRefusedError, Transport

T = TypeVar("T")
LOCK_SECONDS = 180.0
MAX_PACKS = 200  # every fetch adds one; repacking costs more than fetching one commit anew


def cache_root(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of all caches."""
    base = environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if base.startswith("/") else Path.home() / ".cache") / "meshroll" / "git"


@contextmanager
def open_cache(remote: Remote, root: Path | None = None) -> Iterator[Git]:
    """The cache of a remote, locked, made if missing. Raises TimedOutError when another process keeps it."""
    root = root or cache_root()
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise UnavailableError(f"the cache cannot be made ({error.strerror})", where=str(root)) from error
    directory = root / f"{hashlib.sha256(remote.url.encode()).hexdigest()[:32]}.git"
    login = Login(remote.origin, remote.username, remote.password) if remote.origin and remote.password else None
    with (
        _locked(directory.with_suffix(".lock"), remote) as descriptor,
        access(remote, directory) as variables,
    ):
        _prepare(Git(directory, keep=descriptor))
        git = Git(directory, login=login, keep=descriptor, environment=_unless_configured(directory, remote, variables))
        git.supply = Transport(git, remote).supply
        try:
            yield git
        except BrokenCacheError:
            shutil.rmtree(directory, ignore_errors=True)
            raise


def _unless_configured(directory: Path, remote: Remote, variables: Mapping[str, str]) -> Mapping[str, str]:
    """Without our words for the user's own SSH where the configuration of Git has some."""
    if (
        SSH_COMMAND in variables
        and not (remote.ssh_key or remote.known_hosts)
        and Git(directory).run("config", "--get", "core.sshCommand").code == 0
    ):
        return {name: value for name, value in variables.items() if name != SSH_COMMAND}
    return variables


def retried(work: Callable[[], T]) -> T:
    """Do the work, and again from nothing when the cache proves damaged or the server gives no parts of a commit."""
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
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        deadline = time.monotonic() + LOCK_SECONDS
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise TimedOutError(
                        f"another process has kept the cache {path} for {LOCK_SECONDS:.0f} s", where=remote.where
                    ) from None
                time.sleep(0.02)
        yield descriptor
    finally:
        os.close(descriptor)


def _prepare(git: Git) -> None:
    directory = git.directory
    if len(list(directory.glob("objects/pack/*.pack"))) > MAX_PACKS:
        shutil.rmtree(directory, ignore_errors=True)
    if not (directory / "HEAD").is_file() or not (directory / "objects").is_dir():
        shutil.rmtree(directory, ignore_errors=True)
        git.text("init", "--quiet", "--bare", "--template=", "--initial-branch=unused", str(directory))
        return
    stale = [*directory.glob("*.lock"), *directory.glob("refs/**/*.lock"), *directory.glob("objects/**/tmp_*")]
    for leftover in stale:
        leftover.unlink(missing_ok=True) if leftover.is_file() else shutil.rmtree(leftover, ignore_errors=True)

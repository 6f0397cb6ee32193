"""How Git is to reach one remote: the keys, host keys and authorities that the stack names for it.

Without any the user's own configuration of Git and SSH counts, with prompts off and host keys checked; a command of
the user's own for SSH is left as it is. A key given as text, from an environment variable or opened by Pulumi, is kept
in memory, in a file without a name that ends with this process; on systems that have none, it lies in the private cache
while it is used, readable by its owner alone.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from meshroll.errors import BadInputError, Key, Phrase
from meshroll.gitops.git.remote import Remote

SSH_COMMAND = "GIT_SSH_COMMAND"
_KEY_TEXT = "-----BEGIN "
_SSH = (
    *("ssh", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes"),
    *("-o", "ConnectTimeout=20", "-o", "ServerAliveInterval=10", "-o", "ServerAliveCountMax=3"),
)


@contextmanager
def connection_variables(remote: Remote, directory: Path) -> Iterator[Mapping[str, str]]:
    """Environment variables for Git with a remote whose cache is `directory`, valid inside the block."""
    authority = {"GIT_SSL_CAINFO": str(_file(remote.ca_file, "caFile"))} if remote.ca_file else {}
    with _key_file(remote.ssh_key, directory.with_suffix(".key")) as key:
        yield authority | _ssh(remote, key)


def key_text(given: str) -> str:
    """A key as the stack gives it, the key itself or its file, as text. Raises BadInputError."""
    return given.strip() + "\n" if _is_text(given) else _file(given, "sshKey").read_text()


def _is_text(given: str) -> bool:
    return given.lstrip().startswith(_KEY_TEXT)


@contextmanager
def _key_file(given: str, place: Path) -> Iterator[Path | None]:
    """The path of a key as long as the block lasts; None where none is given. `place` is for systems without memfd."""
    place.unlink(missing_ok=True)  # of a killed process
    if not _is_text(given):
        yield _file(given, "sshKey") if given else None
        return
    in_memory = hasattr(os, "memfd_create")
    descriptor = os.memfd_create("key") if in_memory else os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            os.fchmod(descriptor, 0o600)  # as ssh wants it
            file.write(key_text(given))
            file.flush()
            # Not of `self`: ssh closes what it inherits, and opens the file of this process.
            yield Path(f"/proc/{os.getpid()}/fd/{descriptor}") if in_memory else place
    finally:
        place.unlink(missing_ok=True)


def _ssh(remote: Remote, key: Path | None) -> dict[str, str]:
    if not (key or remote.known_hosts):
        own = remote.by_ssh and not any(os.environ.get(name) for name in ("GIT_SSH", "GIT_SSH_COMMAND"))
        return {SSH_COMMAND: shlex.join(_SSH)} if own else {}
    command = list(_SSH)
    if remote.known_hosts:
        command += ["-o", f"UserKnownHostsFile={_quoted(_file(remote.known_hosts, 'knownHosts'))}"]
        command += ["-o", "GlobalKnownHostsFile=/dev/null"]
    if key:
        command += ["-i", str(key), "-o", "IdentitiesOnly=yes"]
    return {SSH_COMMAND: shlex.join(command), "GIT_SSH_VARIANT": "ssh"}


def _file(name: str, key: str) -> Path:
    return existing_file(name, Key(f"repository.credentials.{key}"))


def existing_file(name: str, where: Phrase) -> Path:
    """The absolute path of a file that the stack names. Raises BadInputError where there is none."""
    try:
        path = Path(name).expanduser()
        found = "\n" not in name and path.is_file()
    except (RuntimeError, ValueError, OSError):  # no such user, a NUL, a name too long
        found = False
    if not found:
        raise BadInputError("there is no such file", where=where, expected="a file")
    return path.absolute()


def _quoted(path: Path) -> str:
    """SSH splits this option's value at spaces."""
    return f'"{path}"'

"""GitPython on the private cache: commits as its objects, and what they are read from, its persistent `git cat-file`.

Importing it takes longer than a small plan, so this module is imported when the first object is read. Nothing of it
asks the environment, expands a path or starts a command of its own choice: see docs/adr/0022-gitpython.md.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Sequence
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

from meshroll.gitops.git.child import limited
from meshroll.gitops.git.environment import environment_with

# What GitPython asks of the environment when it is imported. It would start `git` twice to see that it is there; with
# one that cannot be started it does not, and quietly goes on.
_IMPORTED_WITH = {"GIT_PYTHON_REFRESH": "quiet", "GIT_PYTHON_GIT_EXECUTABLE": os.devnull, "GIT_PYTHON_TRACE": ""}


with environment_with(_IMPORTED_WITH):
    import git
    from git.db import GitCmdObjectDB
    from gitdb.base import OInfo, OStream

PIPELINED: Final = 99  # objects asked for before an answer is read: their names fit into the smallest pipe
SKIPPED_BYTES: Final = 16 << 20  # contents that nobody wants are read past, and longer ones are not even unpacked
_ENCODING = re.compile(rb"\nencoding ([^\n]*)")
_BATCH, _CHECK = ("cat-file", "--batch"), ("cat-file", "--batch-check")


class Found(NamedTuple):
    """An object of the repository; no content where its size was not wanted."""

    kind: str
    size: int
    content: bytes | None


class EndedError(Exception):
    """`git cat-file` ended before it had answered; `errors` is what it wrote to its standard error."""

    def __init__(self, errors: bytes) -> None:
        super().__init__()
        self.errors = errors


class Command(git.Git):
    """GitPython's `git`, cut down to the two processes that read objects. `start` starts them."""

    GIT_PYTHON_GIT_EXECUTABLE = "git"

    def __init__(self, start: Callable[[Sequence[str]], subprocess.Popen[bytes]], seconds: float) -> None:
        super().__init__()  # without a folder, whose name would be expanded: `start` knows the repository
        self._start_process = start
        self._seconds = seconds

    def execute(self, command: Any, *_: Any, as_process: bool = False, **__: Any) -> Any:
        """Start one of the two; anything else that GitPython would run is refused."""
        arguments = tuple(command[1:])
        if not as_process or arguments not in {_BATCH, _CHECK}:
            raise RuntimeError(f"GitPython may not run git {arguments[0]}")
        return self.AutoInterrupt(self._start_process(arguments), command)

    def read(self, oids: Sequence[str], wanted: Callable[[int], bool]) -> dict[str, Found]:
        """The objects that there are, with the contents of those whose size is `wanted`.

        What `wanted` raises ends the reading. Raises EndedError, TimedOutError.
        """
        found: dict[str, Found] = {}
        rest = list(oids)
        while rest:
            process = self._get_persistent_cmd("cat_file_all", "cat_file", batch=True)
            batch, rest = rest[:PIPELINED], rest[PIPELINED:]
            rest = self._asked(process, batch, partial(_contents, oids=batch, wanted=wanted, found=found)) + rest
        return found

    def sizes(self, oids: Sequence[str]) -> dict[str, int]:
        """The sizes of the objects that there are. Raises EndedError, TimedOutError."""
        found: dict[str, int] = {}
        for start in range(0, len(oids), PIPELINED):
            batch = oids[start : start + PIPELINED]
            process = self._get_persistent_cmd("cat_file_header", "cat_file", batch_check=True)
            self._asked(process, batch, partial(_sizes, oids=batch, found=found))
        return found

    def _asked(self, process: Any, oids: Sequence[str], read: Callable[[IO[bytes]], Sequence[str] | None]) -> list[str]:
        """Ask for some objects and have the answers read; the ids of those that were left unread."""
        left: Sequence[str] | None = oids
        try:
            with limited(process.proc, self._seconds, "git cat-file"):
                process.stdin.write("".join(f"{oid}\n" for oid in oids).encode())
                process.stdin.flush()
                left = read(process.stdout)
        except (EOFError, BrokenPipeError) as error:
            raise EndedError(process.stderr.read()) from error
        finally:
            if left is not None:
                self.clear_cache()  # in its pipes are answers to questions of the past
        return list(left or ())


class ObjectDatabase(GitCmdObjectDB):
    """Where GitPython's objects come from: `read` answers the kind and content of one."""

    def __init__(self, folder: Path, command: Command, read: Callable[[str], tuple[str, bytes]]) -> None:
        super().__init__(str(folder), command)
        self._read = read

    def stream(self, binsha: bytes) -> OStream:
        """An object with its content."""
        kind, content = self._read(binsha.hex())
        content = _in_utf8(content) if kind == "commit" else content
        return OStream(binsha, kind, len(content), BytesIO(content))

    def info(self, binsha: bytes) -> OInfo:
        """An object's kind and size."""
        kind, content = self._read(binsha.hex())
        return OInfo(binsha, kind, len(content))


class Repository(git.Repo):
    """GitPython's repository for a bare one at a known place.

    Its own constructor looks for the place: it asks GIT_DIR and others of the environment and expands `~` and `$NAME`.
    """

    def __init__(self, directory: Path, command: Command, read: Callable[[str], tuple[str, bytes]]) -> None:
        self.git_dir = self.working_dir = str(directory)
        self._bare = True
        self.git = self.command = command
        self.odb = ObjectDatabase(directory / "objects", command, read)

    def commit_of(self, oid: str) -> git.Commit:
        """A commit by its id, read when one of its parts is asked for."""
        return git.Commit(self, bytes.fromhex(oid))

    def ref(self, name: str) -> str:
        """The commit that a reference names; empty where there is none."""
        try:
            return git.Reference.dereference_recursive(self, name)
        except (ValueError, AssertionError):  # such as an empty file
            return ""


def _in_utf8(commit: bytes) -> bytes:
    """A commit in the encoding that GitPython takes each to have; it may name another, or one that there is not."""
    head, blank, text = commit.partition(b"\n\n")
    if (named := _ENCODING.search(head)) is None:
        return commit
    whole = head.replace(named[0], b"", 1) + blank + text
    try:
        return whole.decode(named[1].decode(), "replace").encode("utf-8", "replace")
    except (LookupError, ValueError):
        return whole


def _contents(
    answers: IO[bytes], oids: Sequence[str], wanted: Callable[[int], bool], found: dict[str, Found]
) -> Sequence[str] | None:
    for number, oid in enumerate(oids, start=1):
        kind, size = _head(answers)
        if not kind:
            continue
        content = None
        if wanted(size):
            content = answers.read(size)
            if len(content) < size:
                raise EOFError
            answers.read(1)
        found[oid] = Found(kind, size, content)
        if content is None:
            if size > SKIPPED_BYTES:
                return oids[number:]
            answers.read(size + 1)
    return None


def _sizes(answers: IO[bytes], oids: Sequence[str], found: dict[str, int]) -> Sequence[str] | None:
    for oid in oids:
        kind, size = _head(answers)
        if kind:
            found[oid] = size
    return None


def _head(answers: IO[bytes]) -> tuple[str, int]:
    """Kind and size in the line that begins an answer; no kind for an object that is missing."""
    fields = answers.readline().decode().split()
    if not fields:
        raise EOFError
    return (fields[1], int(fields[2])) if len(fields) == 3 else ("", 0)  # noqa: PLR2004 - id, kind, size

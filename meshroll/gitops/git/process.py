"""Git in one bare repository: its commands, its objects, and nothing that it would do unasked.

- A bare repository given by `--git-dir`, so no work tree, and with it no checkout, filter or submodule, ever exists.
- Options are constants or validated values, the environment is cleaned (`environment`). The user's Git configuration
  counts (proxy, certificates, credential helpers, identity), minus what could run a program on our behalf.
- Credentials are never in an argument, a URL, a file or an error.
- Host keys of SSH servers are checked: nobody is asked, so an unknown one ends the call.
- A local command sees only what the cache holds; what is missing is fetched on purpose (`fetch_objects`).
- Every call has a time limit, and kills the process group it started when that passes (`child`).
- Objects are read through GitPython and one `git cat-file` that stays (`objects`); `close` ends it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from meshroll.errors import BadInputError, UnavailableError
from meshroll.gitops.git.budget import MAX_OBJECT_BYTES, Budget
from meshroll.gitops.git.child import Child, communicate, kill_group, limited, start, start_bound
from meshroll.gitops.git.disk import trouble_of, unusable
from meshroll.gitops.git.environment import (
    OPTIONS,
    Login,
    clean_environment,
    environment_of_server,
    inherited_environment,
)
from meshroll.gitops.git.loose import write_object
from meshroll.text import printable

if TYPE_CHECKING:
    from git import Commit

    from meshroll.gitops.git.objects import Command, Found, Repository

T = TypeVar("T")
LOCAL_SECONDS = 60.0
CHUNK = 1 << 20  # bytes read at once of what goes on
_OID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_REMOTE = frozenset({"fetch", "push", "ls-remote", "credential"})  # the commands that need credentials
_WAITING = _REMOTE | {"commit-tree"}  # those that wait for a server, or for a person who unlocks a key
_READING = frozenset({"push", "ls-remote"})  # those that write nothing here: a disk that they name is the server's


@dataclass(frozen=True)
class Result:
    """What a process answered; `error` is its standard error, masked and printable."""

    code: int
    output: bytes
    error: str


class BrokenCacheError(UnavailableError):
    """A local command that cannot fail has failed: the private cache is damaged or was deleted meanwhile."""


class Git:
    """Git in one bare repository. `lock` is a descriptor that every child inherits: that repository's lock.

    `environment` is for every call. `fetch_objects` fetches objects that the repository lacks. A `local_server` is
    started by Git itself, with hooks of another's: it sees of the environment what it needs.
    """

    def __init__(
        self,
        directory: Path,
        *,
        login: Login | None = None,
        lock: int | None = None,
        environment: Mapping[str, str] | None = None,
        budget: Budget | None = None,
        local_server: bool = False,
    ) -> None:
        self.directory = directory
        self.budget = budget or Budget(str(directory))
        self._local_server = local_server
        self.fetch_objects: Callable[[Sequence[str]], None] | None = None
        self._login = login
        self._lock = lock
        self._environment = dict(environment or {})

    def close(self) -> None:
        """End the processes that stay."""
        if "_repository" in self.__dict__:
            self._repository.close()

    def text(self, *arguments: str, stdin: bytes = b"", environment: Mapping[str, str] | None = None) -> str:
        """Standard output without its last line break. Raises BrokenCacheError when a local command fails."""
        result = self.run(*arguments, stdin=stdin, environment=environment)
        if result.code:
            raise BrokenCacheError(f"git {arguments[0]} failed: {last_line(result.error)}", where=str(self.directory))
        return result.output.decode("utf-8", "surrogateescape").rstrip("\n")

    def run(
        self,
        *arguments: str,
        stdin: bytes = b"",
        seconds: float = LOCAL_SECONDS,
        environment: Mapping[str, str] | None = None,
    ) -> Result:
        """Run one command to its end, whatever its exit code.

        Raises TimedOutError, BadInputError without Git, and for a disk that cannot be written the error of `unusable`.
        """
        login = self._login if _REMOTE.intersection(arguments) else None
        started = start_bound if _WAITING.intersection(arguments) else start
        process = started(*self._call((*(login.options if login else ()), *arguments), environment, login), self._lock)
        if _REMOTE.intersection(arguments):
            _load_gitpython(process)
        code, output, error = communicate(process, stdin, seconds, f"git {_verb(arguments)}")
        result = Result(code, output, self.shown(error))
        # Also after success: a command may name an object that it could not write.
        if result.error and not _READING.intersection(arguments):
            trouble = trouble_of(result.error, self.directory)
            if trouble is not None:
                raise unusable(self.directory.parent, trouble)
        return result

    def fields(self, *arguments: str, environment: Mapping[str, str] | None = None) -> Iterator[bytes]:
        """What a local command prints between zero bytes, as it comes, whatever its exit code.

        Raises LimitError for a field longer than an object may be, TimedOutError.
        """
        process = self._start(arguments, environment)
        try:
            with limited(process, LOCAL_SECONDS, f"git {arguments[0]}"):
                yield from self._split(process, f"what git {arguments[0]} says of a commit")
        finally:
            kill_group(process)

    def _split(self, process: Child, what: str) -> Iterator[bytes]:
        assert process.stdout  # noqa: S101 - it is a pipe
        rest = b""
        while chunk := os.read(process.stdout.fileno(), CHUNK):
            *whole, rest = (rest + chunk).split(b"\0")
            yield from whole
            if len(rest) > MAX_OBJECT_BYTES:
                raise self.budget.too_long(what, len(rest))
        if rest:
            yield rest

    @cached_property
    def settings(self) -> Mapping[str, str | None]:
        """Git's configuration: the last value of each key, in lower case; None for a key that stands alone.

        Raises BadInputError where Git cannot read it.
        """
        listed = self.run("config", "--list", "-z")
        if listed.code:
            raise BadInputError(last_line(listed.error), where="Git's configuration")
        entries = listed.output.decode("utf-8", "surrogateescape").split("\0")[:-1]
        pairs = (entry.partition("\n") for entry in entries)
        return {key: value if equals else None for key, equals, value in pairs}

    def ref(self, name: str) -> str:
        """The commit that a reference names; empty where there is none."""
        return self._repository.ref(name)

    def commit(self, oid: str) -> Commit:
        """A commit by its id. Raises BrokenCacheError for one that is missing, when one of its parts is asked for."""
        return self._repository.commit_of(oid)

    def objects(self, oids: Iterable[str]) -> dict[str, tuple[str, bytes]]:
        """Kind and bytes of objects by id. Those that are missing are fetched, all at once; else BrokenCacheError.

        Raises LimitError for one that is too long, or when all that is read is too much.
        """
        every = self._read(oids, lambda size: size <= MAX_OBJECT_BYTES)
        for oid, found in every.items():
            if found.content is None:
                raise self.budget.too_long(f"the {found.kind} {oid[:12]}", found.size)
        return {oid: (found.kind, found.content or b"") for oid, found in every.items()}

    def contents(
        self, oids: Iterable[str], wanted: Callable[[int], bool], *, beside: Sequence[str] = ()
    ) -> tuple[dict[str, bytes], dict[str, int]]:
        """The bytes of objects whose size in bytes is `wanted`, and the sizes of the others; else like `objects`.

        Those `beside` them are likely to be asked for next: where any must be fetched, they are fetched too.
        """
        every = self._read(oids, wanted, beside).items()
        return (
            {oid: found.content for oid, found in every if found.content is not None},
            {oid: found.size for oid, found in every if found.content is None},
        )

    def has_commit(self, oid: str) -> bool:
        """Whether the repository holds a commit."""
        return self.kind(oid) == "commit"

    def kind(self, oid: str) -> str:
        """What an object is: a commit, tree, blob or tag; empty for one that the repository lacks."""
        found = self._ask(lambda command: command.read([oid], lambda _: False)) if _OID.fullmatch(oid) else {}
        return found[oid].kind if oid in found else ""

    def add(self, kind: str, contents: Iterable[bytes]) -> None:
        """Write objects of one kind, each into a file of its own."""
        for content in contents:
            write_object(self.directory / "objects", kind, content)

    def _read(self, oids: Iterable[str], wanted: Callable[[int], bool], beside: Sequence[str] = ()) -> dict[str, Found]:
        every = list(dict.fromkeys(oids))
        self.budget.take("objects", len(every))

        def counted(size: int) -> bool:
            if kept := wanted(size):
                self.budget.take("bytes", size)
            return kept

        found = self._ask(lambda command: command.read(every, counted))
        if (missing := [oid for oid in every if oid not in found]) and self.fetch_objects:
            held = self._ask(lambda command: command.sizes(beside)) if beside else {}
            self.fetch_objects(list(dict.fromkeys([*missing, *(oid for oid in beside if oid not in held)])))
            found |= self._ask(lambda command: command.read(missing, counted))
        for oid in every:
            if oid not in found:
                raise BrokenCacheError(f"the object {oid} is missing", where=str(self.directory))
        return found

    def _ask(self, question: Callable[[Command], T]) -> T:
        from meshroll.gitops.git.objects import EndedError

        try:
            return question(self._repository.command)
        except EndedError as error:
            reason = last_line(self.shown(error.errors))
            raise BrokenCacheError(f"git cat-file failed: {reason}", where=str(self.directory)) from error

    @cached_property
    def _repository(self) -> Repository:
        from meshroll.gitops.git.objects import Command, Repository

        command = Command(self._start, LOCAL_SECONDS)
        return Repository(self.directory, command, lambda oid: self.objects([oid])[oid])

    def _start(self, arguments: Sequence[str], environment: Mapping[str, str] | None = None) -> Child:
        return start(*self._call(arguments, environment), self._lock)

    def _call(
        self, arguments: Sequence[str], environment: Mapping[str, str] | None = None, login: Login | None = None
    ) -> tuple[list[str], dict[str, str]]:
        """The command and its whole environment."""
        clean = environment_of_server if self._local_server and _REMOTE.intersection(arguments) else clean_environment
        variables = {**clean(inherited_environment()), **self._environment, **(environment or {})}
        variables |= login.variables if login else {}
        return ["git", f"--git-dir={self.directory}", *OPTIONS, *arguments], variables

    def shown(self, error: bytes) -> str:
        """What a server or Git wrote, without the password and fit for a terminal."""
        text = error.decode("utf-8", "backslashreplace")
        return printable(self._login.mask(text) if self._login else text)


def _load_gitpython(process: Child) -> None:
    """While a server is asked: what it answers will be read through GitPython, whose import takes its time."""
    try:
        from meshroll.gitops.git import objects  # noqa: F401
    except BaseException:
        kill_group(process)
        raise


def last_line(text: str) -> str:
    """The line that says what went wrong: the last one Git marks as fatal or an error, else the last one."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    marked = [line for line in lines if line.startswith(("fatal:", "error:"))]
    return (marked or lines or ["no message"])[-1].removeprefix("fatal:").removeprefix("error:").strip()


def _verb(arguments: Sequence[str]) -> str:
    """The command among options of `git`, each `-c name=value`."""
    rest = iter(arguments)
    for argument in rest:
        if argument != "-c":
            return argument
        next(rest, "")
    return ""

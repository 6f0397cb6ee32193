"""Talking to the remote: where its branch stands, fetching it, and pushing by compare-and-swap.

A push names the commit that the branch must still stand at. Git's server takes it under a lock or refuses it, so a
process killed at any moment leaves the remote as before or as after. When the answer to a push is lost, the remote is
asked again before the push counts as failed.

A cache begins with as little as the server allows: one commit without its folders (`tree:0`), each of which is asked
for when it is walked; or with all folders and no files (`blob:none`); or, from a server that gives no parts, one whole
commit. Which of these is tried out once and remembered beside the cache. Later fetches bring the commits since then
and the folders that changed in them, at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from meshroll.errors import BadInputError, ConflictError, MeshrollError, TimedOutError, UnavailableError
from meshroll.files import replace
from meshroll.gitops.git.beside import read_text
from meshroll.gitops.git.disk import is_disk_trouble
from meshroll.gitops.git.failures import STALE, declined, disk_of_server, explain, is_race, reason_of, rejection
from meshroll.gitops.git.process import BrokenCacheError, Git, last_line
from meshroll.gitops.git.remote import Remote
from meshroll.text import one_line

ASK_SECONDS = 60.0
FETCH_SECONDS = 300.0
UPDATE_SECONDS = 60.0  # for what came since the last fetch; the newest commit alone comes quicker
PUSH_SECONDS = 180.0
TIP = "refs/meshroll/tip"
FOLDERS = "blob:none"
MAX_NAMED = 5  # branches in an error
FILTERS = ("tree:0", FOLDERS, "")
_NAME = "meshroll-remote"  # in Git's settings of a single call: what lacks parts must have a name
_BRANCH, _SYMBOLIC = "refs/heads/", "ref: "
_OID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")

_PARTS_REFUSED = ("unadvertised object", "not our ref", "not supported", "filter")


class ContendedError(ConflictError):
    """The branch stands where it should, and the server did not move it: another push may have been under way."""


class FilterRefusedError(BrokenCacheError):
    """The server does not give parts of a commit this way: the cache begins anew with the next one."""


@dataclass(frozen=True)
class Transport:
    """One remote and its cache, for as long as the cache is locked."""

    git: Git
    remote: Remote

    def head(self) -> str:
        """The commit of the branch, or empty in a repository without any ref.

        Raises BadInputError when other refs exist but not this branch, or when there is no such repository.
        """
        mine = self._ls_remote(self.remote.ref)
        if self.remote.ref in mine:
            return mine[self.remote.ref]
        listed = self._listed()
        others = _refs(listed)
        if self.remote.ref in others:
            return others[self.remote.ref]
        if any(name.startswith("refs/") for name in others):
            names = _branches(listed)
            expected = "one of its branches: " + ", ".join(names[:MAX_NAMED]) if names else ""
            raise BadInputError(f"there is no branch {self.remote.branch}", where=self.remote.where, expected=expected)
        return ""

    def known_head(self) -> str:
        """The newest commit that the cache has of the branch; empty for none. Nobody is asked."""
        return self.git.ref(TIP)

    def fetch(self) -> str:
        """Bring the newest commit of the branch into the cache; its id, or empty without any ref.

        Raises BadInputError where the branch leads to something else than a commit.
        """
        fetch = self._update if (self.git.directory / TIP).is_file() else self._newest
        try:
            fetch()
        except ConflictError:  # no such branch: is there any?
            if not self.head():
                return ""
            self._once_more()
        tip = self.git.ref(TIP)
        if self.git.kind(tip) not in ("", "commit"):
            raise self._not_a_commit()
        return tip

    def _once_more(self) -> None:
        """Fetch a branch that came in between; Git does not find one either that leads to a file's bytes."""
        try:
            self._newest()
        except ConflictError as error:
            if self.head():
                raise self._not_a_commit() from error
            raise

    def _not_a_commit(self) -> BadInputError:
        return BadInputError(f"the branch {self.remote.branch} does not lead to a commit", where=self.remote.where)

    def deepen(self, depth: int) -> None:
        """Fetch the branch with so many commits of history; 0 means all of it."""
        amount = f"--depth={depth}" if depth else "--unshallow"
        self._fetch_branch(self._filter, amount)

    def fetch_objects(self, oids: Sequence[str]) -> None:
        """Fetch single objects, each without what is below it. From a server that gives none the cache begins anew."""
        if not self._filter:
            raise BrokenCacheError(f"the object {oids[0]} is missing", where=self.remote.where)
        # Telling the server what we have would make it believe that we have what is below.
        noop = ("-c", "fetch.negotiationAlgorithm=noop")
        self._fetch(self._filter, ("--stdin",), (), *noop, stdin="\n".join(oids).encode())

    def _newest(self) -> None:
        self.deepen(1)

    def _update(self) -> None:
        """Fetch what came since the last fetch, history included, or where that is refused or too much its end."""
        # No files: the server sends differences to what we may lack, and Git completes those of folders alone reliably.
        part = FOLDERS if self._filter else ""
        try:
            self._fetch_branch(part, seconds=UPDATE_SECONDS)
        except FilterRefusedError:
            if part == self._filter:
                raise
            self._newest()
        except TimedOutError:
            self._newest()

    def _fetch_branch(self, part: str, *options: str, seconds: float | None = None) -> None:
        self._fetch(part, options, (f"+{self.remote.ref}:{TIP}",), seconds=seconds)

    def _fetch(
        self,
        part: str,
        options: Sequence[str],
        refs: Sequence[str],
        *settings: str,
        stdin: bytes = b"",
        seconds: float | None = None,
    ) -> None:
        source = self.remote.url
        if part:
            source = _NAME
            settings += self._named(promisor="true", partialCloneFilter=part)
            options = (f"--filter={part}", *options)
        result = self.git.run(
            *(*settings, "fetch", "--quiet", *options, "--no-tags", "--no-write-fetch-head"),
            *("--no-recurse-submodules", "--refmap=", source, *refs),
            stdin=stdin,
            seconds=seconds or FETCH_SECONDS,
        )
        if result.code:
            error = result.error.lower().replace(self.remote.url.lower(), "")
            if part and any(text in error for text in _PARTS_REFUSED):
                if part == self._filter:
                    replace(self._filter_file, FILTERS[FILTERS.index(part) + 1])
                raise FilterRefusedError(last_line(result.error), where=self.remote.where)
            raise explain(result.error, self.remote) or BrokenCacheError(
                last_line(result.error), where=self.remote.where
            )

    def _named(self, **settings: str) -> tuple[str, ...]:
        """Options that give the remote a name with settings in Git's configuration, for one call."""
        every = {"url": self.remote.url, **settings}
        return tuple(part for key, value in every.items() for part in ("-c", f"remote.{_NAME}.{key}={value}"))

    def push(self, commit: str, expected: str) -> bool:
        """Move the branch from `expected` (empty: it must not exist) to `commit`; False when it stands elsewhere.

        Raises BadInputError when the server declines for a reason of its own, ContendedError when it could not say.
        """
        ref = self.remote.ref
        try:
            result = self.git.run(
                *self._named(fetch=f"+{ref}:{TIP}"),  # so that a push moves our tip as well
                *("push", "--porcelain", "--no-verify", "--no-signed", "--no-follow-tags"),
                *(f"--force-with-lease={ref}:{expected}", _NAME, f"{commit}:{ref}"),
                seconds=PUSH_SECONDS,
            )
            if result.code == 0:
                return True
        except MeshrollError:
            if self._ls_remote(ref).get(ref) == commit:
                return True
            raise
        reason = one_line(rejection(self.git.shown(result.output)))
        if STALE in reason:  # seen by Git before it sent anything
            return False
        stands_at = self._ls_remote(ref).get(ref, "")
        if stands_at == commit:
            return True
        if stands_at != expected:
            return False
        if is_race(reason):
            raise ContendedError(f"the server could not move the branch ({reason})", where=self.remote.where)
        if is_disk_trouble(result.error):
            raise disk_of_server(result.error, self.remote)
        if reason:
            raise declined(reason, result.error, self.remote)
        raise explain(result.error, self.remote) or UnavailableError(last_line(result.error), where=self.remote.where)

    @property
    def _filter_file(self) -> Path:
        return self.git.directory.with_suffix(".filter")

    @property
    def _filter(self) -> str:
        found = read_text(self._filter_file)
        return found if found in FILTERS else FILTERS[0]

    def _ls_remote(self, *refs: str) -> dict[str, str]:
        return _refs(self._listed(*refs))

    def _listed(self, *refs: str) -> list[tuple[str, str]]:
        """The lines of `git ls-remote`: a commit's id and a ref; beside HEAD also `ref: ` and its branch."""
        result = self.git.run("ls-remote", "--quiet", "--symref", self.remote.url, *refs, seconds=ASK_SECONDS)
        if result.code:
            raise explain(result.error, self.remote) or UnavailableError(
                reason_of(result.error), where=self.remote.where
            )
        parts = (line.partition("\t") for line in result.output.decode("utf-8", "surrogateescape").splitlines())
        found = [(what, name) for what, _, name in parts if name]
        if not _refs(found) and self.remote.origin:
            self._check_speaks_git()
        return found

    def _check_speaks_git(self) -> None:
        """Raise BadInputError for a server whose answer is not in Git's protocol.

        Git takes any such page for a repository of its oldest kind that has no branch.
        """
        asked = self.git.run(
            *("ls-remote", "--quiet", self.remote.url), seconds=ASK_SECONDS, environment={"GIT_TRACE_PACKET": "1"}
        )
        if asked.code == 0 and "packet:" not in asked.error:
            raise BadInputError("the server does not answer as a Git server does", where=self.remote.where)


def _refs(listed: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The commits by their refs."""
    return {name: oid for oid, name in listed if _OID.fullmatch(oid)}


def _branches(listed: Sequence[tuple[str, str]]) -> list[str]:
    """The names of the branches: the server's default one, then the others sorted."""
    default = {what.removeprefix(_SYMBOLIC) for what, name in listed if name == "HEAD" and what.startswith(_SYMBOLIC)}
    branches = [name for name in _refs(listed) if name.startswith(_BRANCH)]
    return [name.removeprefix(_BRANCH) for name in sorted(branches, key=lambda name: (name not in default, name))]

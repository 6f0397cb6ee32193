"""Talking to the remote: where its branch stands, fetching it, and pushing by compare-and-swap.

A push names the commit that the branch must still stand at. Git's server takes it under a lock or refuses it, so a
process killed at any moment leaves the remote as before or as after. When the answer to a push is lost, the remote is
asked again before anything is said.

Fetched is as little as the server allows: one commit without its folders (`tree:0`), each of which is asked for when
it is walked; or with all folders and no files (`blob:none`); or, from a server that gives no parts, one whole commit.
Which of these is tried out once and remembered beside the cache.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from meshroll.errors import BadInputError, ConflictError, MeshrollError, UnavailableError
from meshroll.gitops.git.disk import is_disk
from meshroll.gitops.git.failures import declined, disk_of_server, explain, is_race, rejection, told
from meshroll.gitops.git.process import BrokenCacheError, Git, last_line
from meshroll.gitops.git.remote import Remote
from meshroll.text import one_line

ASK_SECONDS = 60.0
FETCH_SECONDS = 300.0
PUSH_SECONDS = 180.0
TIP = "refs/meshroll/tip"
FILTERS = ("tree:0", "blob:none", "")
_NAME = "meshroll-remote"  # in Git's settings of a single call: what lacks parts must have a name
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
        mine = self._ask(self.remote.ref)
        if self.remote.ref in mine:
            return mine[self.remote.ref]
        others = self._ask()
        if self.remote.ref in others:
            return others[self.remote.ref]
        names = sorted(name.removeprefix("refs/heads/") for name in others if name.startswith("refs/heads/"))
        if any(name.startswith("refs/") for name in others):
            expected = "one of its branches: " + ", ".join(names[:5]) if names else ""
            raise BadInputError(f"there is no branch {self.remote.branch}", where=self.remote.where, expected=expected)
        return ""

    def fetch(self) -> str:
        """Bring the newest commit of the branch into the cache; its id, or empty without any ref."""
        known = self._tip()
        head = self.head() if known else ""
        if known and (not head or head == known):
            return head
        try:
            self.deepen(1)
        except ConflictError:  # no such branch: is there any?
            if not self.head():
                return ""
            self.deepen(1)  # it came in between
        return self._tip()

    def deepen(self, depth: int) -> None:
        """Fetch the branch with so many commits of history; 0 means all of it."""
        amount = f"--depth={depth}" if depth else "--unshallow"
        self._fetch((amount,), (f"+{self.remote.ref}:{TIP}",))

    def supply(self, oids: Sequence[str]) -> None:
        """Fetch single objects, each without what is below it. From a server that gives none the cache begins anew."""
        if not self._filter:
            raise BrokenCacheError(f"the object {oids[0]} is missing", where=self.remote.where)
        # Telling the server what we have would make it believe that we have what is below.
        self._fetch(("--stdin",), (), "-c", "fetch.negotiationAlgorithm=noop", stdin="\n".join(oids).encode())

    def _fetch(self, options: Sequence[str], refs: Sequence[str], *settings: str, stdin: bytes = b"") -> None:
        part = self._filter
        source = self.remote.url
        if part:
            source = _NAME
            known = {"url": self.remote.url, "promisor": "true", "partialCloneFilter": part}
            settings += tuple(word for key, value in known.items() for word in ("-c", f"remote.{_NAME}.{key}={value}"))
            options = (f"--filter={part}", *options)
        result = self.git.run(
            *(*settings, "fetch", "--quiet", *options, "--no-tags", "--no-write-fetch-head"),
            *("--no-recurse-submodules", "--refmap=", source, *refs),
            stdin=stdin,
            seconds=FETCH_SECONDS,
        )
        if result.code:
            error = result.error.lower().replace(self.remote.url.lower(), "")
            if part and any(words in error for words in _PARTS_REFUSED):
                self._filter_file.write_text(FILTERS[FILTERS.index(part) + 1])
                raise FilterRefusedError(last_line(result.error), where=self.remote.where)
            raise explain(result.error, self.remote) or BrokenCacheError(
                last_line(result.error), where=self.remote.where
            )

    def push(self, commit: str, expected: str) -> bool:
        """Move the branch from `expected` (empty: it must not exist) to `commit`; False when it stands elsewhere.

        Raises BadInputError when the server declines for a reason of its own, ContendedError when it could not say.
        """
        ref = self.remote.ref
        try:
            result = self.git.run(
                *("push", "--porcelain", "--no-verify", "--no-signed", "--no-follow-tags"),
                *(f"--force-with-lease={ref}:{expected}", self.remote.url, f"{commit}:{ref}"),
                seconds=PUSH_SECONDS,
            )
            if result.code == 0:
                self.git.text("update-ref", "--no-deref", TIP, commit)
                return True
        except MeshrollError:
            if self._ask(ref).get(ref) == commit:
                return True
            raise
        stands_at = self._ask(ref).get(ref, "")
        if stands_at == commit:
            return True
        if stands_at != expected:
            return False
        reason = one_line(rejection(result.output.decode("utf-8", "backslashreplace")))
        if is_race(reason):
            raise ContendedError(f"the server could not move the branch ({reason})", where=self.remote.where)
        if is_disk(result.error):
            raise disk_of_server(result.error, self.remote)
        if reason:
            raise declined(reason, result.error, self.remote)
        raise explain(result.error, self.remote) or UnavailableError(last_line(result.error), where=self.remote.where)

    @property
    def _filter_file(self) -> Path:
        return self.git.directory.with_suffix(".filter")

    @property
    def _filter(self) -> str:
        try:
            found = self._filter_file.read_text()
        except OSError:
            return FILTERS[0]
        return found if found in FILTERS else FILTERS[0]

    def _tip(self) -> str:
        result = self.git.run("rev-parse", "--quiet", "--verify", f"{TIP}^{{commit}}")
        return result.output.decode().strip() if result.code == 0 else ""

    def _ask(self, *refs: str) -> dict[str, str]:
        result = self.git.run("ls-remote", "--quiet", self.remote.url, *refs, seconds=ASK_SECONDS)
        if result.code:
            raise explain(result.error, self.remote) or UnavailableError(told(result.error), where=self.remote.where)
        pairs = (line.partition("\t") for line in result.output.decode("utf-8", "surrogateescape").splitlines())
        found = {name: oid for oid, _, name in pairs if name and _OID.fullmatch(oid)}
        if not found and self.remote.origin:
            self._check_speaks_git()
        return found

    def _check_speaks_git(self) -> None:
        """Raise BadInputError for a server that answers without a word of Git's protocol.

        Git takes any such page for a repository of its oldest kind that has no branch.
        """
        asked = self.git.run(
            *("ls-remote", "--quiet", self.remote.url), seconds=ASK_SECONDS, environment={"GIT_TRACE_PACKET": "1"}
        )
        if asked.code == 0 and "packet:" not in asked.error:
            raise BadInputError("the server does not answer as a Git server does", where=self.remote.where)

"""Talking to the remote: where its branch stands, fetching it, and pushing by compare-and-swap.

A push names the commit that the branch must still stand at. Git's server takes it under a lock or refuses it, so a
process killed at any moment leaves the remote as before or as after. When the answer to a push is lost, the remote is
asked again before anything is said.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from meshroll.errors import BadInputError, ConflictError, MeshrollError, UnavailableError
from meshroll.gitops.command import BrokenCacheError, Git, last_line
from meshroll.gitops.remote import Remote

ASK_SECONDS = 60.0
FETCH_SECONDS = 300.0
PUSH_SECONDS = 180.0
TIP = "refs/meshroll/tip"
_OID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")

_REFUSED = (
    "authentication failed",
    "could not read username",
    "could not read password",
    "permission denied (",
    "access denied",
    "invalid credentials",
    "returned error: 401",
    "returned error: 403",
)
_ABSENT = ("does not appear to be a git repository", "repository not found", "returned error: 404")
_RACES = ("lock", "stale", "fetch first", "old value", "already exists", "failed to update ref")
_AWAY = (
    "could not resolve host",
    "couldn't connect",
    "could not connect",
    "connection refused",
    "connection reset",
    "connection timed out",
    "connection closed",
    "failed to connect",
    "operation timed out",
    "operation too slow",
    "no route to host",
    "network is unreachable",
    "name or service not known",
    "temporary failure in name resolution",
    "empty reply from server",
    "returned error: 5",
    "remote end hung up",
)


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
        """Bring the newest commit of the branch with its files into the cache; its id, or empty without any ref."""
        head = self.head()
        if not head or self._tip() == head:
            return head
        self.deepen(1)
        return self._tip()

    def deepen(self, depth: int) -> None:
        """Fetch the branch with so many commits of history; 0 means all of it."""
        amount = f"--depth={depth}" if depth else "--unshallow"
        result = self.git.run(
            *("fetch", "--quiet", amount, "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--refmap="),
            *(self.remote.url, f"+{self.remote.ref}:{TIP}"),
            seconds=FETCH_SECONDS,
        )
        if result.code:
            raise self._explain(result.error) or BrokenCacheError(last_line(result.error), where=self.remote.where)

    def push(self, commit: str, expected: str) -> bool:
        """Move the branch from `expected` (empty: it must not exist) to `commit`; False when it stands elsewhere.

        Raises BadInputError when the server declines for a reason of its own.
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
        reason = _rejection(result.output.decode("utf-8", "backslashreplace"))
        if any(word in reason for word in _RACES):
            return False  # another push was under way; the next look shows what it did
        if reason:
            raise BadInputError(f"the server refused the push: {reason}", where=self.remote.where)
        raise self._explain(result.error) or UnavailableError(last_line(result.error), where=self.remote.where)

    def _tip(self) -> str:
        result = self.git.run("rev-parse", "--quiet", "--verify", f"{TIP}^{{commit}}")
        return result.output.decode().strip() if result.code == 0 else ""

    def _ask(self, *refs: str) -> dict[str, str]:
        result = self.git.run("ls-remote", "--quiet", self.remote.url, *refs, seconds=ASK_SECONDS)
        if result.code:
            raise self._explain(result.error) or UnavailableError(last_line(result.error), where=self.remote.where)
        pairs = (line.partition("\t") for line in result.output.decode("utf-8", "surrogateescape").splitlines())
        return {name: oid for oid, _, name in pairs if name and _OID.fullmatch(oid)}

    def _explain(self, error: str) -> MeshrollError | None:
        """Git's many words for a few troubles."""
        text, where = error.lower(), self.remote.where
        if any(words in text for words in _REFUSED):
            given = "refused the credentials" if self.remote.password else "wants credentials"
            return BadInputError(f"the server {given}", where=where, expected="repository.credentials that may write")
        if "host key verification failed" in text:
            return BadInputError("the server's host key is not known", where=where, expected="it in known_hosts")
        if "dubious ownership" in text:
            return BadInputError("it belongs to another user", where=where, expected="it in Git's safe.directory")
        if "mismatched algorithms" in text:
            return BadInputError("it is a SHA-256 repository", where=where, expected="one with SHA-1 object names")
        if any(words in text for words in _ABSENT) or re.search(r"repository '.*' not found", text):
            return BadInputError("there is no such repository", where=where)
        if any(words in text for words in _AWAY):
            return UnavailableError(f"it cannot be reached ({last_line(error)})", where=where)
        if "couldn't find remote ref" in text:
            return ConflictError(f"the branch {self.remote.branch} was deleted meanwhile", where=where)
        return None


def _rejection(porcelain: str) -> str:
    for line in porcelain.splitlines():
        if line.startswith("!"):
            return line.rpartition("\t")[2].strip()
    return ""

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
from meshroll.gitops.command import BrokenCacheError, Git, last_line
from meshroll.gitops.remote import Remote

ASK_SECONDS = 60.0
FETCH_SECONDS = 300.0
PUSH_SECONDS = 180.0
TIP = "refs/meshroll/tip"
FILTERS = ("tree:0", "blob:none", "")
_NAME = "meshroll-remote"  # in Git's settings of a single call: what lacks parts must have a name
_OID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")

_REFUSED = (
    "authentication failed",
    "could not read username",
    "could not read password",
    "permission denied (",
    "access denied",
    "invalid credentials",
    "returned error: 401",
)
_FORBIDDEN = (
    "returned error: 403",
    "not allowed to push",
    "write access to repository not granted",
    "insufficient permission",
    "unable to create temporary object directory",
    "you do not have permission",
    "the key you are authenticating with has been marked as read only",
)
_FORBIDDEN_TO = re.compile(r"permission to \S+ denied|denied by fallthru")
_ABSENT = ("does not appear to be a git repository", "repository not found", "returned error: 404")
_PARTS_REFUSED = ("unadvertised object", "not our ref", "not supported", "filter")
_CERTIFICATE = ("ssl certificate problem", "server certificate verification failed", "certificate verify failed")
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
    "bad gateway",
    "could not read from remote repository",
)


MAX_WORDS = 300


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
            if self.head():
                raise
            return ""
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
            error = result.error.lower()
            if part and any(words in error for words in _PARTS_REFUSED):
                self._filter_file.write_text(FILTERS[FILTERS.index(part) + 1])
                raise FilterRefusedError(last_line(result.error), where=self.remote.where)
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
            raise self._declined(reason, result.error)
        raise self._explain(result.error) or UnavailableError(last_line(result.error), where=self.remote.where)

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

    def _declined(self, reason: str, error: str) -> BadInputError:
        """A server's no to a push, with what it says itself, such as which rule protects the branch."""
        said = [line.partition("remote:")[2].strip(" !*=-") for line in error.splitlines() if "remote:" in line]
        words = "; ".join(line for line in said if line and not line.startswith("error: hook declined"))[:MAX_WORDS]
        if "protected" in f"{reason} {words}".lower():
            what = f"the branch {self.remote.branch} is protected"
            expected = "one that these credentials may push to"
        else:
            what, expected = "the server refused the push", ""
        return BadInputError(
            f"{what}: {reason}" + (f": {words}" if words else ""), where=self.remote.where, expected=expected
        )

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
            given = "refused the credentials" if self.remote.opened else "wants credentials"
            return BadInputError(f"the server {given}", where=where, expected="repository.credentials that may write")
        if any(words in text for words in _FORBIDDEN) or _FORBIDDEN_TO.search(text):
            what = "the credentials do not permit this" if self.remote.opened else "writing is not permitted"
            return BadInputError(what, where=where, expected="repository.credentials that may write")
        if "host key verification failed" in text or "no matching host key" in text:
            what = (
                "the server's host key has changed" if "has changed" in text else "the server's host key is not known"
            )
            return BadInputError(
                what, where=where, expected="it in known_hosts, once you have made sure that it is right"
            )
        if any(words in text for words in _CERTIFICATE):
            return BadInputError(
                f"the server's certificate is not trusted ({last_line(error)})",
                where=where,
                expected="its authority in repository.credentials.caFile or Git's http.sslCAInfo",
            )
        if "dubious ownership" in text:
            return BadInputError("it belongs to another user", where=where, expected="it in Git's safe.directory")
        if "mismatched algorithms" in text:
            return BadInputError("it is a SHA-256 repository", where=where, expected="one with SHA-1 object names")
        if any(words in text for words in _ABSENT) or re.search(r"repository '.*' not found", text):
            return BadInputError("there is no such repository", where=where)
        if any(words in text for words in _AWAY):
            return UnavailableError(f"it cannot be reached ({last_line(error)}); trying again may help", where=where)
        if "couldn't find remote ref" in text:
            return ConflictError(f"the branch {self.remote.branch} was deleted meanwhile", where=where)
        return None


def _rejection(porcelain: str) -> str:
    for line in porcelain.splitlines():
        if line.startswith("!"):
            return line.rpartition("\t")[2].strip()
    return ""

"""Questions about the past of the branch, answered from as little of it as possible.

The cache holds one commit; history is fetched in growing steps and only when one of these questions comes up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from meshroll.gitops.cache import open_cache, retried
from meshroll.gitops.command import Git, printable
from meshroll.gitops.remote import Remote
from meshroll.gitops.transport import TIP, Transport

DEPTHS = (16, 256, 4096, 0)


@dataclass(frozen=True)
class Change:
    """Who last changed a file."""

    commit: str
    author: str
    subject: str

    def __str__(self) -> str:
        return f"{self.author} in {self.commit[:12]} ({self.subject})"


def is_descendant(remote: Remote, commit: str, ancestor: str, *, cache: Path | None = None) -> bool:
    """Whether `commit` is `ancestor` or holds it in its past, as far as the branch tells."""
    return commit == ancestor or retried(lambda: _is_descendant(remote, commit, ancestor, cache))


def _is_descendant(remote: Remote, commit: str, ancestor: str, cache: Path | None) -> bool:
    with open_cache(remote, cache) as git:
        transport = Transport(git, remote)
        if not transport.fetch():
            return False
        for _ in _deeper(transport):
            if git.run("merge-base", "--is-ancestor", ancestor, commit).code == 0:
                return True
            if git.run("merge-base", "--is-ancestor", commit, ancestor).code == 0:
                return False  # it is the older one: no need to look at all of history
    return False


def last_change(transport: Transport, file: str) -> Change | None:
    """The newest commit of the fetched branch that changed a file."""
    for edge in _deeper(transport):
        result = transport.git.run("rev-list", "-1", "--format=%H%x00%an%x00%s", TIP, "--", file)
        commit, _, rest = result.output.decode("utf-8", "backslashreplace").strip().partition("\n")[2].partition("\0")
        author, _, subject = rest.partition("\0")
        if result.code == 0 and commit and commit not in edge:
            return Change(commit, printable(author), printable(subject))
    return None


def _deeper(transport: Transport) -> Iterator[frozenset[str]]:
    """Ask again with more history each time; yields the commits at its edge, whose changes cannot be told yet."""
    edge = _edge(transport.git)
    yield edge
    for depth in DEPTHS:
        if not edge:
            return
        transport.deepen(depth)
        edge = _edge(transport.git)
        yield edge


def _edge(git: Git) -> frozenset[str]:
    try:
        return frozenset((git.directory / "shallow").read_text().split())
    except FileNotFoundError:
        return frozenset()

"""Symbolic links and submodules among the files of a repository: never followed, so each says where it leads."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from meshroll.errors import BadInputError
from meshroll.gitops.git import LINKS, TreeEntry, Trees

SYMBOLIC = "120000"
MAX_SHOWN = 200  # characters of a link's text


@dataclass(frozen=True)
class Link:
    """A link of either kind, and the path in the repository that it leads to, None where it leads out of it."""

    path: str
    what: str
    target: str | None = None

    @property
    def reason(self) -> str:
        """Why what is behind it is not read."""
        return f"it is {self.what}, which is not followed"

    @property
    def remedy(self) -> str:
        """What to plan on instead."""
        if self.target is not None:
            return f"the path {self.target}"
        return "a plain file or folder" if self.what.startswith(LINKS[SYMBOLIC]) else "a plan in its own repository"

    def refusal(self, rest: str = "") -> BadInputError:
        """The error for a path that leads through it to `rest`."""
        remedy = posixpath.join(self.remedy, rest) if self.target is not None and rest else self.remedy
        return BadInputError(self.reason, where=self.path, expected=remedy)


def link_at(trees: Trees, tree: str, path: str, entry: TreeEntry) -> Link:
    """The link that stands at a path of a tree."""
    what = LINKS[entry.mode]
    if entry.mode != SYMBOLIC:
        return Link(path, what)
    text = trees.read(entry, path).decode("utf-8", "backslashreplace")[:MAX_SHOWN]
    target = posixpath.normpath(posixpath.join(posixpath.dirname(path), text))
    return Link(path, f"{what} to {text}", target if _is_there(trees, tree, target) else None)


def _is_there(trees: Trees, tree: str, path: str) -> bool:
    try:
        return trees.find(tree, path) is not None
    except BadInputError:  # outside the repository, or behind another link
        return False

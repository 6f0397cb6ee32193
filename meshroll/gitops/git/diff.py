"""What a change of some files looks like: Git's own unified diff, fit for a terminal, a log and a review."""

from __future__ import annotations

from collections.abc import Mapping

from meshroll.gitops.git.process import Git
from meshroll.gitops.git.trees import Trees
from meshroll.text import printable


def unified(git: Git, trees: Trees, tree: str, changes: Mapping[str, tuple[str, str] | None]) -> str:
    """The diff from a tree to the one with files (mode, blob) put in place and, for None, removed; empty for none."""
    if not changes:
        return ""
    text = git.text(
        *("-c", "core.quotePath=false"),  # names beyond ASCII as they are; `printable` escapes what hides something
        *("diff-tree", "-r", "-p", "--no-commit-id", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-color"),
        *("--text", "--unified=3", "--diff-algorithm=myers", "--src-prefix=a/", "--dst-prefix=b/"),
        *(tree or trees.write("", {}), trees.write(tree, changes)),
    )
    return printable(text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace") + "\n")

"""Git: one branch of a remote repository, read and committed to through a private bare cache. Knows no Meshroll.

Every process of `git` is started here, with constant options, a cleaned environment and a time limit (`process.py`).
"""

from meshroll.gitops.git.cache import open_cache, retried
from meshroll.gitops.git.commit import NO_CONFIGURATION, Message, Style, make_commit
from meshroll.gitops.git.diff import unified
from meshroll.gitops.git.log import (
    FileAuthor,
    change_of,
    check_past,
    fetch_base,
    fetch_commit,
    file_at,
    growing_history,
    is_ancestor,
    is_known,
    last_change,
)
from meshroll.gitops.git.process import Git, last_line
from meshroll.gitops.git.remote import DEFAULT_BRANCH, Remote
from meshroll.gitops.git.ssh import key_text
from meshroll.gitops.git.trailers import trailers_of
from meshroll.gitops.git.transport import TIP, ContendedError, Transport
from meshroll.gitops.git.trees import LINKS, TREE, LinkError, TreeEntry, Trees, blob_of, path_names, root_of, tree_of

__all__ = [
    "DEFAULT_BRANCH",
    "LINKS",
    "NO_CONFIGURATION",
    "TIP",
    "TREE",
    "ContendedError",
    "FileAuthor",
    "Git",
    "LinkError",
    "Message",
    "Remote",
    "Style",
    "Transport",
    "TreeEntry",
    "Trees",
    "blob_of",
    "change_of",
    "check_past",
    "fetch_base",
    "fetch_commit",
    "file_at",
    "growing_history",
    "is_ancestor",
    "is_known",
    "key_text",
    "last_change",
    "last_line",
    "make_commit",
    "open_cache",
    "path_names",
    "retried",
    "root_of",
    "trailers_of",
    "tree_of",
    "unified",
]

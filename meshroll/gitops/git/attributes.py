"""Which files of a tree the repository's own `.gitattributes` hand to a filter, read by Git and run by nobody.

A filter (Git LFS, git-crypt) is a program on whoever checks out: what Git holds of such a file is not what its readers
see, and bytes written past it are not what its owners meant.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from meshroll.gitops.git.process import Git

ATTRIBUTES = ".gitattributes"
_NO_DRIVER = frozenset({"unspecified", "unset", "set"})  # gitattributes(5); a filter of such a name looks the same


def filters(git: Git, attributes: Mapping[str, str], files: Collection[str]) -> dict[str, str]:
    """The filter's name for each of `files` that has one, by the `.gitattributes` files given as path and blob."""
    index = git.directory / "attributes.index"
    index.unlink(missing_ok=True)
    environment = {"GIT_INDEX_FILE": str(index)}
    # An index of nothing but these files: Git reads attributes from there where no work tree is.
    git.text(
        *("update-index", "-z", "--index-info"),
        stdin=b"".join(b"100644 %b\t%b\0" % (oid.encode(), _raw(path)) for path, oid in attributes.items()),
        environment=environment,
    )
    answer = git.text(
        *("check-attr", "-z", "--cached", "--stdin", "filter"),
        stdin=b"".join(_raw(file) + b"\0" for file in files),
        environment=environment,
    )
    index.unlink(missing_ok=True)
    parts = answer.split("\0")
    found = dict(zip(parts[::3], parts[2::3], strict=False))
    return {file: name for file, name in found.items() if name not in _NO_DRIVER}


def _raw(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")

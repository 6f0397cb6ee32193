"""The objects that Argo CD applies from a folder of an adopted repository, as far as they are in plain files.

Of a folder that Kustomize builds, the local folders and files that its kustomizations name are read too.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from meshroll.errors import BadInputError
from meshroll.gitops.git import Git, Remote, Transport, Trees, open_cache, retried, tree_of
from meshroll.gitops.planners.contents import KUSTOMIZATIONS, is_below
from meshroll.gitops.planners.files import Files
from meshroll.gitops.planners.kustomize import named_folders
from meshroll.gitops.planners.workloads import objects
from meshroll.yamltext import Text


@dataclass(frozen=True)
class Applied:
    """What is in a folder; `troubles` are what could not be read of it, `namespaces` what kustomizations set."""

    objects: tuple[Mapping[str, Any], ...] = ()
    namespaces: tuple[str, ...] = ()
    troubles: tuple[str, ...] = ()
    built: bool = False  # there are kustomizations


def read_applied(remote: Remote, folders: Iterable[str], *, cache: Path | None = None) -> dict[str, Applied]:
    """What is in each of the folders at the branch's head; nothing in one that does not exist.

    Raises what reaching the server raises.
    """
    wanted = list(dict.fromkeys(folders))

    def read() -> dict[str, Applied]:
        with open_cache(remote, cache) as git:
            trees, tree = Trees(git), tree_of(git, Transport(git, remote).fetch())
            return {folder: applied_in(git, trees, tree, folder.strip("/")) for folder in wanted}

    return retried(read)


def applied_in(git: Git, trees: Trees, tree: str, folder: str) -> Applied:
    """What is in one folder of a tree."""
    found: list[Mapping[str, Any]] = []
    namespaces: list[str] = []
    troubles: list[str] = []
    ahead, read, built = [folder], list[str](), False
    while ahead:
        path = ahead.pop(0)
        if any(is_below(path, other) for other in read):
            continue
        read.append(path)
        try:
            if trees.find(tree, path) is None:
                continue
            files = Files(git, trees, tree, path)
            texts = list(files.mentioning(""))
        except BadInputError as error:
            troubles.append(str(error))
            continue
        troubles += [str(error) for error in files.troubles("")]
        for text in texts:
            if PurePosixPath(text.where).name in KUSTOMIZATIONS:
                built = True
                namespaces += _values(text, "namespace")
                ahead += [near for near in named_folders(text, posixpath.dirname(text.where)) if near]
            else:
                found += [item for _, item in objects(text)]
    return Applied(tuple(found), tuple(dict.fromkeys(namespaces)), tuple(dict.fromkeys(troubles)), built)


def _values(text: Text, key: str) -> Iterator[str]:
    """The text of a kustomization's key, or those of its list."""
    for document in text.documents:
        value = document.get(key) if isinstance(document, dict) else None
        yield from (item for item in (value if isinstance(value, list) else [value]) if isinstance(item, str) and item)

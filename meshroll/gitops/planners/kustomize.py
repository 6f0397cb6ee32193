"""What kustomize makes of a workload's images and labels, as far as the files in the repository tell: who wins.

A kustomization applies, in this order, its resources and bases, its components, its patches, its names and labels, its
images and its replacements (kustomize's configureBuiltinTransformers, api/internal/target). What sets a value last
wins, so a change anywhere else changes nothing. Resources of other repositories are not read; what is missing is
refused.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from meshroll.errors import BadInputError
from meshroll.gitops.planners.kustomize_patches import Patch, apply_patch
from meshroll.gitops.planners.kustomize_transformers import apply_images, apply_labels, apply_replacement
from meshroll.gitops.planners.kustomize_values import Built, items, plain
from meshroll.gitops.planners.workloads import workloads
from meshroll.manifests.index import at
from meshroll.yamltext import Text, join_pointer

_REMOTE = re.compile(r".*://|git@|gh:|(?:github\.com|gitlab\.com|bitbucket\.org)[/:]|[^?]*\?(?:.*&)?(?:ref|version)=")
CONTAINERS = ("containers", "initContainers")
MAX_DEPTH = 32


class Folders(Protocol):
    """The repository's files, by their paths from its root."""

    def kustomization(self, folder: str) -> Text | None:
        """The kustomization of a folder, None where there is none. Raises BadInputError for one that cannot be read."""

    def manifest(self, file: str) -> Text | None:
        """A YAML or JSON file, None where there is none. Raises BadInputError for one that cannot be read."""

    def holds(self, file: str, text: str) -> bool | None:
        """Whether a text occurs in a file, without parsing it; None where there is none."""


def build(folders: Folders, folder: str, service: str) -> tuple[list[Built], frozenset[str]]:
    """The workloads that the kustomization of a folder builds from files that name a service, and all files it uses.

    Raises BadInputError for a kustomization that cannot be read, that is missing where another names it, or that names
    itself.
    """
    builder = _Builder(folders, service)
    return builder.folder(folder, ()), frozenset(builder.used)


def is_remote(name: str) -> bool:
    """Whether a kustomization takes a resource of this name from elsewhere than its own repository."""
    return _REMOTE.match(name) is not None


def takes_from_elsewhere(text: Text) -> bool:
    """Whether a kustomization takes something from another repository, or names nothing at all."""
    names = list(_named(text))
    return not names or any(is_remote(name) for name in names)


def named_folders(text: Text, folder: str) -> Iterator[str]:
    """What a kustomization names as resources, bases and components of the same repository, as paths from its root."""
    for name in _named(text):
        if not is_remote(name):
            yield _beside(folder, name)


def _named(text: Text) -> Iterator[str]:
    for document in text.documents:
        for key in ("resources", "bases", "components"):
            yield from _texts(document, key)


class _Builder:
    def __init__(self, folders: Folders, service: str) -> None:
        self._folders, self._service = folders, service
        self.used: set[str] = set()

    def folder(self, folder: str, seen: tuple[str, ...]) -> list[Built]:
        text = self._folders.kustomization(folder)
        if text is None:
            raise _missing(folder)
        self._check(folder, seen)
        self.used.add(text.where)
        found: list[Built] = []
        document: Any = next(iter(text.documents), None)
        for name in (*_texts(document, "resources"), *_texts(document, "bases")):
            if not is_remote(name):
                found += self._resource(_beside(folder, name), (*seen, folder))
        for name in _texts(document, "components"):
            if not is_remote(name):
                self._component(_beside(folder, name), found, (*seen, folder))
        self._transform(text, document, folder, found)
        return found

    def _check(self, folder: str, seen: tuple[str, ...]) -> None:
        if folder in seen or len(seen) > MAX_DEPTH:
            raise BadInputError("the kustomization names itself through others", where=folder or "/")

    def _resource(self, path: str, seen: tuple[str, ...]) -> list[Built]:
        if self._folders.kustomization(path) is not None:
            return self.folder(path, seen)
        self.used.add(path)
        holds = self._folders.holds(path, self._service)
        if holds is None:
            raise BadInputError(f"{seen[-1] or '/'} names it as a resource, and it is not there", where=path)
        text = self._folders.manifest(path) if holds else None
        return [plain(workload) for workload in workloads([text])] if text else []

    def _component(self, folder: str, found: list[Built], seen: tuple[str, ...]) -> None:
        text = self._folders.kustomization(folder)
        if text is None:
            raise _missing(folder)
        self._check(folder, seen)
        self.used.add(text.where)
        document: Any = next(iter(text.documents), None)
        for name in _texts(document, "resources"):
            if not is_remote(name):
                found += self._resource(_beside(folder, name), (*seen, folder))
        for name in _texts(document, "components"):
            self._component(_beside(folder, name), found, (*seen, folder))
        self._transform(text, document, folder, found)

    def _transform(self, text: Text, document: Any, folder: str, found: list[Built]) -> None:
        for patch in self._patches(text, document, folder):
            apply_patch(patch, found)
        prefix, suffix = str(at(document, "namePrefix") or ""), str(at(document, "nameSuffix") or "")
        for item in found:
            item.name = f"{prefix}{item.name}{suffix}"
        apply_labels(text, document, found)
        apply_images(text, document, found)
        for place, entry in self._replacements(document, folder):
            apply_replacement(text, place, entry, found)

    def _replacements(self, document: Any, folder: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for number, entry in enumerate(items(document, "replacements")):
            pointer = join_pointer((0, "replacements", number))
            if isinstance(entry, Mapping) and isinstance(entry.get("path"), str):
                for found in self._file(folder, entry["path"]).documents:
                    for item in found if isinstance(found, list) else [found]:
                        if isinstance(item, Mapping):
                            yield pointer, item
            elif isinstance(entry, Mapping):
                yield pointer, entry

    def _patches(self, text: Text, document: Any, folder: str) -> Iterator[Patch]:
        for number, entry in enumerate(items(document, "patchesStrategicMerge")):
            if isinstance(entry, str):
                written = _written(text, join_pointer((0, "patchesStrategicMerge", number)), {})
                yield written or self._in_file(folder, entry, {})
        for key in ("patches", "patchesJson6902"):
            for number, entry in enumerate(items(document, key)):
                if isinstance(entry, Mapping):
                    selector = entry.get("target")
                    target: Mapping[str, Any] = selector if isinstance(selector, Mapping) else {}
                    if isinstance(entry.get("path"), str):
                        yield self._in_file(folder, entry["path"], target)
                    elif written := _written(text, join_pointer((0, key, number, "patch")), target):
                        yield written

    def _in_file(self, folder: str, name: str, target: Mapping[str, Any]) -> Patch:
        file = self._file(folder, name)
        return Patch(file, target, file)

    def _file(self, folder: str, name: str) -> Text:
        path = _beside(folder, name)
        self.used.add(path)
        text = self._folders.manifest(path)
        if text is None:
            raise BadInputError(f"the kustomization in {folder or '/'} names it, and it is not there", where=path)
        return text


def _texts(document: Any, key: str) -> list[str]:
    return [item for item in items(document, key) if isinstance(item, str)]


def _beside(folder: str, name: str) -> str:
    path = posixpath.normpath(posixpath.join("/", folder, name))
    return path.strip("/")


def _missing(folder: str) -> BadInputError:
    return BadInputError("there is no kustomization in this folder, which another one names", where=folder or "/")


def _written(text: Text, pointer: str, target: Mapping[str, Any]) -> Patch | None:
    """The patch in a text of a kustomization, None where it holds none. Raises BadInputError for one not in YAML."""
    content = text.within(pointer)
    return Patch(content, target, text, pointer) if content else None

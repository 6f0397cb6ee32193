"""What kustomize makes of a workload's images and labels, as far as the files in the repository tell: who wins.

A kustomization applies, in this order, its resources and bases, its components, its patches, its names and labels, its
images and its replacements (kustomize's configureBuiltinTransformers, api/internal/target). What sets a value last
wins, so a change anywhere else changes nothing. Resources of other repositories are not read; what is missing is
refused.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Protocol

from meshroll.errors import BadInputError
from meshroll.gitops.planners import images
from meshroll.gitops.planners.workloads import TEMPLATE, Workload, workloads
from meshroll.manifests.index import at
from meshroll.yamltext import Text, join_pointer

_REMOTE = re.compile(r".*://|git@|gh:|(?:github\.com|gitlab\.com|bitbucket\.org)[/:]|[^?]*\?(?:.*&)?(?:ref|version)=")
_CONTAINERS = ("containers", "initContainers")
MAX_DEPTH = 32


class Folders(Protocol):
    """The repository's files, by their paths from its root."""

    def kustomization(self, folder: str) -> Text | None:
        """The kustomization of a folder, None where there is none. Raises BadInputError for one that cannot be read."""

    def manifest(self, file: str) -> Text | None:
        """A YAML or JSON file, None where there is none. Raises BadInputError for one that cannot be read."""

    def holds(self, file: str, text: str) -> bool | None:
        """Whether a text occurs in a file, without parsing it; None where there is none."""


@dataclass(frozen=True)
class Winner:
    """What sets a value last. `blocked` says why it cannot be edited where it stands; empty when it can."""

    text: Text
    pointer: str
    what: str
    by_entry: bool = False  # an entry of `images`, which holds a tag or a digest instead of a whole image
    by_labels: bool = False  # `labels` or `commonLabels` of a kustomization
    blocked: str = ""

    @property
    def at(self) -> str:
        """`file:line`."""
        return self.text.place(self.pointer)


@dataclass(frozen=True)
class Container:
    """A container as built: the image's name without tag, and what sets its tag or digest (None: nothing does)."""

    name: str
    image: str
    winner: Winner
    stays: bool  # not an init container
    index: int


@dataclass
class Built:
    """A workload as a kustomization builds it."""

    workload: Workload
    name: str
    containers: list[Container] = field(default_factory=list)
    labels: dict[str, Winner] = field(default_factory=dict)


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


def named_folders(text: Text, folder: str) -> Iterator[str]:
    """What a kustomization names as resources, bases and components of the same repository, as paths from its root."""
    for document in text.documents:
        for key in ("resources", "bases", "components"):
            for name in _texts(document, key):
                if not is_remote(name):
                    yield _beside(folder, name)


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
            _apply_patch(patch, found)
        prefix, suffix = str(at(document, "namePrefix") or ""), str(at(document, "nameSuffix") or "")
        for item in found:
            item.name = f"{prefix}{item.name}{suffix}"
        _apply_labels(text, document, found)
        _apply_images(text, document, found)
        for place, entry in self._replacements(document, folder):
            _apply_replacement(text, place, entry, found)

    def _replacements(self, document: Any, folder: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for number, entry in enumerate(_items(document, "replacements")):
            pointer = join_pointer((0, "replacements", number))
            if isinstance(entry, Mapping) and isinstance(entry.get("path"), str):
                for found in self._file(folder, entry["path"]).documents:
                    for item in found if isinstance(found, list) else [found]:
                        if isinstance(item, Mapping):
                            yield pointer, item
            elif isinstance(entry, Mapping):
                yield pointer, entry

    def _patches(self, text: Text, document: Any, folder: str) -> Iterator[_Patch]:
        for number, entry in enumerate(_items(document, "patchesStrategicMerge")):
            pointer = join_pointer((0, "patchesStrategicMerge", number))
            if isinstance(entry, str) and "\n" in entry:
                yield _Patch(text, pointer, None, _inline(entry, text), {})
            elif isinstance(entry, str):
                yield _Patch(text, pointer, self._file(folder, entry), None, {})
        for key in ("patches", "patchesJson6902"):
            for number, entry in enumerate(_items(document, key)):
                if isinstance(entry, Mapping):
                    selector = entry.get("target")
                    target: Mapping[str, Any] = selector if isinstance(selector, Mapping) else {}
                    pointer = join_pointer((0, key, number))
                    if isinstance(entry.get("path"), str):
                        yield _Patch(text, pointer, self._file(folder, entry["path"]), None, target)
                    elif isinstance(entry.get("patch"), str):
                        yield _Patch(text, pointer, None, _inline(entry["patch"], text), target)

    def _file(self, folder: str, name: str) -> Text:
        path = _beside(folder, name)
        self.used.add(path)
        text = self._folders.manifest(path)
        if text is None:
            raise BadInputError(f"the kustomization in {folder or '/'} names it, and it is not there", where=path)
        return text


@dataclass(frozen=True)
class _Patch:
    """A patch in a file of its own (`file`) or written in the kustomization (`inline`, parsed)."""

    text: Text
    pointer: str
    file: Text | None
    inline: Text | None
    target: Mapping[str, Any]

    @property
    def content(self) -> Text | None:
        return self.file or self.inline

    def winner(self, pointer: str, what: str) -> Winner:
        if self.file is not None:
            return Winner(self.file, pointer, f"{what} in the patch {self.file.where}")
        blocked = f"the patch written in {self.text.place(self.pointer)} sets it"
        return Winner(self.text, self.pointer, f"{what} in an inline patch", blocked=blocked)


def plain(workload: Workload) -> Built:
    """A workload as its file has it."""
    built = Built(workload, workload.name)
    for key in _CONTAINERS:
        found = workload.value(*TEMPLATE, "spec", key)
        for index, item in enumerate(found if isinstance(found, list) else ()):
            image = item.get("image") if isinstance(item, Mapping) else None
            if isinstance(image, str):
                pointer = workload.pointer(*TEMPLATE, "spec", key, index, "image")
                what = f"image of {item.get('name', '')} in {workload.kind} {workload.name}"
                winner = Winner(workload.text, pointer, what)
                name = images.parts(image)[0]
                built.containers.append(Container(str(item.get("name", "")), name, winner, key == "containers", index))
    labels = workload.value(*TEMPLATE, "metadata", "labels")
    for name in labels if isinstance(labels, Mapping) else ():
        what = f"label {name} of {workload.kind} {workload.name}"
        built.labels[name] = Winner(workload.text, workload.pointer(*TEMPLATE, "metadata", "labels", name), what)
    return built


def _apply_patch(patch: _Patch, found: Iterable[Built]) -> None:
    text = patch.content
    if text is None:
        return
    for index, document in enumerate(text.documents):
        if isinstance(document, list):
            for built in found:
                if _targets(patch.target, built):
                    _apply_operations(patch, document, index, built)
        elif isinstance(document, Mapping):
            for built in found:
                own = (document.get("kind"), at(document, "metadata", "name"))
                if _targets(patch.target, built) if patch.target else own in _names(built):
                    _merge(patch, document, index, built)


def _names(built: Built) -> set[tuple[Any, Any]]:
    return {(built.workload.kind, built.name), (built.workload.kind, built.workload.name)}


def _targets(target: Mapping[str, Any], built: Built) -> bool:
    """Whether a selector means a workload: kind equal, name as an anchored regular expression, as kustomize has it."""
    kind, name = target.get("kind"), target.get("name")
    if not target or (kind and not _matches(str(kind), built.workload.kind)):
        return False
    return not name or any(_matches(str(name), own) for own in (built.name, built.workload.name))


def _matches(pattern: str, text: str) -> bool:
    try:
        return re.fullmatch(pattern, text) is not None
    except re.error:
        return pattern == text


def _merge(patch: _Patch, document: Mapping[str, Any], index: int, built: Built) -> None:
    for key in _CONTAINERS:
        found = at(document, *TEMPLATE, "spec", key)
        for number, item in enumerate(found if isinstance(found, list) else ()):
            image = item.get("image") if isinstance(item, Mapping) else None
            if isinstance(image, str):
                pointer = join_pointer((index, *TEMPLATE, "spec", key, number, "image"))
                winner = patch.winner(pointer, f"image of {item.get('name', '')}")
                _set_image(built, partial(_is_called, item.get("name")), image, winner)
    labels = at(document, *TEMPLATE, "metadata", "labels")
    for name in labels if isinstance(labels, Mapping) else ():
        built.labels[name] = patch.winner(join_pointer((index, *TEMPLATE, "metadata", "labels", name)), f"label {name}")


def _apply_operations(patch: _Patch, document: Sequence[Any], index: int, built: Built) -> None:
    for number, operation in enumerate(document):
        path = operation.get("path") if isinstance(operation, Mapping) else None
        if not isinstance(path, str) or operation.get("op") not in ("add", "replace"):
            continue
        winner = patch.winner(join_pointer((index, number, "value")), path)
        image = re.fullmatch(r"/spec/template/spec/(containers|initContainers)/(\d+)/image", path)
        label = re.fullmatch(r"/spec/template/metadata/labels/([^/]+)", path)
        value = operation.get("value")
        if image and isinstance(value, str):
            stays, at_index = image[1] == "containers", int(image[2])
            _set_image(built, partial(_is_at, stays, at_index), value, winner)
        elif label:
            built.labels[label[1].replace("~1", "/").replace("~0", "~")] = winner


def _is_called(name: Any, container: Container) -> bool:
    return bool(container.name == name)


def _is_at(stays: bool, index: int, container: Container) -> bool:
    return (container.stays, container.index) == (stays, index)


def _set_image(built: Built, chosen: Callable[[Container], bool], image: str, winner: Winner) -> None:
    name = images.parts(image)[0]
    built.containers = [replace(one, image=name, winner=winner) if chosen(one) else one for one in built.containers]


def _apply_labels(text: Text, document: Any, found: Iterable[Built]) -> None:
    common = at(document, "commonLabels")
    names = common if isinstance(common, Mapping) else ()
    entries = [(name, join_pointer((0, "commonLabels", name)), True) for name in names]
    for number, entry in enumerate(_items(document, "labels")):
        pairs = entry.get("pairs") if isinstance(entry, Mapping) else None
        if isinstance(pairs, Mapping):
            in_pods = bool(entry.get("includeSelectors") or entry.get("includeTemplates"))
            entries += [(name, join_pointer((0, "labels", number, "pairs", name)), in_pods) for name in pairs]
    for name, pointer, in_pods in entries:
        what = f"label {name} of the kustomization"
        for built in found:
            before = built.labels.get(name)
            if in_pods:
                built.labels[name] = Winner(text, pointer, what, by_labels=True)
            elif before is not None and before.by_labels:
                # kustomize 5.8 sets it in some of these cases and not in others.
                blocked = f"the labels of {before.at} set it in the pods, and these may do so too"
                built.labels[name] = Winner(text, pointer, what, by_labels=True, blocked=blocked)


def _apply_images(text: Text, document: Any, found: Iterable[Built]) -> None:
    for number, entry in enumerate(_items(document, "images")):
        if not isinstance(entry, Mapping) or not isinstance(entry.get("name"), str):
            continue
        key = next((key for key in ("digest", "newTag") if entry.get(key)), None)
        for built in found:
            for index, one in enumerate(built.containers):
                if one.image != entry["name"]:
                    continue
                new = replace(one, image=str(entry.get("newName") or one.image))
                if key:
                    pointer = join_pointer((0, "images", number, key))
                    what = f"kustomization image {entry['name']}"
                    new = replace(new, winner=Winner(text, pointer, what, by_entry=True))
                built.containers[index] = new


def _apply_replacement(text: Text, pointer: str, entry: Mapping[str, Any], found: Iterable[Built]) -> None:
    winner = Winner(text, pointer, "a replacement", blocked=f"the replacement in {text.place(pointer)} sets it")
    for target in _items(entry, "targets"):
        select = target.get("select") if isinstance(target, Mapping) else None
        if not isinstance(select, Mapping):
            continue
        paths = [path for path in _items(target, "fieldPaths") if isinstance(path, str)]
        for built in found:
            if _targets(select, built):
                if any(path.endswith(".image") for path in paths):
                    built.containers = [replace(one, winner=winner) for one in built.containers]
                for path in paths:
                    if path.startswith("spec.template.metadata.labels."):
                        built.labels[path.rpartition(".")[2]] = winner


def _items(value: Any, key: str) -> list[Any]:
    found = value.get(key) if isinstance(value, Mapping) else None
    return list(found) if isinstance(found, list) else []


def _texts(document: Any, key: str) -> list[str]:
    return [item for item in _items(document, key) if isinstance(item, str)]


def _beside(folder: str, name: str) -> str:
    path = posixpath.normpath(posixpath.join("/", folder, name))
    return path.strip("/")


def _missing(folder: str) -> BadInputError:
    return BadInputError("there is no kustomization in this folder, which another one names", where=folder or "/")


def _inline(content: str, text: Text) -> Text | None:
    from meshroll.yamltext import parse

    try:
        return parse(content.encode(), text.where)
    except BadInputError:
        return None

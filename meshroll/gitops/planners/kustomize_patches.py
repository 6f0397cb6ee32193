"""What a patch of a kustomization sets: strategic merges and JSON operations, in a file or written inline."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from meshroll.gitops.planners.kustomize_operations import apply_operation
from meshroll.gitops.planners.kustomize_values import CONTAINERS, Built, Container, Winner, set_image
from meshroll.gitops.planners.workloads import TEMPLATE
from meshroll.manifests.index import at
from meshroll.yamltext import Text, join_pointer


@dataclass(frozen=True)
class Patch:
    """A patch in a file of its own, or in a text of the kustomization, which begins at `base` there."""

    content: Text
    target: Mapping[str, Any]
    file: Text
    base: str = ""

    def winner(self, pointer: str, what: str) -> Winner:
        """What a pointer of the patch sets."""
        place = f"written in {self.file.where}" if self.base else self.file.where
        return Winner(self.file, self.base + pointer, f"{what} in the patch {place}")


def apply_patch(patch: Patch, found: Iterable[Built]) -> None:
    """Let a patch set what it sets in the workloads that it is for."""
    for index, document in enumerate(patch.content.documents):
        if isinstance(document, list):
            for built in found:
                if targets(patch.target, built):
                    _apply_operations(patch, document, index, built)
        elif isinstance(document, Mapping):
            for built in found:
                own = (document.get("kind"), at(document, "metadata", "name"))
                if targets(patch.target, built) if patch.target else own in _names(built):
                    _merge(patch, document, index, built)


def _names(built: Built) -> set[tuple[Any, Any]]:
    return {(built.workload.kind, built.name), (built.workload.kind, built.workload.name)}


def targets(target: Mapping[str, Any], built: Built) -> bool:
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


def _merge(patch: Patch, document: Mapping[str, Any], index: int, built: Built) -> None:
    for key in CONTAINERS:
        found = at(document, *TEMPLATE, "spec", key)
        for number, item in enumerate(found if isinstance(found, list) else ()):
            image = item.get("image") if isinstance(item, Mapping) else None
            if isinstance(image, str):
                pointer = join_pointer((index, *TEMPLATE, "spec", key, number, "image"))
                winner = patch.winner(pointer, f"image of {item.get('name', '')}")
                set_image(built, partial(_is_called, item.get("name")), image, winner)
    labels = at(document, *TEMPLATE, "metadata", "labels")
    for name in labels if isinstance(labels, Mapping) else ():
        pointer = join_pointer((index, *TEMPLATE, "metadata", "labels", name))
        built.set_label(name, patch.winner(pointer, f"label {name}"))


def _apply_operations(patch: Patch, document: Sequence[Any], index: int, built: Built) -> None:
    for number, operation in enumerate(document):
        if isinstance(operation, Mapping):
            apply_operation(operation, built, partial(_of_operation, patch, operation, index, number))


def _of_operation(
    patch: Patch, operation: Mapping[str, Any], index: int, number: int, tokens: tuple[str | int, ...]
) -> Winner:
    return patch.winner(join_pointer((index, number, "value", *tokens)), str(operation.get("path")))


def _is_called(name: Any, container: Container) -> bool:
    return bool(container.name == name)

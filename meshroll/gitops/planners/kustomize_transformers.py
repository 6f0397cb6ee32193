"""What the labels, images and replacements of a kustomization set in the workloads below it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from meshroll.gitops.planners.kustomize_patches import targets
from meshroll.gitops.planners.kustomize_values import Built, Source, Winner, items
from meshroll.manifests.index import at
from meshroll.yamltext import Text, join_pointer


def apply_labels(text: Text, document: Any, found: Iterable[Built]) -> None:
    """Let `commonLabels` and `labels` set the labels of pods."""
    common = at(document, "commonLabels")
    names = common if isinstance(common, Mapping) else ()
    entries = [(name, join_pointer((0, "commonLabels", name)), True) for name in names]
    for number, entry in enumerate(items(document, "labels")):
        pairs = entry.get("pairs") if isinstance(entry, Mapping) else None
        if isinstance(pairs, Mapping):
            in_pods = bool(entry.get("includeSelectors") or entry.get("includeTemplates"))
            entries += [(name, join_pointer((0, "labels", number, "pairs", name)), in_pods) for name in pairs]
    for name, pointer, in_pods in entries:
        what = f"label {name} of the kustomization"
        for built in found:
            before = built.labels.get(name)
            if in_pods:
                built.set_label(name, Winner(text, pointer, what, by_labels=True))
            elif before is not None and before.by_labels:
                # kustomize 5.8 sets it in some of these cases and not in others.
                blocked = f"the labels of {before.at} set it in the pods, and these may do so too"
                built.set_label(name, Winner(text, pointer, what, by_labels=True, blocked=blocked))


def apply_images(text: Text, document: Any, found: Iterable[Built]) -> None:
    """Let `images` set tags, digests and new names of the images that they name."""
    for number, entry in enumerate(items(document, "images")):
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
                    new = replace(new, winner=Winner(text, pointer, what, by_entry=True).instead_of(one.winner))
                built.containers[index] = new


def apply_replacement(text: Text, pointer: str, entry: Mapping[str, Any], found: Iterable[Built]) -> None:
    """Let a replacement, which cannot be edited, set the images and labels of its targets."""
    source = _source(entry.get("source"))
    blocked = f"the replacement in {text.place(pointer)} sets it" + (f" to {source}" if source else "")
    winner = Winner(text, pointer, "a replacement", blocked=blocked, source=source)
    for target in items(entry, "targets"):
        select = target.get("select") if isinstance(target, Mapping) else None
        if not isinstance(select, Mapping):
            continue
        paths = [path for path in items(target, "fieldPaths") if isinstance(path, str)]
        for built in found:
            if targets(select, built):
                if any(path.endswith(".image") for path in paths):
                    built.containers = [replace(one, winner=winner.instead_of(one.winner)) for one in built.containers]
                for path in paths:
                    if path.startswith("spec.template.metadata.labels."):
                        built.set_label(path.rpartition(".")[2], winner)


def _source(value: Any) -> Source | None:
    """What a replacement takes; without a path it is the object's name."""
    if at(value, "kind") is None or at(value, "name") is None:
        return None
    return Source(str(value["kind"]), str(value["name"]), str(value.get("fieldPath") or "metadata.name"))

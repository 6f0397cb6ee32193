"""What the operations of a JSON patch (RFC 6902) set in a workload: an image, a container, labels or more at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from meshroll.gitops.planners.kustomize_values import CONTAINERS, Built, Container, Winner, container_of
from meshroll.gitops.planners.workloads import TEMPLATE
from meshroll.manifests.index import at
from meshroll.yamltext import split_pointer

LABELS = (*TEMPLATE, "metadata", "labels")

Within = Callable[[tuple[str | int, ...]], Winner]
"""The winner that a part of an operation's value is, by the keys that lead to it there."""


def apply_operation(operation: Mapping[str, Any], built: Built, winner: Within) -> None:
    """Let an operation set, add or remove what it does. What it tests, copies or moves is passed over."""
    op, path, value = operation.get("op"), operation.get("path"), operation.get("value")
    if op not in ("add", "replace", "remove") or not isinstance(path, str) or not path.startswith("/"):
        return
    tokens = split_pointer(path)
    _labels(op, tokens, value, built, winner)
    for key in CONTAINERS:
        stays = key == "containers"
        own = [one for one in built.containers if one.stays == stays]
        others = [one for one in built.containers if one.stays != stays]
        made = _containers(op, tokens, value, own, (*TEMPLATE, "spec", key), stays, winner)
        changed = [_instead(one, own) for one in made]
        built.containers = [*changed, *others] if stays else [*others, *changed]


def _labels(op: str, path: tuple[str, ...], value: Any, built: Built, winner: Within) -> None:
    if path[:-1] == LABELS:
        if op == "remove":
            built.labels.pop(path[-1], None)
        else:
            built.set_label(path[-1], winner(()))
    elif LABELS[: len(path)] == path:
        rest = LABELS[len(path) :]
        found = at(value, *rest)
        names = found if isinstance(found, Mapping) else ()
        built.labels = {name: winner((*rest, name)).instead_of(built.labels.get(name)) for name in names}


def _instead(one: Container, before: list[Container]) -> Container:
    """A container after an operation; a new image knows what set that of the container of its name before."""
    old = next((each.winner for each in before if each.name == one.name), None)
    return one if one.winner == old or one.winner.over else replace(one, winner=one.winner.instead_of(old))


def _containers(
    op: str,
    path: tuple[str, ...],
    value: Any,
    own: list[Container],
    place: tuple[str, ...],
    stays: bool,
    winner: Within,
) -> list[Container]:
    """The containers of a list, which is at a place in the workload, after an operation."""
    if place[: len(path)] == path:
        rest = place[len(path) :]
        found = at(value, *rest)
        every = enumerate(found if isinstance(found, list) else ())
        return [one for index, item in every for one in _made(item, stays, index, (*rest, index), winner)]
    if path[: len(place)] != place:
        return own
    index = int(path[len(place)]) if path[len(place)].isdecimal() else max((one.index for one in own), default=-1) + 1
    match path[len(place) + 1 :]:
        case ("image",) if isinstance(value, str):
            image = container_of({"image": value}, stays, index, winner(()))
            return [replace(one, image=image.image, winner=image.winner) if one.index == index else one for one in own]
        case ("name",) if isinstance(value, str):
            return [replace(one, name=value) if one.index == index else one for one in own]
        case ():
            kept = [one for one in own if one.index != index or op == "add"]
            moved = {"add": 1, "remove": -1}.get(op, 0)
            kept = [replace(one, index=one.index + moved) if one.index >= index else one for one in kept]
            made = [] if op == "remove" else _made(value, stays, index, (), winner)
            return sorted([*kept, *made], key=lambda one: one.index)
    return own


def _made(item: Any, stays: bool, index: int, tokens: tuple[str | int, ...], winner: Within) -> Iterator[Container]:
    """The container that a part of an operation's value is, if it has an image."""
    if isinstance(item, Mapping) and isinstance(item.get("image"), str):
        yield container_of(item, stays, index, winner((*tokens, "image")))

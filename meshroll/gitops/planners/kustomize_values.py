"""A workload as a kustomization builds it: its images and labels, each with what sets it last."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from meshroll.gitops.planners import images
from meshroll.gitops.planners.workloads import TEMPLATE, Workload
from meshroll.yamltext import Text

CONTAINERS = ("containers", "initContainers")


@dataclass(frozen=True)
class Source:
    """The value that a replacement or a var takes: an object's kind and name, and the dotted path in it."""

    kind: str
    name: str
    path: str

    def __str__(self) -> str:
        return f"{self.path} of {self.kind} {self.name}"


@dataclass(frozen=True)
class Winner:
    """What sets a value last. `blocked` says why it cannot be edited where it stands; empty when it can."""

    text: Text
    pointer: str
    what: str
    by_entry: bool = False  # an entry of `images`, which holds a tag or a digest instead of a whole image
    by_labels: bool = False  # `labels` or `commonLabels` of a kustomization
    blocked: str = ""
    source: Source | None = None  # of a replacement
    over: Winner | None = None  # what set it before

    def instead_of(self, before: Winner | None) -> Winner:
        """The same, set after another one."""
        return replace(self, over=before)

    def overrides(self, file: str, pointer: str) -> bool:
        """Whether a place set the value before."""
        before = self.over
        return before is not None and (before.is_at(file, pointer) or before.overrides(file, pointer))

    def is_at(self, file: str, pointer: str) -> bool:
        """Whether it is a place of a file."""
        return (self.text.where, self.pointer) == (file, pointer)

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

    @property
    def winners(self) -> list[Winner]:
        """What sets its images and labels last."""
        return [*(one.winner for one in self.containers), *self.labels.values()]

    def set_label(self, name: str, winner: Winner) -> None:
        """Let something set a label of the pods."""
        self.labels[name] = winner.instead_of(self.labels.get(name))


def plain(workload: Workload) -> Built:
    """A workload as its file has it."""
    built = Built(workload, workload.name)
    for key in CONTAINERS:
        found = workload.value(*TEMPLATE, "spec", key)
        for index, item in enumerate(found if isinstance(found, list) else ()):
            image = item.get("image") if isinstance(item, Mapping) else None
            if isinstance(image, str):
                pointer = workload.pointer(*TEMPLATE, "spec", key, index, "image")
                what = f"image of {item.get('name', '')} in {workload.kind} {workload.name}"
                winner = Winner(workload.text, pointer, what)
                built.containers.append(container_of(item, key == "containers", index, winner))
    labels = workload.value(*TEMPLATE, "metadata", "labels")
    for name in labels if isinstance(labels, Mapping) else ():
        what = f"label {name} of {workload.kind} {workload.name}"
        built.labels[name] = Winner(workload.text, workload.pointer(*TEMPLATE, "metadata", "labels", name), what)
    return built


def container_of(item: Mapping[str, Any], stays: bool, index: int, winner: Winner) -> Container:
    """The container of an entry with an image."""
    return Container(str(item.get("name", "")), images.parts(str(item["image"]))[0], winner, stays, index)


def set_image(built: Built, chosen: Callable[[Container], bool], image: str, winner: Winner) -> None:
    """Let a patch set the image of the containers that are chosen."""
    name = images.parts(image)[0]
    built.containers = [
        replace(one, image=name, winner=winner.instead_of(one.winner)) if chosen(one) else one
        for one in built.containers
    ]


def items(value: Any, key: str) -> list[Any]:
    """The list at a key, empty where there is none."""
    found = value.get(key) if isinstance(value, Mapping) else None
    return list(found) if isinstance(found, list) else []

"""Workloads in parsed files: the objects that run a service's pods, by kind and name, each with its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from meshroll.manifests.index import at
from meshroll.yamltext import Text, join_pointer

KINDS = ("Rollout", "Deployment", "StatefulSet", "DaemonSet")
TEMPLATE = ("spec", "template")
Tokens = tuple[str | int, ...]


@dataclass(frozen=True)
class Workload:
    """One object of one file."""

    text: Text
    tokens: Tokens  # of the object: the document's index, and within a List `items` and the item's index
    kind: str
    name: str

    def pointer(self, *tokens: str | int) -> str:
        """The pointer of a value of the object."""
        return join_pointer((*self.tokens, *tokens))

    def value(self, *keys: str) -> Any:
        """A value of the object, None where a key on its path is missing."""
        return at(self.text.value(join_pointer(self.tokens)), *keys)

    @property
    def reference(self) -> tuple[str, str] | None:
        """Kind and name of the workload whose pods a Rollout takes over; None when its own template counts."""
        reference = self.value("spec", "workloadRef") if self.kind == "Rollout" else None
        return (str(at(reference, "kind")), str(at(reference, "name"))) if reference else None

    def containers(self) -> Iterator[tuple[str, str, bool]]:
        """Name, pointer of the image and whether it keeps running (no init container), for each with an image."""
        for key in ("containers", "initContainers"):
            found = self.value(*TEMPLATE, "spec", key)
            for index, item in enumerate(found if isinstance(found, list) else ()):
                if isinstance(item, dict) and isinstance(item.get("image"), str):
                    pointer = self.pointer(*TEMPLATE, "spec", key, index, "image")
                    yield str(item.get("name", "")), pointer, key == "containers"

    def __str__(self) -> str:
        return f"{self.kind} {self.name} ({self.text.place(join_pointer(self.tokens))})"


def workloads(texts: Iterable[Text]) -> Iterator[Workload]:
    """Every workload, in the order of the files."""
    for text in texts:
        for tokens, item in objects(text):
            if item["kind"] in KINDS:
                yield Workload(text, tokens, item["kind"], item["metadata"]["name"])


def objects(text: Text) -> Iterator[tuple[Tokens, dict[str, Any]]]:
    """Every object with a kind and a name in a file, also those of a List, with its place."""
    for index, document in enumerate(text.documents):
        for tokens, item in _objects((index,), document):
            if isinstance(item.get("kind"), str) and isinstance(at(item, "metadata", "name"), str):
                yield tokens, item


def _objects(tokens: Tokens, document: Any) -> Iterator[tuple[Tokens, dict[str, Any]]]:
    if not isinstance(document, dict):
        return
    yield tokens, document
    items = document.get("items") if str(document.get("kind")).endswith("List") else None
    for index, item in enumerate(items if isinstance(items, list) else ()):
        yield from _objects((*tokens, "items", index), item)

"""The places that one field stands for: scalars of parsed files, and what a version would make of each.

A field finds as many places as there are; whoever asks decides what more than one means.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from meshroll.errors import BadInputError
from meshroll.gitops.planners import images
from meshroll.gitops.planners.workloads import TEMPLATE, Workload, workloads
from meshroll.settings.fields import check_text
from meshroll.settings.model import Field
from meshroll.yamltext import Scalar, Text, join

_NAME = r"(?:\\.|[^.\[\]\\])+"
_DOTTED = re.compile(rf"{_NAME}(?:\.{_NAME}|\[[0-9]+\])*")
_STEP = re.compile(rf"{_NAME}|\[[0-9]+\]")


class Readable(Protocol):
    """The files of a repository below a path; `meshroll.gitops.planners.files.Files` is one."""

    path: str

    def mentioning(self, word: str) -> Iterator[Text]:
        """Those in which a word occurs."""

    def troubles(self, word: str) -> list[BadInputError]:
        """What is wrong with those in which a word occurs and that cannot be read."""

    def kustomizations(self) -> Iterator[Text]:
        """The kustomizations."""

    def named(self, name: str) -> Text:
        """One by its name."""


@dataclass(frozen=True)
class Location:
    """One scalar that holds a service's version, as a field found it."""

    field: Field
    text: Text
    pointer: str
    said: str  # what it is, for people
    workload: Workload | None = None

    @property
    def scalar(self) -> Scalar:
        """What is written there. Raises BadInputError where no scalar stands."""
        return self.text.scalar(self.pointer)

    @property
    def version(self) -> str | None:
        """The version that stands there, None when the pattern does not fit."""
        written = self.scalar.text
        return self.field.version(images.parts(written)[1] if self.field.kind == "image" else written)

    def after(self, version: str) -> str:
        """The scalar's text for a version. Raises BadInputError for one that the place cannot hold."""
        where = f"{self.text.place(self.pointer)} {self.pointer}"
        wanted = self.field.text(version)
        check_text(self.field, wanted, where)
        if self.field.kind == "image":
            return images.with_reference(self.scalar.text, wanted, where)
        pinned = self.field.kind == "kustomize" and self.pointer.endswith("/digest")
        if self.field.kind == "kustomize" and pinned != wanted.startswith("sha256:"):
            expected = "a digest, sha256:…" if pinned else "a tag"
            raise BadInputError(f"{wanted} cannot stand here", where=where, expected=expected)
        return wanted

    @property
    def at(self) -> str:
        """`file:line`."""
        return self.text.place(self.pointer)

    def __str__(self) -> str:
        return f"{self.said} ({self.at})"


def candidates(files: Readable, service: str, field: Field) -> list[Location]:
    """Every place that a field could mean. Raises BadInputError for a file that is named and cannot be read."""
    search: Callable[[Readable, str, Field], Iterable[Location]] = {
        "label": _labels,
        "image": _images,
        "kustomize": _kustomized,
        "helm": _in_values,
        "path": _at_pointer,
    }[field.kind]
    return list(search(files, service, field))


def _labels(files: Readable, service: str, field: Field) -> Iterator[Location]:
    for workload in of_service(files, service):
        pointer = workload.pointer(*TEMPLATE, "metadata", "labels", field.value)
        if pointer in workload.text:
            said = f"label {field.value} of {workload.kind} {workload.name}"
            yield Location(field, workload.text, pointer, said, workload)


def _images(files: Readable, service: str, field: Field) -> Iterator[Location]:
    for workload in of_service(files, service):
        found = list(workload.containers())
        if field.value:
            chosen = [item for item in found if item[0] == field.value]
        else:
            lasting = [item for item in found if item[2]]
            chosen = lasting if len(lasting) == 1 else [item for item in lasting if item[0] == service]
        for name, pointer, _ in chosen:
            said = f"image of {name} in {workload.kind} {workload.name}"
            yield Location(field, workload.text, pointer, said, workload)


def _kustomized(files: Readable, service: str, field: Field) -> Iterator[Location]:
    alike, exact = [], []
    for text in files.kustomizations():
        for name, pointer in kustomize_images(text):
            place = Location(field, text, pointer, f"kustomization image {name}")
            if name == field.value if field.value else images.last_name(name) == service:
                exact.append(place)
            elif not field.value and name.endswith(service):
                alike.append(place)
    yield from exact or alike


def kustomize_images(text: Text) -> Iterator[tuple[str, str]]:
    """Name, and the pointer of what chooses the image: its digest if there is one, else its tag."""
    for index, document in enumerate(text.documents):
        entries = document.get("images") if isinstance(document, dict) else None
        for number, entry in enumerate(entries if isinstance(entries, list) else ()):
            key = next((key for key in ("digest", "newTag") if isinstance(entry, dict) and entry.get(key)), None)
            if key:
                yield str(entry.get("name", "")), join((index, "images", number, key))


def _in_values(files: Readable, _service: str, field: Field) -> Iterator[Location]:
    name, _, dotted = field.value.partition("#")
    if not _DOTTED.fullmatch(dotted):
        raise BadInputError(f"{dotted!r} is no dotted path", where=str(field), expected="a path like image.tag")
    tokens = [re.sub(r"\\(.)", r"\1", step.strip("[]")) for step in _STEP.findall(dotted)]
    yield from _below(files.named(name), field, tokens, "value")


def _at_pointer(files: Readable, _service: str, field: Field) -> Iterator[Location]:
    name, _, place = field.value.partition("#")
    number, slash, inside = place.partition("/")
    if not slash or (number and not number.isdecimal()):
        raise BadInputError(f"{place!r} is no pointer", where=str(field), expected="a JSON pointer like /image/tag")
    text = files.named(name)
    tokens = [token.replace("~1", "/").replace("~0", "~") for token in inside.split("/")]
    yield from _below(text, field, tokens, "value", int(number) if number else None)


def _below(text: Text, field: Field, tokens: list[str], what: str, only: int | None = None) -> Iterator[Location]:
    documents = range(len(text.documents)) if only is None else (only,)
    for pointer in (join((index, *tokens)) for index in documents):
        if pointer in text:
            yield Location(field, text, pointer, f"{what} {field.value.partition('#')[2]}")


def of_service(files: Readable, service: str) -> Iterator[Workload]:
    """The workloads of a service; for a Rollout that takes over another's pods, that one."""
    seen: set[tuple[str, tuple[str | int, ...]]] = set()
    for workload in [item for item in workloads(files.mentioning(service)) if item.name == service]:
        for item in _behind(files, workload):
            if (item.text.where, item.tokens) not in seen:
                seen.add((item.text.where, item.tokens))
                yield item


def _behind(files: Readable, workload: Workload) -> Iterable[Workload]:
    if workload.reference is None:
        return (workload,)
    kind, name = workload.reference
    found = [item for item in workloads(files.mentioning(name)) if (item.kind, item.name) == (kind, name)]
    # Argo Rollouts refuses a template beside the reference, which the lint says of the plan.
    return found or ([workload] if workload.value(*TEMPLATE) else [])

"""The places that one field stands for: scalars of parsed files, and what a version would make of each.

A field finds as many places as there are; whoever asks decides what more than one means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from meshroll.errors import BadInputError
from meshroll.gitops.planners import images, shapes
from meshroll.gitops.planners.feeds import Everywhere, source_fields
from meshroll.gitops.planners.image_entries import kustomize_images
from meshroll.gitops.planners.kustomize_values import Winner
from meshroll.gitops.planners.links import Link
from meshroll.gitops.planners.occurrences import Below, Occurrence, occurrences
from meshroll.gitops.planners.ways import how_far, pointers, way_of
from meshroll.gitops.planners.workloads import Workload
from meshroll.settings.fields import VERSION, Field, check_text
from meshroll.yamltext import Scalar, Text


class Readable(Everywhere, Below, Protocol):
    """The files of a repository below a path; `meshroll.gitops.planners.files.Files` is one."""

    def troubles(self, name: str) -> list[BadInputError]:
        """What is wrong with those in which a name occurs and that cannot be read."""

    def links(self, name: str) -> list[tuple[Link, bool]]:
        """The links that may hide a name, and whether it is known to occur there."""

    def named(self, name: str) -> Text:
        """One by its name."""


@dataclass(frozen=True)
class Location:
    """One scalar that holds a service's version, as a field found it."""

    field: Field
    text: Text
    pointer: str
    description: str  # for people
    workload: Workload | None = None

    @property
    def scalar(self) -> Scalar:
        """What is written there. Raises BadInputError where there is no scalar."""
        return self.text.scalar(self.pointer)

    @property
    def version(self) -> str | None:
        """The version there, of a whole image what follows its name; None for a null, or where the pattern differs."""
        return self.version_like("")

    def version_like(self, other: str) -> str | None:
        """The same; but a whole image where the other version, such as the one asked for, is a whole image."""
        if self.scalar.value is None:
            return None
        written = self.scalar.text
        of_values = self._keeps_shape and shapes.is_image(written) and not shapes.is_image(other)
        return self.field.version(images.parts(written)[1] if self.field.kind == "image" or of_values else written)

    def after(self, version: str) -> str:
        """The scalar's text for a version. Raises BadInputError for one that the place cannot hold."""
        where = f"{self.text.place(self.pointer)} {self.pointer}"
        wanted = self.field.text(version)
        check_text(self.field, wanted, where)
        old = self.scalar.text
        shapes.check_pattern(self.field.pattern.partition(VERSION)[0], version, where)
        if self.field.kind == "image":
            return images.with_reference(old, wanted, where)
        if self._keeps_shape:
            if self.pointer.endswith("/image"):
                shapes.check_name(self.field, old, wanted, where)
            return shapes.in_shape(old, wanted, where)
        pinned = self.field.kind == "kustomize" and self.pointer.endswith("/digest")
        if self.field.kind == "kustomize" and pinned != wanted.startswith("sha256:"):
            expected = "a digest, sha256:…" if pinned else "a tag"
            raise BadInputError(f"{wanted} cannot be used here", where=where, expected=expected)
        return wanted

    @property
    def has_no_tag(self) -> bool:
        """Whether it is an image without a tag or digest."""
        written = self.scalar.text
        whole = self.field.kind == "image" or (self._keeps_shape and shapes.is_image(written))
        return whole and not images.parts(written)[1]

    @property
    def _keeps_shape(self) -> bool:
        """Whether it may be a whole image, of which a version is one part; a pattern says the shape itself."""
        return self.field.kind in ("helm", "path") and self.field.pattern == VERSION

    @property
    def at(self) -> str:
        """`file:line`."""
        return self.text.place(self.pointer)

    def __str__(self) -> str:
        return f"{self.description} ({self.at})"


def candidates(files: Readable, service: str, field: Field) -> list[Location]:
    """Every place that a field could mean. Raises BadInputError for a file that is named and cannot be read."""
    search: Callable[[Readable, str, Field], Iterable[Location]] = {
        "label": _labels,
        "image": _images,
        "kustomize": _kustomized,
        "helm": _in_values,
        "path": _in_values,
    }[field.kind]
    return list(search(files, service, field))


def _labels(files: Readable, service: str, field: Field) -> Iterator[Location]:
    for found in occurrences(files, service):
        if winner := found.built.labels.get(field.value):
            yield located(files, field, winner, found)


def _images(files: Readable, service: str, field: Field) -> Iterator[Location]:
    kind, slash, name = field.value.partition("/")  # no container's name holds a slash
    for found in occurrences(files, name if slash else service):
        if slash and found.workload.kind.lower() != kind.lower():
            continue
        for container in found.main(service, "" if slash else field.value):
            yield located(files, field, container.winner, found)


def located(files: Readable, field: Field, winner: Winner, found: Occurrence) -> Location:
    """The place where a value is set last. Raises BadInputError where it cannot be edited."""
    if winner.blocked:
        fed = source_fields(files, winner.source) if winner.source else ""
        raise BadInputError(
            f"{winner.what} cannot be edited: {winner.blocked}",
            where=winner.at,
            expected=f"a field such as {fed}" if fed else "a change by hand",
        )
    if winner.by_entry and field.kind == "image":
        field = Field("kustomize", "", field.pattern)
    return Location(field, winner.text, winner.pointer, winner.what, found.workload)


def _kustomized(files: Readable, _service: str, field: Field) -> Iterator[Location]:
    for text in files.kustomizations():
        for name, pointer in kustomize_images(text):
            if name == field.value:
                yield Location(field, text, pointer, f"kustomization image {name}")


def entries_called(files: Readable, service: str) -> list[Location]:
    """The images of kustomizations whose name, or new name, ends in a whole part that is the service's name."""
    found = []
    for text in files.kustomizations():
        for name, pointer in kustomize_images(text):
            entry = text.value(pointer.rpartition("/")[0])
            if service in (images.last_name(name), images.last_name(str(entry.get("newName") or name))):
                found.append(Location(Field("kustomize", ""), text, pointer, f"kustomization image {name}"))
    return found


def _in_values(files: Readable, _service: str, field: Field) -> Iterator[Location]:
    way = way_of(field)
    text = files.named(way.file)
    for pointer in pointers(text, way):
        yield Location(field, text, pointer, f"value {field.value.partition('#')[2]}")


def way_there(files: Readable, field: Field) -> str:
    """How far the way of a helm or path field leads, empty for other fields."""
    if field.kind not in ("helm", "path"):
        return ""
    way = way_of(field)
    return how_far(files.named(way.file), way)

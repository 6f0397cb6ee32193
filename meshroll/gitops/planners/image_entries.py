"""The entries of `images` in kustomizations: what chooses the version of an image, and where nothing does yet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from meshroll.errors import BadInputError
from meshroll.gitops.planners import images
from meshroll.gitops.planners.files import NothingFoundError
from meshroll.settings.fields import Field
from meshroll.yamltext import Text, join_pointer


class Kustomized(Protocol):
    """The files of a repository below a path."""

    def kustomizations(self) -> Iterator[Text]:
        """The kustomizations among them."""


def kustomize_images(text: Text) -> Iterator[tuple[str, str]]:
    """Name, and the pointer of what chooses the image: its digest if there is one, else its tag, also an empty one."""
    for pointer, entry in _entries(text):
        if key := next((key for key in ("digest", "newTag") if entry.get(key)), "newTag" if "newTag" in entry else ""):
            yield str(entry.get("name", "")), f"{pointer}/{key}"


def without_tag(files: Kustomized, service: str, field: Field | None = None) -> BadInputError | None:
    """The error for the image of a kustomization that a service, or a field, means and that chooses no version."""
    for text in files.kustomizations():
        for pointer, entry in _entries(text):
            names = (str(entry.get("name", "")), str(entry.get("newName") or entry.get("name", "")))
            meant = field.value == names[0] if field else service in map(images.last_name, names)
            if meant and not {"newTag", "digest"} & entry.keys():
                what = f"the kustomization image {names[0]} has neither newTag nor digest"
                where, expected = text.place(pointer), 'a line newTag: "" in it, which the same plan fills'
                return NothingFoundError(what, where=where, expected=expected)
    return None


def _entries(text: Text) -> Iterator[tuple[str, dict[str, Any]]]:
    """The entries of `images`, each with its pointer."""
    for index, document in enumerate(text.documents):
        entries = document.get("images") if isinstance(document, dict) else None
        for number, entry in enumerate(entries if isinstance(entries, list) else ()):
            if isinstance(entry, dict):
                yield join_pointer((index, "images", number)), entry

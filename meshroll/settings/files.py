"""A stack file, and the file that holds its services where it names one: `meshroll:services: {file: services.yaml}`.

The services' file holds what would stand below the key. Its path is relative to the stack file, and what it names lies
inside the project, links followed. A pointer always begins at the root of the stack.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from meshroll.errors import BadInputError
from meshroll.manifests.folders import project_folder
from meshroll.settings import document, sources
from meshroll.settings.document import Document, Pointer
from meshroll.settings.secrecy import INSTEAD

KEY: Final = "meshroll:services"
SERVICES: Final = ("config", KEY)


@dataclass(frozen=True)
class StackFile:
    """The stack's document, that of its services where they have one of their own, and the value of both."""

    document: Document
    services: Document | None

    @property
    def value(self) -> Any:
        """The value of the stack, the services in their place."""
        return with_services(self.document.value, self.services)

    def where(self, pointer: Pointer) -> str:
        """`file:line /pointer`, the pointer as it is in that file."""
        holder, inner = self.holder(pointer)
        return holder.where(inner)

    def origin(self, pointer: Pointer) -> str:
        """`file:line`."""
        holder, inner = self.holder(pointer)
        return holder.origin(inner)

    def source(self, pointer: Pointer) -> str:
        """How the value is written; empty if it is not there."""
        holder, inner = self.holder(pointer)
        return holder.source(inner)

    def order(self, pointer: Pointer) -> tuple[int, int]:
        """Rises as a reader comes to the values; the services stand where the stack file names their file."""
        if self.services is None or not is_below(pointer):
            return self.document.start(pointer), 0
        return self.document.start(SERVICES), self.services.start(pointer[len(SERVICES) :])

    def holder(self, pointer: Pointer) -> tuple[Document, Pointer]:
        """The document that holds a value, and the pointer within it."""
        if self.services is None or not is_below(pointer):
            return self.document, pointer
        return self.services, pointer[len(SERVICES) :]


def read(path: Path) -> StackFile:
    """Read both. Raises BadInputError for a file that cannot be read, or of services that may not be read."""
    stack = document.read(path)
    config = stack.value.get("config") if isinstance(stack.value, dict) else None
    services = config.get(KEY) if isinstance(config, dict) else None
    return StackFile(stack, read_services(services, path, stack.where((*SERVICES, "file"))))


def read_services(value: Any, stack: Path, where: str) -> Document | None:
    """The document that the value of `meshroll:services` names; None where the services are the value itself.

    `stack` is the stack file, `where` the place of the name. Raises BadInputError.
    """
    if (name := sources.reference(value, "file")) is None:
        return None
    found = document.read(_inside(name, stack, where))
    if (other := sources.reference(found.value, "file")) is not None:
        raise BadInputError(f"it names another file, {other}", where=found.where(("file",)), expected="the services")
    for pointer in sources.encrypted(found.value):
        raise BadInputError(
            "pulumi opens only the secrets in a stack file",
            where=found.where(pointer),
            expected=INSTEAD,
        )
    return found


def with_services(stack: Any, services: Document | None) -> Any:
    """A stack's value with the services of a file in their place."""
    if services is None:
        return stack
    return {**stack, "config": {**stack["config"], KEY: services.value}}


def is_below(pointer: Pointer) -> bool:
    """Whether a pointer leads to the services or into them."""
    return pointer[: len(SERVICES)] == SERVICES


def _inside(name: str, stack: Path, where: str) -> Path:
    """The path of a file that a stack file names."""
    folder = stack.absolute().parent
    project = project_folder(folder)
    path = folder / name
    try:
        real, root = path.resolve(), project.resolve()
        there = real.is_file()
    except (OSError, RuntimeError, ValueError):  # a link to itself, a name too long, a null byte
        raise BadInputError(f"{name!r} cannot be the name of a file", where=where) from None
    if Path(name).is_absolute() or not (real.is_relative_to(root) or real.is_relative_to(folder.resolve())):
        what = "is absolute" if Path(name).is_absolute() else "is outside of the project"
        expected = f"a path from the stack file to a file inside {document.shown(project)}"
        raise BadInputError(f"{name} {what}", where=where, expected=expected)
    if not there:
        raise BadInputError(f"there is no file {document.shown(path)}", where=where, expected="the stack's services")
    return path

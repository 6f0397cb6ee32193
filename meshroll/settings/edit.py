"""Setting one service's version in a stack file, or in the file of its services: those bytes and no others.

The new file is the old one with the version's characters exchanged. Before it takes the old one's place, by a rename,
it is read again and must differ in that one value. A version that is written so that one spot cannot be exchanged
(through an alias, as a block of text, as a reference) is refused.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from meshroll.errors import BadInputError, ConflictError, UnavailableError
from meshroll.settings import document, files
from meshroll.settings.build import PREFIX
from meshroll.settings.check import check_version
from meshroll.settings.document import Document, Pointer
from meshroll.settings.fields import Field, field_of
from meshroll.settings.files import SERVICES, StackFile
from meshroll.settings.schema import suggest
from meshroll.yamltext import join_pointer, replace_scalars


class Change(NamedTuple):
    """A version before and after, and the file that holds it."""

    old: str
    new: str
    file: Path


def set_version(path: Path, service: str, version: str) -> Change:
    """Change the version of a service in the stack file, or in that of its services.

    The same version changes nothing.
    """
    file = files.read(path)
    changed = with_version(file, service, version)
    holder, pointer = file.holder(_pointer(service))
    old, target = _at(holder.value, pointer), holder.path or path
    if changed != holder.text:
        _replace(target, holder.text.encode(), changed.encode())
    return Change(old if isinstance(old, str) else holder.source(pointer), version, target)


def with_version(file: StackFile, service: str, version: str) -> str:
    """The text with the version changed, of the file that holds it."""
    _check_service(file, service)
    check_version(version, f"version of {service}", _fields(file, service))
    holder, pointer = file.holder(_pointer(service))
    span, old = holder.spans[pointer], _at(holder.value, pointer)
    if isinstance(old, (dict, list)):
        raise BadInputError("the version does not stand here", where=holder.where(pointer), expected="a text to change")
    if old == version:
        return holder.text
    source = holder.source(pointer)
    if span.shared or span.style in {"|", ">"} or source[:1] in {"&", "!"} or not source:
        raise _unchangeable(holder, pointer)
    try:
        return replace_scalars(holder.text.encode(), {join_pointer((0, *pointer)): version}, holder.name).decode()
    except BadInputError:
        raise _unchangeable(holder, pointer) from None


def _unchangeable(file: Document, pointer: Pointer) -> BadInputError:
    return BadInputError(
        "the version cannot be changed in place", where=file.where(pointer), expected='a text like "v1"'
    )


def _pointer(service: str) -> Pointer:
    return (*SERVICES, service, "version")


def _check_service(file: StackFile, service: str) -> None:
    above, services = SERVICES, _at(file.value, SERVICES)
    if not isinstance(services, dict):
        raise BadInputError("the stack file names no services", where=file.where(above))
    if service not in services:
        question, expected = suggest(service, list(services))
        raise BadInputError(f"there is no service {service}{question}", where=file.where(above), expected=expected)
    if not isinstance(services[service], dict) or "version" not in services[service]:
        raise BadInputError(
            "the service has no version to change", where=file.where((*above, service)), expected="a key version"
        )


def _fields(file: StackFile, service: str) -> tuple[Field, ...] | None:
    """The fields of an adopted service; None for a rendered one, whose version is a label."""
    if _at(file.value, ("config", PREFIX + "repository", "kind")) != "adopted":
        return None
    listed = _at(file.value, (*SERVICES, service, "fields"))
    where = file.where((*SERVICES, service, "fields"))
    return tuple(field_of(item, where) for item in listed if isinstance(item, dict)) if listed else ()


def _at(value: Any, pointer: Pointer) -> Any:
    for token in pointer:
        if not isinstance(value, dict) or token not in value:
            return None
        value = value[token]
    return value


def _replace(path: Path, old: bytes, new: bytes) -> None:
    target = path.resolve()  # a link stays a link
    name = document.shown(path)
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        try:
            with os.fdopen(handle, "wb") as stream:
                os.fchmod(stream.fileno(), target.stat().st_mode & 0o7777)
                stream.write(new)
                stream.flush()
                os.fsync(stream.fileno())
            if target.read_bytes() != old:
                raise ConflictError("was changed by someone else meanwhile", where=name)
            Path(temporary).replace(target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise UnavailableError(f"cannot be written: {error.strerror}", where=name) from error

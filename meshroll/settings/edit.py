"""Setting one service's version in a stack file: those bytes and no others.

The new file is the old one with the version's characters exchanged. Before it takes the old one's place, by a rename,
it is read again and must differ in that one value. A version that is written so that one spot cannot be exchanged
(through an alias, as a block of text, as a reference) is refused.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from meshroll.errors import BadInputError, ConflictError, UnavailableError
from meshroll.settings import document
from meshroll.settings.build import PREFIX
from meshroll.settings.check import check_version
from meshroll.settings.document import Document, Pointer
from meshroll.settings.fields import Field, field_of
from meshroll.settings.schema import suggest
from meshroll.yamltext import join_pointer, replace_scalars


def set_version(path: Path, service: str, version: str) -> tuple[str, str]:
    """Change the version of a service in the file; returns old and new. The same version changes nothing."""
    file = document.read(path)
    changed = with_version(file, service, version)
    pointer = _pointer(service)
    old = _at(file.value, pointer)
    if changed != file.text:
        _replace(path, file.text.encode(), changed.encode())
    return (old if isinstance(old, str) else file.source(pointer)), version


def with_version(file: Document, service: str, version: str) -> str:
    """The file's text with the version changed."""
    pointer = _pointer(service)
    _check_service(file, service)
    check_version(version, f"version of {service}", _fields(file, service))
    span, old = file.spans[pointer], _at(file.value, pointer)
    if isinstance(old, (dict, list)):
        raise BadInputError("the version does not stand here", where=file.where(pointer), expected="a text to change")
    if old == version:
        return file.text
    source = file.source(pointer)
    if span.shared or span.style in {"|", ">"} or source[:1] in {"&", "!"} or not source:
        raise _unchangeable(file, pointer)
    try:
        return replace_scalars(file.text.encode(), {join_pointer((0, *pointer)): version}, file.name).decode()
    except BadInputError:
        raise _unchangeable(file, pointer) from None


def _unchangeable(file: Document, pointer: Pointer) -> BadInputError:
    return BadInputError(
        "the version cannot be changed in place", where=file.where(pointer), expected='a text like "v1"'
    )


def _pointer(service: str) -> Pointer:
    return ("config", PREFIX + "services", service, "version")


def _check_service(file: Document, service: str) -> None:
    above = _pointer(service)[:2]
    services = _at(file.value, above)
    if not isinstance(services, dict):
        raise BadInputError("the stack file names no services", where=file.where(above))
    if service not in services:
        question, expected = suggest(service, list(services))
        raise BadInputError(f"there is no service {service}{question}", where=file.where(above), expected=expected)
    if not isinstance(services[service], dict) or "version" not in services[service]:
        raise BadInputError(
            "the service has no version to change", where=file.where((*above, service)), expected="a key version"
        )


def _fields(file: Document, service: str) -> tuple[Field, ...] | None:
    """The fields of an adopted service; None for a rendered one, whose version is a label."""
    if _at(file.value, ("config", PREFIX + "repository", "kind")) != "adopted":
        return None
    listed = _at(file.value, (*_pointer(service)[:3], "fields"))
    where = file.where((*_pointer(service)[:3], "fields"))
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

"""Writing single objects into a repository, without a process for each."""

from __future__ import annotations

import hashlib
import os
import tempfile
import zlib
from pathlib import Path


def object_bytes(kind: str, content: bytes) -> bytes:
    """An object with the head that its id is made from."""
    return f"{kind} {len(content)}\0".encode() + content


def object_id(kind: str, content: bytes) -> str:
    """The id that Git gives an object, by its kind and content."""
    return hashlib.sha1(object_bytes(kind, content), usedforsecurity=False).hexdigest()


def write_object(objects: Path, kind: str, content: bytes) -> None:
    """Write an object into the folder `objects` of a repository: it is there as a whole or not at all."""
    oid = object_id(kind, content)
    path = objects / oid[:2] / oid[2:]
    path.parent.mkdir(exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix="tmp_obj_", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(zlib.compress(object_bytes(kind, content), level=1))
        Path(name).chmod(0o444)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink()
        raise

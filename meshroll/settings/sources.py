"""Values that stand elsewhere: `{env: NAME}`, `{file: PATH}`, and `{secure: …}`, which Pulumi encrypted.

A mapping with that one key and a text is such a reference, wherever it stands; a file is read for the repository's
password alone. What Pulumi encrypted stays sealed here: only `pulumi` can open it, and hands the program the opened
value in its place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from meshroll.errors import BadInputError
from meshroll.settings.document import Pointer

MAX_SECRET_BYTES: Final = 64 << 10
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_IN_FILES: Final = frozenset({("config", "meshroll:repository", "credentials", "password")})


class Sealed(str):
    """Stands for a secret that only Pulumi can open; its text is a mask."""

    __slots__ = ()

    def __new__(cls) -> Self:
        """The mask."""
        return super().__new__(cls, "***")


@dataclass(frozen=True)
class Resolved:
    """Values with all references followed, and which of them came from where."""

    value: Any
    origins: Mapping[Pointer, str]  # such as "environment variable NAME"
    sealed: frozenset[Pointer]


def resolve(value: Any, environ: Mapping[str, str], where: Callable[[Pointer], str]) -> Resolved:
    """Follow every reference. Raises BadInputError for a variable that is not set or a file that cannot be read."""
    origins: dict[Pointer, str] = {}
    sealed: set[Pointer] = set()

    def walk(value: Any, pointer: Pointer) -> Any:
        if (name := _reference(value, "env")) is not None:
            if not _NAME.fullmatch(name):
                raise BadInputError(f"{name!r} cannot be an environment variable's name", where=where(pointer))
            if name not in environ:
                raise BadInputError(
                    f"the environment variable {name} is not set",
                    where=where(pointer),
                    expected="it to be exported (`meshroll sandbox env` prints those of the sandbox)",
                )
            origins[pointer] = f"environment variable {name}"
            return environ[name]
        if pointer in _IN_FILES and (name := _reference(value, "file")) is not None:
            origins[pointer] = f"file {name}"
            return read_secret(name, where(pointer))
        if _reference(value, "secure") is not None:
            sealed.add(pointer)
            return Sealed()
        if isinstance(value, dict):
            return {key: walk(item, (*pointer, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [walk(item, (*pointer, index)) for index, item in enumerate(value)]
        return value

    return Resolved(walk(value, ()), origins, frozenset(sealed))


def read_secret(name: str, where: str) -> str:
    """A secret's text in a file, without the line break at its end. Raises BadInputError, which never shows it."""
    try:
        with Path(name).expanduser().open("rb") as file:
            content = file.read(MAX_SECRET_BYTES + 1)
        text = content.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except (OSError, ValueError, RuntimeError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or "no text in UTF-8"
        raise BadInputError(f"the file {name} cannot be read ({reason})", where=where, expected="a secret") from None
    if not text or len(content) > MAX_SECRET_BYTES:
        what = "is empty" if not text else "is too long"
        raise BadInputError(f"the file {name} {what}", where=where, expected="a secret")
    return text


def _reference(value: Any, kind: str) -> str | None:
    if isinstance(value, dict) and len(value) == 1 and isinstance(value.get(kind), str):
        return str(value[kind])
    return None

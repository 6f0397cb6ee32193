"""Values that stand elsewhere: `{env: NAME}`, `{file: PATH}`, and `{secure: …}`, which Pulumi encrypted.

A mapping with that one key and a text is such a reference, wherever it stands; a file is read for the repository's
password and for parameters alone. Parameters end in Git: what stands elsewhere may be a secret, so there a reference
needs the mark `public: true` of a person who knows that it is not. What Pulumi encrypted stays sealed here: only
`pulumi` can open it, and hands the program the opened value in its place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from meshroll.errors import BadInputError
from meshroll.settings.document import Pointer
from meshroll.settings.secrecy import INSTEAD, is_parameter

MAX_SECRET_BYTES: Final = 64 << 10
PUBLIC: Final = "public"
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
        if is_parameter(pointer):
            value = _public(value, where(pointer))
        if (name := reference(value, "env")) is not None:
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
        if (pointer in _IN_FILES or is_parameter(pointer)) and (name := reference(value, "file")) is not None:
            origins[pointer] = f"file {name}"
            return read_secret(name, where(pointer))
        if reference(value, "secure") is not None:
            sealed.add(pointer)
            return Sealed()
        if isinstance(value, dict):
            followed = {key: walk(item, (*pointer, key)) for key, item in value.items()}
            _check_followed(value, followed, pointer, where)
            return followed
        if isinstance(value, list):
            return [walk(item, (*pointer, index)) for index, item in enumerate(value)]
        return value

    return Resolved(walk(value, ()), origins, frozenset(sealed))


def sealed_in(value: Any, keys: Collection[str]) -> frozenset[Pointer]:
    """The places of what Pulumi encrypted under some keys of a stack file's values."""

    def walk(value: Any, pointer: Pointer) -> Iterator[Pointer]:
        if reference(value, "secure") is not None:
            yield pointer
        elif isinstance(value, dict):
            for key, item in value.items():
                yield from walk(item, (*pointer, key))
        elif isinstance(value, list):
            for index, item in enumerate(value):
                yield from walk(item, (*pointer, index))

    return frozenset(found for key in keys for found in walk(value["config"][key], ("config", key)))


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


def _public(value: Any, where: str) -> Any:
    """The value of a parameter without the mark. Raises BadInputError for a reference that lacks it."""
    if isinstance(value, dict) and value.get(PUBLIC) in (True, "true"):
        marked = {key: item for key, item in value.items() if key != PUBLIC}
        if any(reference(marked, kind) is not None for kind in ("env", "file")):
            return marked
    for kind in ("env", "file"):
        if (name := reference(value, kind)) is not None:
            raise BadInputError(
                "it may be a secret, and would be committed to Git in clear",
                where=where,
                expected=f"{{{kind}: {name}, {PUBLIC}: true}} for what is not, or {INSTEAD}",
            )
    return value


def encrypted(value: Any, pointer: Pointer = ()) -> Iterator[Pointer]:
    """The pointers of what Pulumi encrypted."""
    if reference(value, "secure") is not None:
        yield pointer
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from encrypted(item, (*pointer, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from encrypted(item, (*pointer, index))


def _check_followed(value: Any, followed: Any, pointer: Pointer, where: Callable[[Pointer], str]) -> None:
    """Raise BadInputError where a mapping became a reference once those in it were followed; parameters hold values."""
    for kind in ("env", "file", "secure"):
        made = reference(value, kind) is None and reference(followed, kind) is not None
        if made and not is_parameter(pointer):
            raise BadInputError(
                "what is read from elsewhere cannot name another place",
                where=where(pointer),
                expected=f"{{{kind}: NAME}} with a plain name",
            )


def reference(value: Any, kind: str) -> str | None:
    """The text of `{kind: text}`; None for any other value."""
    if isinstance(value, dict) and len(value) == 1 and isinstance(value.get(kind), str):
        return str(value[kind])
    return None

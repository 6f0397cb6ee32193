"""JSON pointers (RFC 6901)."""

from __future__ import annotations

from collections.abc import Iterable

from meshroll.errors import BadInputError


def join_pointer(tokens: Iterable[str | int]) -> str:
    """The pointer of keys and indices: `join_pointer((0, "a/b", 2))` is "/0/a~1b/2"; of none it is empty."""
    return "".join("/" + str(token).replace("~", "~0").replace("/", "~1") for token in tokens)


def split_pointer(pointer: str) -> tuple[str, ...]:
    """The keys and indices of a pointer, as text. Raises BadInputError for what is none."""
    if pointer and not pointer.startswith("/"):
        raise BadInputError(f"{pointer!r} is not a JSON pointer", expected="a text like /0/metadata/name")
    return tuple(token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:])

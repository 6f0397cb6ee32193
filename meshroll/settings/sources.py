"""Values that stand elsewhere: `{env: NAME}` in the environment, `{secure: …}` encrypted by Pulumi.

A mapping with that one key and a text is such a reference, wherever it stands. What Pulumi encrypted stays sealed here:
only `pulumi` can open it, and hands the program the opened value in its place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from meshroll.errors import BadInputError
from meshroll.settings.document import Pointer

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


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
    variables: Mapping[Pointer, str]
    sealed: frozenset[Pointer]


def resolve(value: Any, environ: Mapping[str, str], where: Callable[[Pointer], str]) -> Resolved:
    """Follow every reference. Raises BadInputError for a variable that is not set."""
    variables: dict[Pointer, str] = {}
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
            variables[pointer] = name
            return environ[name]
        if _reference(value, "secure") is not None:
            sealed.add(pointer)
            return Sealed()
        if isinstance(value, dict):
            return {key: walk(item, (*pointer, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [walk(item, (*pointer, index)) for index, item in enumerate(value)]
        return value

    return Resolved(walk(value, ()), variables, frozenset(sealed))


def _reference(value: Any, kind: str) -> str | None:
    if isinstance(value, dict) and len(value) == 1 and isinstance(value.get(kind), str):
        return str(value[kind])
    return None

"""What a check found wrong, as a value: checks list problems, the caller decides what becomes an error."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One finding: the JSON pointer to the value, what is wrong with it, what belongs there and in which object."""

    pointer: str
    message: str
    expected: str = ""
    file: str = ""  # the file or the object, "Rollout dubbo/dubbo3-provider"

    def __str__(self) -> str:
        where = " ".join(part for part in (self.file, self.pointer) if part)
        sentence = f"{where}: {self.message}" if where else self.message
        return f"{sentence}; expected {self.expected}" if self.expected else sentence


def pointer(path: Iterable[str | int]) -> str:
    """The JSON pointer (RFC 6901) of a path of keys and indexes; "" is the whole document."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)

"""Where two plain values differ."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

Path = tuple[str, ...]
_ABSENT = object()


def differences(wanted: object, found: object, path: Path = ()) -> Iterator[Path]:
    """The path of each scalar that differs or stands on one side alone; list items by their index."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        for key in sorted({*wanted, *found}):
            yield from differences(wanted.get(key, _ABSENT), found.get(key, _ABSENT), (*path, key))
    elif isinstance(wanted, list) and isinstance(found, list):
        for index, (one, other) in enumerate(zip_longest(wanted, found, fillvalue=_ABSENT)):
            yield from differences(one, other, (*path, str(index)))
    elif wanted != found:
        yield path


def pointer(path: Path) -> str:
    """A path as a JSON pointer."""
    return "".join(f"/{key.replace('~', '~0').replace('/', '~1')}" for key in path)

"""Where two plain values differ."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

Path = tuple[str, ...]
_ABSENT = object()


def differences(wanted: object, found: object, path: Path = (), *, as_copy: bool = False) -> Iterator[Path]:
    """The path of each scalar that differs or stands on one side alone; list items by their index.

    With `as_copy` what is found may be a copy through other hands: with more keys, and without those of an empty value
    or zero, which Kubernetes' typed clients leave out.
    """
    if isinstance(wanted, dict) and isinstance(found, dict):
        for key in sorted(wanted if as_copy else {*wanted, *found}):
            one, other = wanted.get(key, _ABSENT), found.get(key, _ABSENT)
            yield from differences(one, other, (*path, key), as_copy=as_copy)
    elif isinstance(wanted, list) and isinstance(found, list):
        for index, (one, other) in enumerate(zip_longest(wanted, found, fillvalue=_ABSENT)):
            yield from differences(one, other, (*path, str(index)), as_copy=as_copy)
    elif wanted != found and not (as_copy and found is _ABSENT and not wanted):
        yield path


def pointer(path: Path) -> str:
    """A path as a JSON pointer."""
    return "".join(f"/{key.replace('~', '~0').replace('/', '~1')}" for key in path)

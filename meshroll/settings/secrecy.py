"""Where in a stack a secret may stand. Everything else ends in clear in Git, in an Application or in Pulumi's state."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from typing import Final

from meshroll.errors import BadInputError
from meshroll.settings.document import Pointer, pointer_text

SERVICES: Final = ("config", "meshroll:services")
INSTEAD: Final = "the name of a Secret, such as {secretKeyRef: {name: SECRET, key: KEY}} in env"
_MAY: Final = (
    re.compile(r"/config/meshroll:repository/credentials/(username|password|sshKey)"),
    re.compile(r"/config/meshroll:mesh/remoteKubeconfigs/[^/]+"),
)
_HOLD: Final = frozenset({"meshroll:repository", "meshroll:mesh"})  # the keys that these are in


def may_be_secret(pointer: Pointer) -> bool:
    """Whether a secret may stand at a place."""
    return any(pattern.fullmatch(pointer_text(pointer)) for pattern in _MAY)


def is_parameter(pointer: Pointer) -> bool:
    """Whether a place is in the parameters of a service, which end in Git."""
    return pointer[:2] == SERVICES and pointer[3:4] == ("parameters",) and len(pointer) > 4  # noqa: PLR2004


def misplaced(encrypted: Iterable[Pointer], secret_keys: Collection[str] = ()) -> list[Pointer]:
    """The secrets that stand where none may, in the order of their pointers.

    `encrypted` are their places as far as they are known. Of `secret_keys` it is only known that a secret is in each.
    """
    known = frozenset(encrypted)
    within = {pointer[1] for pointer in known if len(pointer) > 1}
    keys = (("config", key) for key in secret_keys if key not in within and key not in _HOLD)
    return sorted({*(pointer for pointer in known if not may_be_secret(pointer)), *keys}, key=pointer_text)


def check_secrets(pointers: Collection[Pointer], where: Callable[[Pointer], str], elsewhere: str) -> None:
    """Raise BadInputError for the first of some misplaced secrets; `elsewhere` is what is wrong outside of services."""
    for pointer in pointers:
        if pointer[:2] == SERVICES:
            raise BadInputError("a secret would be committed to Git in clear", where=where(pointer), expected=INSTEAD)
        raise BadInputError(elsewhere, where=where(pointer), expected="a plain value or {env: NAME}")

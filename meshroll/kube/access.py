"""How a cluster is reached."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import urllib3


@dataclass(frozen=True)
class Access:
    """The URL of an API server, the connections to it, and the header `authorization` of the next request.

    `authorization` returns None where there is none, and raises CredentialError where it cannot be renewed.
    """

    server: str
    manager: urllib3.PoolManager
    authorization: Callable[[], str | None]


class CredentialError(Exception):
    """A credential that cannot be renewed, with the reason."""

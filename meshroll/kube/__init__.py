"""One cluster's API, as plain dictionaries. What sends requests is loaded with `Kube`, when that is first named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meshroll.kube.api import Api, ApiError, Object

if TYPE_CHECKING:
    from meshroll.kube.client import Kube, WatchEvent

__all__ = ["Api", "ApiError", "Kube", "Object", "WatchEvent"]


def __getattr__(name: str) -> Any:
    if name not in ("Kube", "WatchEvent"):
        raise AttributeError(name)
    from meshroll.kube import client

    return getattr(client, name)

"""One cluster's API, as plain dictionaries."""

from meshroll.kube.client import ApiError, Kube, WatchEvent

__all__ = ["ApiError", "Kube", "WatchEvent"]

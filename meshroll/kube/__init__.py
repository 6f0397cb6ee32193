"""One cluster's API, as plain dictionaries."""

from meshroll.kube.client import Kube, WatchEvent
from meshroll.kube.http import ApiError

__all__ = ["ApiError", "Kube", "WatchEvent"]

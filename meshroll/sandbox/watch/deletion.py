"""Deleting an object exactly as it was read, and nothing that has taken its place since."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from meshroll.kube import ApiError, Kube


def delete_as_read(kube: Kube, obj: dict[str, Any]) -> bool:
    """Delete it; False when it was changed or replaced since. One that is gone already counts as deleted."""
    metadata = obj["metadata"]
    try:
        kube.delete(
            obj["apiVersion"],
            obj["kind"],
            metadata["name"],
            metadata["namespace"],
            preconditions={"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"]},
        )
    except ApiError as error:
        if error.status != HTTPStatus.CONFLICT:
            raise
        return False
    return True

"""What others ask of a cluster's API; `meshroll.kube.Kube` is one."""

from __future__ import annotations

import builtins
from typing import Any, Protocol

from meshroll.errors import MeshrollError

Object = dict[str, Any]


class ApiError(MeshrollError):
    """The API server refused a request; `status` is the HTTP status, `reason` Kubernetes' own name for it."""

    def __init__(self, what: str, *, status: int, reason: str, where: str) -> None:
        super().__init__(what, where=where)
        self.status = status
        self.reason = reason


class Api(Protocol):
    """Reading and patching objects of any kind. Everything raises ApiError and UnavailableError."""

    name: str  # the cluster's, in sentences

    def get(self, api_version: str, kind: str, name: str, namespace: str | None = None) -> Object | None:
        """One object, or None when it does not exist (nor does its kind)."""

    def list(self, api_version: str, kind: str, namespace: str | None = None) -> builtins.list[Object]:
        """All objects of a kind, of one namespace or of all."""

    def patch(
        self,
        api_version: str,
        kind: str,
        name: str,
        namespace: str | None,
        patch: Object,
        *,
        field_manager: str,
        subresource: str = "",
    ) -> Object:
        """JSON merge patch; the object as it is now."""

    def knows(self, api_version: str, kind: str) -> bool:
        """Whether the cluster serves a kind (its CRD is there)."""

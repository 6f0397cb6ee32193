"""What the stand-in makes of failures between two requests, against a cluster that plays them."""

from __future__ import annotations

from typing import Any

import pytest

from meshroll.errors import UnavailableError
from meshroll.kube import ApiError
from meshroll.sandbox.pulumi.kubernetes import cluster as module
from meshroll.sandbox.pulumi.kubernetes.cluster import Cluster
from meshroll.sandbox.pulumi.kubernetes.settings import Settings

BODY = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m", "namespace": "n"}, "data": {"a": "1"}}
OWNED = [{"manager": "pulumi", "operation": "Update"}]


class FailingCluster:
    """Creates, and fails afterwards."""

    name = "played"

    def __init__(self, failure: Exception) -> None:
        self._failure = failure

    def knows(self, api_version: str, kind: str) -> bool:
        return True

    def create(self, body: dict[str, Any], *, field_manager: str) -> dict[str, Any]:
        return {**body, "metadata": {**body["metadata"], "managedFields": OWNED, "resourceVersion": "1"}}

    def patch(self, *args: Any, **options: Any) -> dict[str, Any]:
        raise self._failure


@pytest.mark.parametrize(
    "failure",
    [
        UnavailableError("cannot be reached", where="played"),
        ApiError("not allowed", status=403, reason="Forbidden", where="played"),
    ],
)
def test_an_object_that_was_created_is_remembered_even_if_what_follows_fails(
    monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    name = "connect" if hasattr(module, "connect") else "_connect"
    monkeypatch.setattr(module, name, lambda _: FailingCluster(failure))
    made = Cluster(Settings(namespace="n")).create(BODY, "pulumi")
    assert (made["metadata"]["name"], made["data"]) == ("m", {"a": "1"})

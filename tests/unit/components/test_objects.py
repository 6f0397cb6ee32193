"""What the engine is sent for an object of Kubernetes' own: the same as by the SDK's classes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
import pytest
from google.protobuf import json_format

from meshroll.components import objects
from tests.support.components.program import requests

METADATA = {"name": "shop", "namespace": "argocd", "labels": {"istio-injection": "enabled"}}
DATA = {"password": "czNjcmV0"}
Make = Callable[[pulumi.ResourceOptions], Any]


def sent(make: Make) -> dict[str, Any]:
    """The one request that a program of one resource sends, without where in the program it was made."""

    def program() -> None:
        cluster = kubernetes.Provider("cluster")
        first = pulumi.ComponentResource("test:index:First", "first")
        make(pulumi.ResourceOptions(provider=cluster, parent=first))

    (request,) = [each for each in requests(program) if each.type.startswith("kubernetes:")]
    for where in ("sourcePosition", "stackTrace"):
        request.ClearField(where)
    found: dict[str, Any] = json_format.MessageToDict(request)
    return found


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        pytest.param(
            lambda opts: objects.namespace("made", METADATA, opts),
            lambda opts: kubernetes.core.v1.Namespace("made", metadata=METADATA, opts=opts),
            id="Namespace",
        ),
        pytest.param(
            lambda opts: objects.secret("made", METADATA, DATA, opts),
            lambda opts: kubernetes.core.v1.Secret("made", metadata=METADATA, data=DATA, opts=opts),
            id="Secret",
        ),
        pytest.param(
            lambda opts: objects.existing_service("made", "istio-system/ingress", opts),
            lambda opts: kubernetes.core.v1.Service.get("made", "istio-system/ingress", opts=opts),
            id="existing Service",
        ),
    ],
)
def test_the_engine_cannot_tell_it_from_the_sdks(ours: Make, theirs: Make) -> None:
    assert sent(ours) == sent(theirs)

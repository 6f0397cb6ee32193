"""Kubernetes' own objects as resources, without the SDK's typed classes.

`pulumi_kubernetes.core.v1` holds five megabytes of generated code, which every preview would load for three kinds. The
engine gets from these resources what it gets from the SDK's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

import pulumi

CORE = "core/v1"


class CoreObject(pulumi.CustomResource):
    """An object of the core API, such as a Namespace; `id` ("namespace/name") reads one that exists."""

    status: pulumi.Output[Any]

    def __init__(
        self,
        kind: str,
        name: str,
        content: Mapping[str, Any],
        opts: pulumi.ResourceOptions,
        *,
        secret: Sequence[str] = (),
        id: str | None = None,  # noqa: A002 - Pulumi's name for it
    ) -> None:
        own = pulumi.ResourceOptions(
            version=version("pulumi_kubernetes"), additional_secret_outputs=list(secret) or None, id=id
        )
        properties = {"apiVersion": "v1", "kind": kind, **content} if id is None else {}
        super().__init__(
            f"kubernetes:{CORE}:{kind}",
            name,
            {**properties, "status": None},  # asks the engine for it
            pulumi.ResourceOptions.merge(opts, own),
        )


def namespace(name: str, metadata: Mapping[str, Any], opts: pulumi.ResourceOptions) -> CoreObject:
    """A Namespace."""
    return CoreObject("Namespace", name, {"metadata": metadata}, opts)


def secret(name: str, metadata: Mapping[str, Any], data: pulumi.Input[Any], opts: pulumi.ResourceOptions) -> CoreObject:
    """A Secret; `data` is encoded, and secret in the state whatever it is here."""
    content = {"metadata": metadata, "data": pulumi.Output.secret(data)}
    return CoreObject("Secret", name, content, opts, secret=("data", "stringData"))


def existing_service(name: str, identity: str, opts: pulumi.ResourceOptions) -> CoreObject:
    """The Service "namespace/name" as the cluster has it."""
    return CoreObject("Service", name, {}, opts, id=identity)

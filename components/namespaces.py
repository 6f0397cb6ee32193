"""A namespace of the stack, in every work cluster: one hosted mesh takes the same name for the same namespace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_kubernetes as kubernetes

from meshroll.components import objects
from meshroll.components._base import Component
from meshroll.settings.model import Namespace

INJECTION = {"istio-injection": "enabled"}


class MeshNamespace(Component):
    """The Namespace in each work cluster, labelled for sidecar injection if the stack says so."""

    def __init__(
        self,
        name: str,
        namespace: Namespace,
        workers: Mapping[str, kubernetes.Provider],
        *,
        after: Sequence[pulumi.Resource] = (),
    ) -> None:
        super().__init__(name, after=after)
        labels = {"labels": INJECTION} if namespace.injection else {}
        for cluster, provider in workers.items():
            objects.namespace(
                self.child_name(cluster),
                {"name": namespace.name, **labels},
                self.child_options(provider),
            )
        self.register_outputs({"name": namespace.name})

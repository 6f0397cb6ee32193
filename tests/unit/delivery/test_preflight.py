"""What is asked of the clusters before anything is made, and the one sentence when something is wrong."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from meshroll.delivery.preflight import check
from meshroll.errors import BadInputError, MeshrollError, UnavailableError
from meshroll.settings.model import Cluster, Stack
from tests.support.delivery.store import Store
from tests.support.stacks import stack

KINDS = {
    "host": {"Application", "GlobalMesh", "VirtualService"},
    "worker-1": {"Rollout", "VirtualService"},
}


class Answering(Store):
    """A cluster with a uid that serves some kinds, or one that cannot be reached."""

    def __init__(self, name: str, kinds: set[str], uid: str, *, dead: bool) -> None:
        super().__init__(name)
        self._kinds, self._uid, self._dead = kinds, uid, dead

    def get(self, api_version: str, kind: str, name: str, namespace: str | None = None) -> dict[str, Any] | None:
        if self._dead:
            raise UnavailableError("https://127.0.0.1:1 cannot be reached (Connection refused)", where=self.name)
        return {"metadata": {"uid": self._uid}}

    def knows(self, api_version: str, kind: str) -> bool:
        return kind in self._kinds


def checked(of: Stack, *, dead: tuple[str, ...] = (), **kinds: set[str]) -> None:
    served = KINDS | {name.replace("_", "-"): found for name, found in kinds.items()}

    def connect(cluster: Cluster) -> Answering:
        where = f"cluster {cluster.name}"
        return Answering(where, served[cluster.name], f"uid-of-{cluster.name}", dead=cluster.name in dead)

    check(of, connect)


def with_uid(uid: str) -> Stack:
    base = stack()
    worker = dataclasses.replace(base.clusters["worker-1"], uid=uid)
    return dataclasses.replace(base, clusters={**base.clusters, "worker-1": worker})


def test_clusters_that_serve_what_their_parts_need_pass() -> None:
    checked(stack())
    checked(with_uid("uid-of-worker-1"))


def test_without_a_mesh_the_host_needs_argo_cd_alone() -> None:
    checked(dataclasses.replace(stack(), mesh=None), host={"Application"})


@pytest.mark.parametrize(
    ("cluster", "kinds", "sentence"),
    [
        (
            "worker_1",
            {"VirtualService"},
            "cluster worker-1: the cluster has no rollouts.argoproj.io; expected Argo Rollouts installed there",
        ),
        (
            "worker_1",
            set[str](),
            (
                "cluster worker-1: the cluster has no rollouts.argoproj.io and virtualservices.networking.istio.io; "
                "expected Argo Rollouts and Istio's CRDs installed there"
            ),
        ),
        (
            "host",
            {"GlobalMesh", "VirtualService"},
            "cluster host: the cluster has no applications.argoproj.io; expected Argo CD installed there",
        ),
        (
            "host",
            {"Application", "VirtualService"},
            (
                "cluster host: the cluster has no globalmeshes.discovery.mspider.io; "
                "expected the hosted mesh's management installed there"
            ),
        ),
    ],
)
def test_a_missing_definition_is_named_with_what_brings_it(cluster: str, kinds: Any, sentence: str) -> None:
    with pytest.raises(BadInputError) as caught:
        checked(stack(), **{cluster: kinds})
    assert str(caught.value) == sentence


def test_another_cluster_behind_a_context_is_refused() -> None:
    with pytest.raises(BadInputError) as caught:
        checked(with_uid("uid-of-production"))
    assert str(caught.value) == (
        "cluster worker-1: behind context worker-1 stands another cluster: uid uid-of-worker-1; "
        "expected uid-of-production"
    )


def test_an_unreachable_cluster_is_one_sentence() -> None:
    with pytest.raises(UnavailableError) as caught:
        checked(stack(), dead=("worker-1",))
    assert str(caught.value) == "cluster worker-1: https://127.0.0.1:1 cannot be reached (Connection refused)"


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(MeshrollError) as caught:
        checked(stack(), dead=("host", "worker-1"))
    assert str(caught.value) == (
        "cluster host: https://127.0.0.1:1 cannot be reached (Connection refused); "
        "cluster worker-1: https://127.0.0.1:1 cannot be reached (Connection refused)"
    )
    with pytest.raises(BadInputError, match=r"^cluster host: https.*; cluster worker-1: the cluster has no rollouts"):
        checked(stack(), dead=("host",), worker_1={"VirtualService"})

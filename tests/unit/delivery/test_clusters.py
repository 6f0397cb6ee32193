"""The one way to a cluster: reached as the stack says, asked for its uid where the stack gives one."""

from __future__ import annotations

from typing import Any

import pytest

from meshroll.delivery.clusters import connect
from meshroll.errors import BadInputError
from meshroll.kube import Kube
from meshroll.settings.model import Cluster
from tests.support.delivery.store import Store

SYSTEM = {"kind": "Namespace", "metadata": {"name": "kube-system", "uid": "mine"}}


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What was asked of the client, which answers with a cluster of uid "mine"."""
    asked: list[tuple[Any, ...]] = []

    def opener(kubeconfig: str | None, context: str | None, name: str, *, read_seconds: float) -> Store:
        asked.append((kubeconfig, context, name, read_seconds))
        return Store(name, SYSTEM)

    monkeypatch.setattr(Kube, "connect", opener)
    return asked


def test_a_cluster_is_reached_by_the_context_and_the_kubeconfig_of_the_stack(opened: list[tuple[Any, ...]]) -> None:
    assert connect(Cluster("w", "prod-w", "/kube/config", "mine"), read_seconds=60).name == "w"
    assert opened == [("/kube/config", "prod-w", "w", 60)]


@pytest.mark.parametrize(
    ("context", "behind"), [("prod-w", "context prod-w"), (None, "the current context")], ids=["named", "current"]
)
def test_another_cluster_behind_the_context_is_refused(
    opened: list[tuple[Any, ...]], context: str | None, behind: str
) -> None:
    with pytest.raises(BadInputError) as caught:
        connect(Cluster("w", context, None, "other"))
    assert str(caught.value) == f"cluster w: behind {behind} stands another cluster: uid mine; expected other"


def test_without_a_uid_in_the_stack_any_cluster_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    silent = Store("w")
    monkeypatch.setattr(silent, "get", lambda *_: pytest.fail("the cluster was asked"))
    monkeypatch.setattr(Kube, "connect", lambda *_, **__: silent)
    found: object = connect(Cluster("w", None, None, None))
    assert found is silent

"""What a Release hands to the wait and to the validators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from meshroll.errors import BadInputError
from meshroll.provider import clusters
from meshroll.release.inputs import ReleaseInputs, read_inputs
from meshroll.settings.model import Cluster
from tests.unit.release.test_inputs import WHOLE


@pytest.fixture
def inputs() -> ReleaseInputs:
    return read_inputs(WHOLE)


def test_the_wait_pairs_each_application_with_its_worker(
    inputs: ReleaseInputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def wait_for(*arguments: Any, **options: Any) -> Any:
        asked.append((arguments[:8], options))
        assert arguments[8]("c0ffee", "c0ffee") is True
        arguments[9]("word")
        return SimpleNamespace(notes=("note",))

    words: list[str] = []
    monkeypatch.setattr(clusters, "wait_for", wait_for)
    monkeypatch.setattr(clusters, "connect", lambda cluster: f"kube {cluster.name}")
    assert clusters.wait(inputs, "c0ffee", ["a"], words.append) == ("note",)
    applications = [("shop-w", "kube w")]
    expected = ("kube argocd", "argocd", applications, "shop", "c0ffee", ["a"], "step", 90.0)
    assert asked == [(expected, {"stack": "prod", "optional": False})]
    assert words == ["word"]


def test_committed_waits_for_nothing_and_asks_no_cluster(
    inputs: ReleaseInputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clusters, "connect", lambda _cluster: pytest.fail("a cluster was asked"))
    assert clusters.wait(replace(inputs, wait="committed"), "c0ffee", ["a"], print) == ()


class FakeKube:
    """Knows its own uid."""

    def get(self, _version: str, _kind: str, _name: str, _namespace: str | None = None) -> Mapping[str, Any]:
        return {"metadata": {"uid": "other"}}


def test_another_cluster_behind_the_context_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters.Kube, "connect", lambda *_: FakeKube())
    with pytest.raises(BadInputError) as caught:
        clusters.connect(Cluster("w", "prod-w", None, "mine"))
    assert str(caught.value) == ("cluster w: behind context prod-w stands another cluster: uid other; expected mine")

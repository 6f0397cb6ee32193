"""What a Release hands to the wait and to the validators."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from meshroll.delivery.model import Awaited, Released, SharedMesh, Target
from meshroll.delivery.wait import Progress
from meshroll.errors import BadInputError, UnavailableError
from meshroll.gitops.history.lineage import Lineage, Relation
from meshroll.provider import clusters
from meshroll.release.inputs import ReleaseInputs, VersionedService
from meshroll.release.properties import from_properties
from meshroll.settings.fields import Field
from meshroll.settings.model import Cluster
from tests.support.release import WHOLE


@pytest.fixture
def inputs() -> ReleaseInputs:
    return from_properties(WHOLE)


def connected(cluster: Cluster) -> SimpleNamespace:
    return SimpleNamespace(name=cluster.name)


def test_a_delivery_pairs_each_application_with_its_worker(
    inputs: ReleaseInputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clusters, "connect", connected)
    made = clusters.delivery(inputs, "c0ffee", ["a"])
    host, worker = SimpleNamespace(name="host"), SimpleNamespace(name="w")
    assert made == Awaited(
        argocd=host,
        argocd_namespace="argocd",
        targets=(Target("shop-w", worker),),
        namespace="shop",
        commit="c0ffee",
        services=(Released("a", "v1", {"version": "v1"}),),
        until="step",
        timeout=90.0,
        lineage=made.lineage,
        stack="prod",
        optional=False,
        mesh=SharedMesh(host, worker),
    )
    assert made.lineage("c0ffee") == Lineage(Relation.HOLDS, "")


def test_the_wait_answers_what_a_person_should_know(inputs: ReleaseInputs, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Awaited] = []

    def wait_for(delivery: Awaited, report: Callable[[str], None]) -> Progress:
        asked.append(delivery)
        report("on its way")
        return Progress({}, {}, ("note",))

    reported: list[str] = []
    monkeypatch.setattr(clusters, "wait_for", wait_for)
    monkeypatch.setattr(clusters, "connect", connected)
    assert clusters.wait(inputs, "c0ffee", ["a"], reported.append) == ("note",)
    assert ([each.commit for each in asked], reported) == (["c0ffee"], ["on its way"])


def test_labels_tell_the_version_as_far_as_the_stack_says() -> None:
    fields = (Field("label", "version"), Field("label", "release", "r-{version}"), Field("image", "shop"))
    assert clusters.version_labels(VersionedService("a", "v2", "", {}, fields)) == {"version": "v2", "release": "r-v2"}
    assert clusters.version_labels(VersionedService("a", "v2", "", {})) == {}


def test_git_is_not_asked_about_a_revision_at_every_look(
    inputs: ReleaseInputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [Lineage(Relation.BEFORE, "")]
    monkeypatch.setattr(clusters, "relation", lambda *_: answers.pop(0))
    lineage = clusters.lineage(inputs, "c0ffee", {"a": "v1"}, again_seconds=600)
    assert [lineage("beef"), lineage("beef")] == [Lineage(Relation.BEFORE, "")] * 2


def test_a_repository_that_is_away_is_asked_again_and_a_final_answer_is_not(
    inputs: ReleaseInputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[Lineage | Exception] = [
        BadInputError("there is no such repository"),
        Lineage(Relation.BEFORE, ""),
        Lineage(Relation.HOLDS, ""),
    ]

    def relation(*_: Any) -> Lineage:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(clusters, "relation", relation)
    lineage = clusters.lineage(inputs, "c0ffee", {"a": "v1"}, again_seconds=0)
    with pytest.raises(UnavailableError) as caught:
        lineage("beef")
    assert str(caught.value) == "there is no such repository"
    found = [lineage("beef").relation for _ in range(3)]
    assert found == [Relation.BEFORE, Relation.HOLDS, Relation.HOLDS]


def test_committed_waits_for_nothing_and_asks_no_cluster(
    inputs: ReleaseInputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clusters, "connect", lambda _cluster: pytest.fail("a cluster was asked"))
    assert clusters.wait(replace(inputs, wait="committed"), "c0ffee", ["a"], print) == ()

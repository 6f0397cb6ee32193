"""`meshroll promote`: which clusters of a stack it goes to, and what it says of each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from meshroll.cli import main
from meshroll.errors import BadInputError, UnavailableError
from meshroll.settings.model import Mesh, Stack
from tests.support.delivery.rollouts import paused
from tests.support.delivery.routing import destination_rule, routed, virtual_service
from tests.support.delivery.store import Object, Store
from tests.support.stacks import stack


@dataclass
class Clusters:
    """The clusters behind the contexts of a stack; an error is one that cannot be reached."""

    settings: Stack
    found: dict[str, Any]

    def connect(self, kubeconfig: str | None, context: str | None, name: str = "", *, read_seconds: float) -> Store:
        assert (kubeconfig, context, read_seconds) == ("/kube/config", name, 15.0)
        found = self.found[name]
        if isinstance(found, Exception):
            raise found
        return found

    def patched(self, cluster: str) -> list[Object]:
        found = self.found[cluster]
        assert isinstance(found, Store)
        return [patch["status"] for _, _, patch, _ in found.patches]


@pytest.fixture
def clusters(monkeypatch: pytest.MonkeyPatch) -> Clusters:
    """Two work clusters, each with a delivery of its own; their own tests read real files and real servers."""
    both = replace(stack(workers=("worker-1", "worker-2")), mesh=None)
    workers = ("worker-1", "worker-2")
    played = Clusters(both, {name: Store(name, paused(1, weight=None)) for name in workers} | {"host": Store("host")})
    monkeypatch.setattr("meshroll.settings.load_file", lambda path: played.settings)
    monkeypatch.setattr("meshroll.settings.stack_file", lambda name, project: Path(name))
    monkeypatch.setattr("meshroll.kube.Kube.connect", played.connect)
    return played


LIFTED = [{"pauseConditions": None}]
ONE, TWO = (f"dubbo3-provider in worker-{number} is promoted: 5% -> 50%\n" for number in (1, 2))


def promote(*arguments: str) -> int:
    return main(["promote", *(arguments or ("dubbo3-provider",)), "-s", "sandbox"])


def shared(settings: Stack) -> Mesh:
    """A mesh of both work clusters, led by the first."""
    found = stack(workers=settings.workers).mesh
    assert found is not None
    return found


def test_promote_lifts_the_pause_in_every_work_cluster(clusters: Clusters, capsys: pytest.CaptureFixture[str]) -> None:
    assert promote() == 0
    assert capsys.readouterr() == (ONE + TWO, "")
    assert [clusters.patched(name) for name in ("worker-1", "worker-2")] == [LIFTED, LIFTED]


def test_promote_may_be_for_one_cluster(clusters: Clusters, capsys: pytest.CaptureFixture[str]) -> None:
    assert promote("dubbo3-provider", "--cluster", "worker-2") == 0
    assert capsys.readouterr() == (TWO, "")
    assert [clusters.patched(name) for name in ("worker-1", "worker-2")] == [[], LIFTED]


def test_promote_in_full_skips_all_steps(clusters: Clusters, capsys: pytest.CaptureFixture[str]) -> None:
    assert promote("dubbo3-provider", "--full", "--cluster", "worker-1") == 0
    assert capsys.readouterr() == ("dubbo3-provider in worker-1 is promoted in full: 5% -> 100%\n", "")
    assert clusters.patched("worker-1") == [{"promoteFull": True}]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["nobody"],
            "stack sandbox: there is no service nobody; expected one of dubbo3-provider, dubbo3-consumer",
        ),
        (
            ["dubbo3-provider", "--cluster", "host"],
            "stack sandbox: there is no work cluster host; expected one of worker-1, worker-2",
        ),
    ],
)
def test_promote_refuses_what_the_stack_does_not_know(
    arguments: list[str], sentence: str, clusters: Clusters, capsys: pytest.CaptureFixture[str]
) -> None:
    assert promote(*arguments) == 2
    assert capsys.readouterr() == ("", f"meshroll: {sentence}\n")
    assert clusters.patched("worker-1") == []


def test_steps_count_from_one(clusters: Clusters, capsys: pytest.CaptureFixture[str]) -> None:
    assert promote("dubbo3-provider", "--step", "0") == 2
    assert "Invalid value for '--step': 0 is not in the range x>=1." in capsys.readouterr().err
    assert clusters.patched("worker-1") == []


def test_another_step_than_the_named_one_is_not_promoted(
    clusters: Clusters, capsys: pytest.CaptureFixture[str]
) -> None:
    assert promote("dubbo3-provider", "--step", "4") == 1
    assert capsys.readouterr().err == (
        "meshroll: cluster worker-1: Rollout dubbo3-provider is not at step 4: it is paused at step 2 of 4 (weight 5)\n"
    )
    assert clusters.patched("worker-1") == []
    assert promote("dubbo3-provider", "--step", "2") == 0
    assert clusters.patched("worker-1") == LIFTED


def test_a_cluster_that_fails_after_others_were_promoted_says_so(
    clusters: Clusters, capsys: pytest.CaptureFixture[str]
) -> None:
    clusters.found["worker-2"] = UnavailableError("it cannot be reached", where="cluster worker-2")
    assert promote() == 1
    assert capsys.readouterr() == (
        ONE,
        (
            "meshroll: cluster worker-2: it cannot be reached; dubbo3-provider is promoted in worker-1 already; "
            "expected `--cluster worker-2`, and each cluster after it, once this is mended\n"
        ),
    )


def test_a_first_cluster_that_fails_leaves_nothing_to_add(
    clusters: Clusters, capsys: pytest.CaptureFixture[str]
) -> None:
    clusters.found["worker-1"] = BadInputError("it has no such context", where="cluster worker-1")
    assert promote() == 2
    assert capsys.readouterr() == ("", "meshroll: cluster worker-1: it has no such context\n")
    assert clusters.patched("worker-2") == []


def test_a_cluster_with_another_uid_is_not_touched(clusters: Clusters, capsys: pytest.CaptureFixture[str]) -> None:
    meant = replace(clusters.settings.clusters["worker-1"], uid="meant")
    clusters.settings = replace(clusters.settings, clusters={**clusters.settings.clusters, "worker-1": meant})
    other = Store("worker-1", paused(1), {"kind": "Namespace", "metadata": {"name": "kube-system", "uid": "other"}})
    clusters.found["worker-1"] = other
    assert promote() == 2
    assert capsys.readouterr().err == (
        "meshroll: cluster worker-1: behind context worker-1 stands another cluster: uid other; expected meant\n"
    )
    assert other.patches == []


def test_a_follower_is_said_to_steer_nothing(clusters: Clusters, capsys: pytest.CaptureFixture[str]) -> None:
    clusters.settings = replace(clusters.settings, mesh=shared(clusters.settings))
    assert promote() == 0
    assert capsys.readouterr() == (
        ONE + TWO + "the weights in worker-2 act on nothing: the resources of worker-1 steer mesh mesh\n",
        "",
    )


def test_a_work_cluster_outside_the_mesh_is_none_of_its_followers(
    clusters: Clusters, capsys: pytest.CaptureFixture[str]
) -> None:
    alone = replace(shared(clusters.settings), workers=("worker-1",))
    clusters.settings = replace(clusters.settings, mesh=alone)
    assert promote() == 0
    assert capsys.readouterr() == (ONE + TWO, "")


def mesh_that_does_not_follow(clusters: Clusters, monkeypatch: pytest.MonkeyPatch) -> None:
    """The leader's canary goes on to 50% at once, and the control plane stays at 5%."""
    monkeypatch.setattr("meshroll.delivery.turns.Leader", impatient)
    clusters.settings = replace(clusters.settings, mesh=shared(clusters.settings))
    routes = (virtual_service(95, 5), destination_rule("57d9b8c6f", "6b5f7c9d4"))
    leader = Store("worker-1", routed(paused(1)), *routes)

    def goes_on(found: Object) -> None:
        found["status"] = paused(3, weight=50)["status"]
        leader.put(virtual_service(50, 50))

    leader.after = [goes_on]
    clusters.found |= {"worker-1": leader, "host": Store("host", *routes)}


def impatient(*given: Any) -> object:
    from meshroll.delivery.leader import Leader, Pace

    assert given[-1] == Pace(timeout=120)
    return Leader(*given[:-1], Pace(0.0, 0.0, 0.0, 0.0))  # type: ignore[call-arg]


NOT_FOLLOWED = (
    "cluster worker-1: dubbo3-provider is promoted, but the control plane's copy of VirtualService provider says 95/5 "
    "where worker-1 says 50/50; expected a running synchronizer (Deployment mspider-mcpc-mcpc-controller in namespace "
    "istio-system of cluster host) before the next promotion"
)


def test_a_leader_that_is_not_followed_is_promoted_already(
    clusters: Clusters, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mesh_that_does_not_follow(clusters, monkeypatch)
    assert promote() == 1
    assert capsys.readouterr() == (
        ONE,
        (
            "waiting until dubbo3-provider has its new routes in worker-1 and in the control plane\n"
            f"meshroll: {NOT_FOLLOWED}; dubbo3-provider is promoted in worker-1 already; "
            "expected `--cluster worker-2`, and each cluster after it, once this is mended\n"
        ),
    )
    assert clusters.patched("worker-2") == []


def test_a_leader_alone_that_is_not_followed_is_one_sentence(
    clusters: Clusters, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mesh_that_does_not_follow(clusters, monkeypatch)
    assert promote("dubbo3-provider", "--cluster", "worker-1") == 1
    assert capsys.readouterr().err.splitlines()[-1] == f"meshroll: {NOT_FOLLOWED}"


def test_a_full_promotion_that_is_not_followed_may_be_said_again_as_a_whole(
    clusters: Clusters, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mesh_that_does_not_follow(clusters, monkeypatch)
    assert promote("dubbo3-provider", "--full") == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("meshroll: cluster worker-1: dubbo3-provider is promoted, but it is paused at step 4 of 4 ")
    assert "already" not in error
    assert clusters.patched("worker-2") == []

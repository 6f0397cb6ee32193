"""Waiting for a commit, against clusters that play back what real ones wrote."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from meshroll.delivery.model import Awaited, Released, SharedMesh, Target
from meshroll.delivery.rollouts import Phase, RolloutState
from meshroll.delivery.wait import Progress, await_rollout, wait_for
from meshroll.errors import ConflictError, MeshrollError, TimedOutError, UnavailableError
from meshroll.gitops.history.lineage import Lineage, Relation
from meshroll.kube import ApiError
from meshroll.settings.model import Wait
from tests.support.delivery.clusters import Object, PlayedCluster
from tests.support.delivery.rollouts import ENDLESS, paused, replica_set, rollout, template

COMMIT, BEFORE, THEIRS = "c0ffee01" * 5, "0bad0000" * 5, "7e1e5000" * 5
V2 = Released("dubbo3-provider", "v2", {"version": "v2"})
REFRESH_PATCH = (
    "Application",
    "dubbo-worker-1",
    {"metadata": {"annotations": {"argocd.argoproj.io/refresh": "normal"}}},
    "",
)


def application(revision: str, status: str = "Synced", **more: Any) -> Object:
    return {
        "metadata": {},
        "spec": {"syncPolicy": {"automated": {}}},
        "status": {"sync": {"status": status, "revision": revision}, **more},
    }


def lineage(revision: str) -> Lineage:
    """COMMIT holds what was released, THEIRS is somebody else's release on top of it."""
    if revision == THEIRS:
        return Lineage(Relation.OVERTAKEN, "dubbo3-provider v3 came instead of v2: Ada in 7e1e50007e1e (hotfix)")
    return Lineage(Relation.HOLDS if revision == COMMIT else Relation.BEFORE, "")


def delivery(
    argocd: PlayedCluster, worker: PlayedCluster, until: Wait, *, timeout: float = 5.0, **more: Any
) -> Awaited:
    target = Target("dubbo-worker-1", worker)
    given = {"services": (V2,), "lineage": lineage, "stack": "sandbox", **more}
    return Awaited(argocd, "argocd", (target,), "dubbo", COMMIT, until=until, timeout=timeout, **given)


def run(
    argocd: PlayedCluster, worker: PlayedCluster, until: Wait, *, timeout: float = 5.0, **more: Any
) -> tuple[Progress, list[str]]:
    said: list[str] = []
    asked = delivery(argocd, worker, until, timeout=timeout, **more)
    return wait_for(asked, said.append, poll_seconds=0.001), said


def failure(kind: type[MeshrollError], argocd: PlayedCluster, worker: PlayedCluster, until: Wait, **more: Any) -> str:
    with pytest.raises(kind) as caught:
        run(argocd, worker, until, **more)
    return str(caught.value)


def test_committed_asks_no_cluster() -> None:
    nowhere = PlayedCluster("host", {})
    assert run(nowhere, nowhere, "committed") == (Progress({}, {}, ()), [])


def test_synced_asks_for_a_refresh_once_and_waits_for_the_commit() -> None:
    host = PlayedCluster("host", {"Application": [application(BEFORE), application(BEFORE), application(COMMIT)]})
    progress, said = run(host, PlayedCluster("worker-1", {}), "synced")
    assert progress == Progress({"dubbo-worker-1": COMMIT}, {}, ())
    assert host.patches == [REFRESH_PATCH]
    assert said == [
        "Application dubbo-worker-1 is at 0bad0000",
        "Application dubbo-worker-1 is synced to c0ffee01",
    ]


def test_a_comparison_error_before_the_first_commit_and_an_unreachable_server_pass() -> None:
    error = [{"type": "ComparisonError", "message": "unable to resolve 'main' to a commit SHA"}]
    states = [application("", "Unknown", conditions=error), UnavailableError("no answer"), application(COMMIT)]
    host = PlayedCluster("host", {"Application": states})
    _, said = run(host, PlayedCluster("worker-1", {}), "synced")
    assert said == [
        (
            "Application dubbo-worker-1 has not read the repository yet: "
            "ComparisonError: unable to resolve 'main' to a commit SHA"
        ),
        "Application dubbo-worker-1 cannot be read (no answer)",
        "Application dubbo-worker-1 is synced to c0ffee01",
    ]


def test_step_ends_at_the_first_pause_of_the_new_template() -> None:
    host = PlayedCluster("host", {"Application": [application(COMMIT)]})
    worker = PlayedCluster(
        "worker-1",
        {
            "Rollout": [None, rollout("Healthy"), rollout("Progressing"), paused(1)],
            "ReplicaSet": [replica_set("v1"), replica_set("v2")],
        },
    )
    progress, said = run(host, worker, "step")
    state = RolloutState(Phase.PAUSED, 2, 4, 5, "10m", "CanaryPauseStep")
    sentence = "is paused at step 2 of 4 (weight 5) for 10m"
    assert progress == Progress(
        {"dubbo-worker-1": COMMIT},
        {"worker-1/dubbo3-provider": state},
        (f"dubbo3-provider in worker-1 {sentence} and then goes on by itself",),
    )
    assert said[1:] == [
        "Rollout worker-1/dubbo3-provider does not exist in namespace dubbo yet",
        "Rollout worker-1/dubbo3-provider has not taken up its new spec yet",
        "Rollout worker-1/dubbo3-provider is on its way at step 1 of 4",
        f"Rollout worker-1/dubbo3-provider {sentence}",
    ]


def test_finished_passes_timed_pauses() -> None:
    host = PlayedCluster("host", {"Application": [application(COMMIT)]})
    worker = PlayedCluster("worker-1", {"Rollout": [paused(1), rollout("Healthy")], "ReplicaSet": [replica_set()]})
    progress, _ = run(host, worker, "finished")
    assert progress.rollouts["worker-1/dubbo3-provider"].phase is Phase.HEALTHY
    assert progress.notes == ()


def test_finished_succeeds_at_a_pause_without_end_and_says_how_to_go_on() -> None:
    host = PlayedCluster("host", {"Application": [application(COMMIT)]})
    worker = PlayedCluster("worker-1", {"Rollout": [paused(2, steps=ENDLESS)], "ReplicaSet": [replica_set()]})
    progress, _ = run(host, worker, "finished")
    assert progress.notes == (
        (
            "dubbo3-provider in worker-1 is paused at step 3 of 3 (weight 5) until it is promoted: "
            "go on with `meshroll promote dubbo3-provider -s sandbox --cluster worker-1 --step 3`"
        ),
    )


def test_a_degraded_rollout_is_an_error_at_once() -> None:
    host = PlayedCluster("host", {"Application": [application(COMMIT)]})
    worker = PlayedCluster(
        "worker-1", {"Rollout": [rollout("Degraded", message="RolloutAborted")], "ReplicaSet": [replica_set()]}
    )
    said = failure(UnavailableError, host, worker, "finished", timeout=600)
    assert said == "Rollout worker-1/dubbo3-provider is degraded: RolloutAborted"


REFUSED = rollout(
    "Degraded", message='InvalidSpec: virtualservices "x" not found', conditions=[{"type": "InvalidSpec"}]
)


def test_a_rollout_that_was_applied_before_what_it_names_is_waited_for() -> None:
    host = PlayedCluster("host", {"Application": [application(COMMIT)]})
    worker = PlayedCluster(
        "worker-1", {"Rollout": [REFUSED, REFUSED, rollout("Healthy")], "ReplicaSet": [replica_set()]}
    )
    progress, said = run(host, worker, "finished")
    assert progress.rollouts["worker-1/dubbo3-provider"].phase is Phase.HEALTHY
    assert said[1] == 'Rollout worker-1/dubbo3-provider is degraded: InvalidSpec: virtualservices "x" not found'


def test_a_spec_that_is_refused_when_it_is_looked_at_again_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("meshroll.delivery.looks.REFUSED_SECONDS", 0.05)
    host = PlayedCluster("host", {"Application": [application(COMMIT)]})
    worker = PlayedCluster("worker-1", {"Rollout": [REFUSED], "ReplicaSet": [replica_set()]})
    said = failure(UnavailableError, host, worker, "finished", timeout=600)
    assert said == 'Rollout worker-1/dubbo3-provider is degraded: InvalidSpec: virtualservices "x" not found'


def test_a_sync_of_the_commit_that_failed_is_an_error_at_once() -> None:
    failed = {"phase": "Failed", "message": "objects failed to apply", "syncResult": {"revision": COMMIT}}
    host = PlayedCluster("host", {"Application": [application(COMMIT, "OutOfSync", operationState=failed)]})
    said = failure(UnavailableError, host, PlayedCluster("worker-1", {}), "synced", timeout=600)
    assert said == (
        "Application dubbo-worker-1 could not sync c0ffee01: objects failed to apply; Argo CD does not try again; "
        "expected `argocd app sync dubbo-worker-1` once that is mended"
    )


def test_the_deadline_says_what_was_seen_last() -> None:
    host = PlayedCluster("host", {"Application": [application(BEFORE)]})
    said = failure(TimedOutError, host, PlayedCluster("worker-1", {}), "synced", timeout=0.01)
    assert said == "Application dubbo-worker-1 is at 0bad0000, and the 0.01 s of delivery.timeout are over"


def test_an_application_that_does_not_exist_is_an_error_at_once() -> None:
    host = PlayedCluster("host", {"Application": [None]})
    said = failure(UnavailableError, host, PlayedCluster("worker-1", {}), "synced", timeout=600)
    assert said == (
        "Application dubbo-worker-1 does not exist in namespace argocd of cluster host; "
        "expected `pulumi up --refresh`, which makes it again"
    )


def test_an_api_server_that_stumbles_passes_and_one_that_refuses_does_not() -> None:
    def answer(status: int) -> ApiError:
        return ApiError("no", status=status, reason="", where="cluster host")

    for status in (409, 429, 500, 503):
        host = PlayedCluster("host", {"Application": [answer(status), application(COMMIT)]})
        assert run(host, PlayedCluster("worker-1", {}), "synced")[1][0].startswith(
            "Application dubbo-worker-1 cannot be"
        )
    with pytest.raises(ApiError):
        run(PlayedCluster("host", {"Application": [answer(403)]}), PlayedCluster("worker-1", {}), "synced")


def test_a_service_without_a_rollout_has_no_steps_to_wait_for() -> None:
    host = PlayedCluster("host", {"Application": [application(COMMIT)]})
    progress, said = run(host, PlayedCluster("worker-1", {"Rollout": [None]}), "step", optional=True)
    assert progress == Progress({"dubbo-worker-1": COMMIT}, {}, ())
    assert said[-1] == (
        "Rollout worker-1/dubbo3-provider does not exist in namespace dubbo: the service has no steps to wait for"
    )


def test_the_release_of_somebody_else_ends_the_wait_and_is_named() -> None:
    host = PlayedCluster("host", {"Application": [application(BEFORE), application(THEIRS)]})
    assert failure(ConflictError, host, PlayedCluster("worker-1", {}), "step", timeout=600) == (
        "Application dubbo-worker-1 is at 7e1e5000: dubbo3-provider v3 came instead of v2: Ada in 7e1e50007e1e (hotfix)"
    )


def test_a_pause_counts_only_while_the_application_has_the_commit() -> None:
    # Between the Application's first look and the Rollout's, another release was applied: its pause is not ours.
    host = PlayedCluster("host", {"Application": [application(COMMIT), application(THEIRS)]})
    worker = PlayedCluster("worker-1", {"Rollout": [paused(1, version="v3")], "ReplicaSet": [replica_set("v3")]})
    said = failure(ConflictError, host, worker, "step", timeout=600, services=(Released("dubbo3-provider", "v2"),))
    assert said.startswith("Application dubbo-worker-1 is at 7e1e5000: dubbo3-provider v3 came instead of v2: ")


def test_a_pause_of_a_version_edited_in_the_cluster_is_not_ours() -> None:
    edit = {"manager": "kubectl-edit", "time": "2026-11-25T10:00:00Z", "fieldsV1": {"f:spec": {"f:template": {}}}}
    edited = paused(1, version="v3")
    edited["metadata"]["managedFields"] = [edit, {**edit, "manager": "argocd", "time": "2026-11-25T09:00:00Z"}]
    host = PlayedCluster("host", {"Application": [application(COMMIT)]})
    worker = PlayedCluster("worker-1", {"Rollout": [edited], "ReplicaSet": [replica_set("v3")]})
    assert failure(TimedOutError, host, worker, "step", timeout=0.01) == (
        "Rollout worker-1/dubbo3-provider has version: v3 in the cluster, "
        "written by kubectl-edit at 2026-11-25T10:00:00Z, not v2, and the 0.01 s of delivery.timeout are over"
    )


def test_another_pod_template_under_the_same_version_ends_the_wait() -> None:
    on_its_way, later = rollout("Progressing"), paused(1)
    later["status"]["currentPodHash"] = "0therhash"
    host = PlayedCluster("host", {"Application": [application(COMMIT)]})
    worker = PlayedCluster("worker-1", {"Rollout": [on_its_way, later], "ReplicaSet": [replica_set()]})
    assert failure(ConflictError, host, worker, "step", timeout=600) == (
        "Rollout worker-1/dubbo3-provider: someone changed its pod template while v2 was on its way "
        "(pod hash 0therhash, not 6b5f7c9d4); expected `pulumi up` again, to wait for what Git has now"
    )


def syncing(*applied: str) -> Object:
    resources = [{"kind": "Rollout", "name": name, "status": "Synced"} for name in applied]
    result = {"revision": COMMIT, "resources": resources}
    message = "waiting for completion of hook batch/Job/smoke"
    return application(COMMIT, operationState={"phase": "Running", "message": message, "syncResult": result})


def test_another_pod_template_under_the_old_hash_is_not_taken_for_this_one() -> None:
    changed = paused(1)
    changed["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "MODE", "value": "new"}]
    host = PlayedCluster("host", {"Application": [application(COMMIT)]})
    worker = PlayedCluster("worker-1", {"Rollout": [changed], "ReplicaSet": [replica_set()]})
    assert failure(TimedOutError, host, worker, "step", timeout=0.01) == (
        "Rollout worker-1/dubbo3-provider has not taken up its new spec yet, "
        "and the 0.01 s of delivery.timeout are over"
    )


def test_a_hash_of_before_binds_nothing() -> None:
    behind = rollout("Progressing", currentPodHash="0ldhash")
    host = PlayedCluster("host", {"Application": [application(COMMIT)]})
    states = {"Rollout": [behind, paused(1)], "ReplicaSet": [replica_set("v1"), replica_set()]}
    progress, _ = run(host, PlayedCluster("worker-1", states), "step")
    assert progress.rollouts["worker-1/dubbo3-provider"].phase is Phase.PAUSED


def test_a_hook_that_waits_for_the_pause_does_not_keep_the_wait_from_seeing_it() -> None:
    host = PlayedCluster("host", {"Application": [syncing(), syncing("dubbo3-provider")]})
    worker = PlayedCluster("worker-1", {"Rollout": [paused(1, steps=ENDLESS)], "ReplicaSet": [replica_set()]})
    progress, said = run(host, worker, "step")
    under_way = "Application dubbo-worker-1 is syncing c0ffee01: waiting for completion of hook batch/Job/smoke"
    assert progress.notes[0] == under_way
    assert said == [
        under_way,
        "Rollout worker-1/dubbo3-provider is paused at step 2 of 3 (weight 5) until it is promoted",
    ]


def test_synced_waits_for_the_hooks_too() -> None:
    host = PlayedCluster("host", {"Application": [syncing("dubbo3-provider"), application(COMMIT)]})
    _, said = run(host, PlayedCluster("worker-1", {}), "synced")
    assert said[-1] == "Application dubbo-worker-1 is synced to c0ffee01"


def by_reference() -> tuple[Object, Object]:
    """A paused Rollout that uses a Deployment's pod template, and the Deployment."""
    made = paused(1, steps=ENDLESS, workloadObservedGeneration="4")
    del made["spec"]["template"]
    made["metadata"]["name"] = "canary-of-provider"
    made["spec"]["workloadRef"] = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "dubbo3-provider"}
    return made, {"metadata": {"name": "dubbo3-provider", "generation": 4}, "spec": {"template": template("v2")}}


def test_a_rollout_that_refers_to_the_services_workload_is_waited_for() -> None:
    made, deployment = by_reference()
    behind = {**deployment, "metadata": {"generation": 5}}
    host = PlayedCluster("host", {"Application": [application(COMMIT)]})
    worker = PlayedCluster(
        "worker-1",
        {"Rollout": [None], "Rollouts": [made], "Deployment": [behind, deployment], "ReplicaSet": [replica_set()]},
    )
    _, said = run(host, worker, "step")
    assert said[1:] == [
        "Rollout worker-1/dubbo3-provider has not taken up its new spec yet",
        "Rollout worker-1/dubbo3-provider is paused at step 2 of 3 (weight 5) until it is promoted",
    ]


def test_a_repository_that_is_away_during_the_wait_is_waited_for() -> None:
    answers: list[Lineage | Exception] = [UnavailableError("no route"), Lineage(Relation.HOLDS, "")]

    def away(_revision: str) -> Lineage:
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    host = PlayedCluster("host", {"Application": [application(COMMIT)]})
    _, said = run(host, PlayedCluster("worker-1", {}), "synced", lineage=away)
    assert said == [
        "Application dubbo-worker-1 cannot be read (no route)",
        "Application dubbo-worker-1 is synced to c0ffee01",
    ]


def test_a_silent_server_is_named_while_it_is_silent_and_the_deadline_holds() -> None:
    hangs = threading.Event()

    class Silent(PlayedCluster):
        def get(self, api_version: str, kind: str, name: str, namespace: str | None = None) -> Object | None:
            hangs.wait(60)
            return None

    said: list[str] = []
    asked = delivery(Silent("host", {}), PlayedCluster("worker-1", {}), "synced", timeout=0.05)
    with pytest.raises(TimedOutError) as caught:
        wait_for(asked, said.append, poll_seconds=0.001, silent_seconds=0.02)
    hangs.set()
    assert said[0] == "Application dubbo-worker-1 cannot be read yet: no answer for 0 s"
    assert str(caught.value) == (
        "Application dubbo-worker-1 cannot be read (no answer for 0 s), and the 0.05 s of delivery.timeout are over"
    )


def copies(weight: int) -> dict[str, list[Object]]:
    route = {"route": [{"weight": 100 - weight}, {"weight": weight}]}
    return {"VirtualService": [{"spec": {"http": [route]}}], "DestinationRule": [{"spec": {}}]}


def routed(state: Object) -> Object:
    istio = {"virtualService": {"name": "provider"}, "destinationRule": {"name": "dubbo-provider"}}
    state["spec"]["strategy"]["canary"]["trafficRouting"] = {"istio": istio}
    return state


def test_the_leaders_pause_counts_once_the_control_plane_has_its_routes() -> None:
    late = copies(5)
    late["VirtualService"].insert(0, copies(0)["VirtualService"][0])
    host = PlayedCluster("host", {"Application": [application(COMMIT)], **late})
    states = {"Rollout": [routed(paused(1))], "ReplicaSet": [replica_set()], **copies(5)}
    worker = PlayedCluster("worker-1", states)
    _, said = run(host, worker, "step", mesh=SharedMesh(host, worker))
    sentence = "Rollout worker-1/dubbo3-provider is paused at step 2 of 4 (weight 5) for 10m"
    assert said[1:] == [
        f"{sentence}, but the control plane's copy of VirtualService provider says 100/0 where worker-1 says 95/5",
        sentence,
    ]


def follower(*environment: str) -> PlayedCluster:
    """A work cluster whose Rollout has a pod hash, and maybe environment variables, of its own."""
    made = routed(paused(1))
    made["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": name, "value": "x"} for name in environment]
    made["status"]["currentPodHash"] = "f0110wer"
    own = {"metadata": {}, "spec": {"template": made["spec"]["template"]}}
    return PlayedCluster("worker-1", {"Rollout": [made], "ReplicaSet": [own]})


def leading(version: str) -> Object:
    """A leader's Rollout with no environment variables, and an empty field that Argo Rollouts wrote."""
    made = routed(paused(1, version=version))
    made["spec"]["template"]["spec"]["containers"][0]["resources"] = {}
    made["spec"]["template"]["spec"]["containers"][0]["env"] = []
    return made


def test_a_follower_with_another_pod_template_than_its_leader_is_not_served() -> None:
    host = PlayedCluster("host", {"Application": [application(COMMIT)]})
    leader = PlayedCluster("worker-2", {"Rollout": [leading("v2")]})
    assert failure(UnavailableError, host, follower("CLUSTER"), "step", timeout=600, mesh=SharedMesh(host, leader)) == (
        "Rollout worker-1/dubbo3-provider is paused at step 2 of 4 (weight 5) for 10m, but its pod template is not "
        "that of the leader worker-2 at /spec/containers/0/env/0: its pod hash is f0110wer, the mesh's subsets select "
        "6b5f7c9d4, so its pods in worker-1 get no requests"
    )


@pytest.mark.parametrize(
    ("version", "own"),
    [
        pytest.param("v2", follower(), id="the same pod template, and a hash that is a moment behind"),
        pytest.param("v1", follower("CLUSTER"), id="a leader at another version"),
    ],
)
def test_a_follower_is_far_enough_with_its_leaders_pods_or_before_it(version: str, own: PlayedCluster) -> None:
    host = PlayedCluster("host", {"Application": [application(COMMIT)]})
    leader = PlayedCluster("worker-2", {"Rollout": [leading(version)]})
    progress, _ = run(host, own, "step", mesh=SharedMesh(host, leader))
    assert progress.rollouts["worker-1/dubbo3-provider"].phase is Phase.PAUSED


def test_one_rollout_alone_is_waited_for_without_an_application() -> None:
    worker = PlayedCluster("worker-1", {"Rollout": [rollout("Progressing"), paused(1)], "ReplicaSet": [replica_set()]})
    state = await_rollout(worker, "dubbo", "dubbo3-provider", "step", 5.0, poll_seconds=0.001)
    assert state == RolloutState(Phase.PAUSED, 2, 4, 5, "10m", "CanaryPauseStep")

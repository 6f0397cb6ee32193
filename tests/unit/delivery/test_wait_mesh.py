"""Waiting in a mesh that several work clusters share: the leader's routes, and the followers' pods."""

from __future__ import annotations

import pytest

from meshroll.delivery.model import SharedMesh
from meshroll.delivery.rollouts import Phase
from meshroll.errors import UnavailableError
from tests.support.delivery.clusters import Object, PlayedCluster
from tests.support.delivery.rollouts import paused, replica_set
from tests.support.delivery.waiting import (
    COMMIT,
    application,
    copies,
    failure,
    routed,
    run,
)


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

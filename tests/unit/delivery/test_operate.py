"""Promotion writes what Argo's own plug-in writes, once, and for the step that was seen."""

from __future__ import annotations

import pytest

from meshroll.delivery.operate import promote
from meshroll.errors import BadInputError, ConflictError
from meshroll.kube import ApiError
from tests.support.delivery.rollouts import ENDLESS, HASH, paused, rollout
from tests.support.delivery.store import Object, Store

Patch = tuple[Object, str]
AT = {"metadata": {"resourceVersion": "100"}}
NOTHING = "has no delivery under way: nothing to promote"
LIFTED = {"status": {"pauseConditions": None}}
ANALYSED = [{"setWeight": 5}, {"pause": {}}, {"analysis": {}}, {"setWeight": 50}, {"pause": {}}]


def at(version: str, patch: Object) -> Object:
    return {"metadata": {"resourceVersion": version}, **patch}


def promoted(found: Object, *, full: bool = False) -> tuple[str, list[Patch]]:
    worker = Store("worker-1", found)
    sentence = promote(worker, "dubbo", "dubbo3-provider", full)
    assert worker.conflicts == 0
    return sentence.removeprefix("dubbo3-provider in worker-1 "), written(worker)


def written(worker: Store) -> list[Patch]:
    return [(patch, subresource) for _, _, patch, subresource in worker.patches]


def held(found: Object) -> Object:
    """The same Rollout, paused by hand."""
    return found | {"spec": found["spec"] | {"paused": True}}


@pytest.mark.parametrize(
    ("found", "full", "sentence", "patches"),
    [
        (paused(1), False, "is promoted: 5% -> 50%", [(at("100", LIFTED), "status")]),
        (paused(3, weight=50), False, "is promoted: 50% -> 100%", [(at("100", LIFTED), "status")]),
        # By header the new version has no share of the other requests.
        (paused(2, steps=ENDLESS, weight=0), False, "is promoted: 0% -> 100%", [(at("100", LIFTED), "status")]),
        # Without traffic routing the steps' weights tell the share of the pods.
        (paused(1, weight=None), False, "is promoted: 5% -> 50%", [(at("100", LIFTED), "status")]),
        (
            paused(1, steps=ANALYSED),
            False,
            "is promoted to step 3 of 5: stays at 5%",
            [(at("100", LIFTED), "status")],
        ),
        (
            held(paused(1)),
            False,
            "is promoted: 5% -> 50%",
            [(at("100", LIFTED), "status"), (at("101", {"spec": {"paused": False}}), "")],
        ),
        (
            held(rollout("Progressing", currentStepIndex=1)),
            False,
            "is promoted to step 2 of 4: stays at 5%",
            [(at("100", {"spec": {"paused": False}}), "")],
        ),
        (
            held(rollout("Progressing", currentStepIndex=2)),
            False,
            "is promoted to step 4 of 4: stays at 50%",
            [(at("100", {"spec": {"paused": False}}), "")],
        ),
        (
            paused(1, canary={"currentStepAnalysisRunStatus": {"status": "Inconclusive"}}),
            False,
            "is promoted: 5% -> 50%",
            [
                (
                    at("100", {"status": {"pauseConditions": None, "controllerPause": False, "currentStepIndex": 2}}),
                    "status",
                )
            ],
        ),
        (
            rollout("Progressing", currentStepIndex=3),
            False,
            "is promoted past its current step: 50% -> 100%",
            [(at("100", {"status": {"pauseConditions": None, "currentStepIndex": 4}}), "status")],
        ),
        (paused(1, pauseConditions=None), False, "is being promoted already", []),
        (paused(1, promoteFull=True), False, "is being promoted in full already", []),
        (rollout("Healthy", currentStepIndex=4), False, NOTHING, []),
        (rollout("Healthy", currentStepIndex=4), True, NOTHING, []),
        (rollout("Progressing", steps=[]), False, "has a canary without steps: nothing to promote", []),
        (
            paused(1),
            True,
            "is promoted in full: 5% -> 100%",
            [(at("100", {"status": {"promoteFull": True}}), "status")],
        ),
        (
            held(rollout("Paused", currentPodHash=HASH, stableRS=HASH)),
            True,
            "is not paused any more",
            [(at("100", {"spec": {"paused": False}}), "")],
        ),
        (
            rollout("Degraded", abort=True),
            True,
            "is promoted in full: 0% -> 100%",
            [(at("100", {"status": {"promoteFull": True}}), "status")],
        ),
    ],
)
def test_promotion_patches_what_the_state_asks_for(
    found: Object, full: bool, sentence: str, patches: list[Patch]
) -> None:
    assert promoted(found, full=full) == (sentence, patches)


def test_an_aborted_delivery_is_not_promoted_by_a_step() -> None:
    with pytest.raises(ConflictError, match="Rollout dubbo3-provider was aborted; expected a new version, or --full"):
        promoted(rollout("Degraded", abort=True))


def test_a_spec_that_is_not_observed_yet_is_not_promoted() -> None:
    with pytest.raises(ConflictError, match="Rollout dubbo3-provider has not taken up its new spec yet; try again"):
        promoted(paused(1, observedGeneration="6"))


def test_a_rollout_that_does_not_exist_is_bad_input() -> None:
    with pytest.raises(BadInputError) as caught:
        promote(Store("worker-1"), "dubbo", "nobody", False)
    assert str(caught.value) == "cluster worker-1: there is no Rollout nobody in namespace dubbo"


def test_a_change_beside_the_step_does_not_keep_it_from_being_promoted() -> None:
    worker = Store("worker-1", paused(1))
    worker.between = [lambda found: found["status"].update(message="a condition was written")]
    assert promote(worker, "dubbo", "dubbo3-provider", False) == "dubbo3-provider in worker-1 is promoted: 5% -> 50%"
    assert written(worker) == [(at("101", LIFTED), "status")]


def test_a_step_that_somebody_else_promoted_meanwhile_is_not_promoted_twice() -> None:
    worker = Store("worker-1", paused(1))
    worker.between = [lambda found: found["status"].pop("pauseConditions")]
    assert promote(worker, "dubbo", "dubbo3-provider", False).endswith("is being promoted already")
    assert worker.patches == []


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize(
    ("meanwhile", "sentence"),
    [
        (paused(3, weight=50), "it is paused at step 4 of 4 (weight 50)"),
        (
            rollout("Progressing", currentStepIndex=2, canary=paused(1)["status"]["canary"]),
            "it is at step 3 of 4 (weight 5)",
        ),
        (rollout("Progressing", currentStepIndex=4), "it is past its last step"),
        (rollout("Degraded", abort=True, currentStepIndex=1), "it was aborted"),
        (rollout("Healthy", currentStepIndex=4), "it has no delivery under way"),
        # The same step of another version, and of another attempt.
        (paused(1, currentPodHash="another"), "it is paused at step 2 of 4 (weight 5)"),
        (
            paused(1, pauseConditions=[{"reason": "CanaryPauseStep", "startTime": "2026-11-23T10:05:00Z"}]),
            "it is paused at step 2 of 4 (weight 5)",
        ),
    ],
)
def test_another_step_than_the_one_that_was_seen_is_not_promoted(meanwhile: Object, sentence: str, full: bool) -> None:
    worker = Store("worker-1", paused(1))
    worker.between = [lambda found: found.update(status=meanwhile["status"])]
    with pytest.raises(ConflictError) as caught:
        promote(worker, "dubbo", "dubbo3-provider", full)
    assert str(caught.value) == (
        f"cluster worker-1: Rollout dubbo3-provider moved on meanwhile: {sentence}; look and promote again"
    )
    assert worker.patches == []


def test_a_rollout_that_changes_all_the_time_is_given_up() -> None:
    worker = Store("worker-1", paused(1))
    worker.between = [lambda found: None] * 10
    with pytest.raises(ConflictError) as caught:
        promote(worker, "dubbo", "dubbo3-provider", False)
    assert str(caught.value) == (
        "cluster worker-1: Rollout dubbo3-provider changes faster than it can be promoted; try again"
    )


def test_a_refusal_that_is_no_conflict_is_said() -> None:
    worker = Store("worker-1", paused(1))

    def refuse(found: Object) -> None:
        raise ApiError("rollouts is forbidden", status=403, reason="Forbidden", where="cluster worker-1")

    worker.between = [refuse]
    with pytest.raises(ApiError, match=r"^cluster worker-1: rollouts is forbidden$"):
        promote(worker, "dubbo", "dubbo3-provider", False)


def test_the_spec_is_let_go_on_although_the_controller_has_written_in_between() -> None:
    worker = Store("worker-1", held(paused(1)))
    worker.after = [lambda found: found["status"].update(currentStepIndex=2)]
    assert promote(worker, "dubbo", "dubbo3-provider", False) == "dubbo3-provider in worker-1 is promoted: 5% -> 50%"
    assert written(worker) == [(at("100", LIFTED), "status"), (at("102", {"spec": {"paused": False}}), "")]


def test_the_spec_of_another_version_is_not_let_go_on() -> None:
    worker = Store("worker-1", held(paused(1)))
    worker.after = [lambda found: found["status"].update(currentPodHash="another")]
    with pytest.raises(ConflictError) as caught:
        promote(worker, "dubbo", "dubbo3-provider", False)
    assert str(caught.value) == (
        "cluster worker-1: Rollout dubbo3-provider is promoted, but changed before spec.paused could be lifted; "
        "look and promote again"
    )
    assert written(worker) == [(at("100", LIFTED), "status")]


def test_a_promotion_from_a_named_step_is_for_that_step_alone() -> None:
    worker = Store("worker-1", paused(1))
    assert promote(worker, "dubbo", "dubbo3-provider", False, step=2).endswith("is promoted: 5% -> 50%")


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (paused(3, weight=50), "it is paused at step 4 of 4 (weight 50)"),
        (rollout("Progressing", currentStepIndex=2), "it is at step 3 of 4 (weight 50)"),
        (rollout("Healthy", currentStepIndex=1), "it has no delivery under way"),
    ],
)
def test_a_promotion_from_another_step_is_refused(found: Object, sentence: str, full: bool) -> None:
    worker = Store("worker-1", found)
    with pytest.raises(ConflictError) as caught:
        promote(worker, "dubbo", "dubbo3-provider", full, step=2)
    assert str(caught.value) == f"cluster worker-1: Rollout dubbo3-provider is not at step 2: {sentence}"
    assert worker.patches == []


def test_the_rollout_may_be_found_by_the_workload_it_uses() -> None:
    found = paused(1)
    found["metadata"]["name"] = "canary"
    found["spec"]["workloadRef"] = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "dubbo3-provider"}
    worker = Store("worker-1", found)
    assert promote(worker, "dubbo", "dubbo3-provider", False) == "canary in worker-1 is promoted: 5% -> 50%"

"""Promotion writes what Argo's own plug-in writes, and never twice for one wish."""

from __future__ import annotations

import pytest

from meshroll.delivery.operate import promote
from meshroll.errors import BadInputError, ConflictError
from meshroll.kube import ApiError

from .clusters import Object, PlayedCluster
from .rollouts import ENDLESS, HASH, paused, rollout

Patch = tuple[Object, str]
AT = {"metadata": {"resourceVersion": "100"}}
NOTHING = "has no delivery under way: nothing to promote"


def promoted(found: Object, *, full: bool = False) -> tuple[str, list[Patch]]:
    worker = PlayedCluster("worker-1", {"Rollout": [found]})
    sentence = promote(worker, "dubbo", "dubbo3-provider", full)
    return sentence.removeprefix("dubbo3-provider in worker-1 "), [(p[2], p[3]) for p in worker.patches]


def held(found: Object) -> Object:
    """The same Rollout, paused by hand."""
    return found | {"spec": found["spec"] | {"paused": True}}


@pytest.mark.parametrize(
    ("found", "full", "sentence", "patches"),
    [
        (paused(2, steps=ENDLESS), False, "is promoted", [(AT | {"status": {"pauseConditions": None}}, "status")]),
        (
            held(paused(1)),
            False,
            "is promoted",
            [(AT | {"status": {"pauseConditions": None}}, "status"), ({"spec": {"paused": False}}, "")],
        ),
        (
            paused(1, canary={"currentStepAnalysisRunStatus": {"status": "Inconclusive"}}),
            False,
            "is promoted",
            [
                (
                    AT | {"status": {"pauseConditions": None, "controllerPause": False, "currentStepIndex": 2}},
                    "status",
                )
            ],
        ),
        (
            rollout("Progressing", currentStepIndex=3),
            False,
            "is promoted past its current step",
            [(AT | {"status": {"pauseConditions": None, "currentStepIndex": 4}}, "status")],
        ),
        (paused(1, pauseConditions=None), False, "is being promoted already", []),
        (rollout("Healthy", currentStepIndex=4), False, NOTHING, []),
        (rollout("Healthy", currentStepIndex=4), True, NOTHING, []),
        (paused(1), True, "is promoted in full", [(AT | {"status": {"promoteFull": True}}, "status")]),
        (
            held(rollout("Paused", currentPodHash=HASH, stableRS=HASH)),
            True,
            "is promoted in full",
            [({"spec": {"paused": False}}, "")],
        ),
        (
            rollout("Degraded", abort=True),
            True,
            "is promoted in full",
            [(AT | {"status": {"promoteFull": True}}, "status")],
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
    worker = PlayedCluster("worker-1", {"Rollout": [None]})
    with pytest.raises(BadInputError) as caught:
        promote(worker, "dubbo", "nobody", False)
    assert str(caught.value) == "cluster worker-1: there is no Rollout nobody in namespace dubbo"


def test_a_promotion_decided_on_an_old_state_is_decided_anew() -> None:
    worker = PlayedCluster("worker-1", {"Rollout": [paused(1), paused(1, pauseConditions=None)]})
    worker.refusals = [ApiError("modified", status=409, reason="Conflict", where="cluster worker-1")]
    assert promote(worker, "dubbo", "dubbo3-provider", False).endswith("is being promoted already")
    assert worker.patches == []

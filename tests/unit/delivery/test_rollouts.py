"""A Rollout's place in its delivery, from what its controller wrote."""

from __future__ import annotations

import pytest

from meshroll.delivery.rollouts import Phase, RolloutState, replica_set_name, rollout_state
from tests.support.delivery.rollouts import ENDLESS, HASH, Object, paused, replica_set, rollout


@pytest.mark.parametrize(
    ("seen", "expected", "sentence"),
    [
        (
            paused(1),
            RolloutState(Phase.PAUSED, 2, 4, 5, "10m", "CanaryPauseStep"),
            "is paused at step 2 of 4 (weight 5) for 10m",
        ),
        (
            paused(3, weight=50),
            RolloutState(Phase.PAUSED, 4, 4, 50, "5s", "CanaryPauseStep"),
            "is paused at step 4 of 4 (weight 50) for 5s",
        ),
        (
            paused(2, steps=ENDLESS, weight=None),
            RolloutState(Phase.PAUSED, 3, 3, None, "", "CanaryPauseStep"),
            "is paused at step 3 of 3 until it is promoted",
        ),
        (
            paused(1, pauseConditions=[{"reason": "InconclusiveAnalysisRun"}]),
            RolloutState(Phase.PAUSED, 2, 4, 5, "", "CanaryPauseStep"),
            "is paused at step 2 of 4 (weight 5) until it is promoted",
        ),
        (
            paused(1, pauseConditions=None),
            RolloutState(Phase.PROGRESSING, 2, 4, 5, "", "CanaryPauseStep"),
            "is on its way at step 2 of 4 (weight 5): CanaryPauseStep",
        ),
        (
            rollout("Progressing", message="more replicas need to be updated"),
            RolloutState(Phase.PROGRESSING, 1, 4, None, "", "more replicas need to be updated"),
            "is on its way at step 1 of 4: more replicas need to be updated",
        ),
        (
            rollout("Healthy", currentStepIndex=4),
            RolloutState(Phase.HEALTHY, 5, 4, None, "", ""),
            "is healthy",
        ),
        (
            rollout("Degraded", message="RolloutAborted: Rollout aborted update to revision 2", abort=True),
            RolloutState(Phase.DEGRADED, 1, 4, None, "", "RolloutAborted: Rollout aborted update to revision 2"),
            "is degraded: RolloutAborted: Rollout aborted update to revision 2",
        ),
    ],
)
def test_a_rollout_is_where_its_controller_says(seen: Object, expected: RolloutState, sentence: str) -> None:
    state = rollout_state(seen, replica_set())
    assert state == expected
    assert state.sentence == sentence


def test_a_generation_that_is_not_observed_counts_for_nothing_else() -> None:
    seen = rollout("Healthy", observedGeneration="6")
    state = rollout_state(seen, replica_set())
    assert (state.phase, state.sentence) == (Phase.UNOBSERVED, "has not taken up its new spec yet")


@pytest.mark.parametrize("phase", ["Healthy", "Paused", "Degraded"])
def test_an_observed_generation_counts_only_with_the_replica_set_of_its_template(phase: str) -> None:
    assert rollout_state(rollout(phase), replica_set("v1")).phase is Phase.UNOBSERVED
    assert rollout_state(rollout(phase), None).phase is Phase.UNOBSERVED


def test_a_spec_that_the_controller_refuses_is_degraded_without_any_replica_set() -> None:
    seen = rollout("Degraded", conditions=[{"type": "InvalidSpec"}], message="InvalidSpec: steps: weight 101")
    assert rollout_state(seen, None).phase is Phase.DEGRADED


def test_a_rollout_that_was_just_made_has_no_state_and_no_replica_set() -> None:
    made = {"metadata": {"name": "dubbo3-provider", "generation": 1}, "spec": {}}
    assert rollout_state(made, None).phase is Phase.UNOBSERVED
    assert replica_set_name(made) == ""
    assert replica_set_name(rollout("Healthy")) == f"dubbo3-provider-{HASH}"

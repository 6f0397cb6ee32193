"""Where a promotion takes a Rollout, and when it is there."""

from __future__ import annotations

from typing import Any

import pytest

from meshroll.delivery.promotion import Promotion, has_reached, to_last_weight
from tests.support.delivery.rollouts import HASH, paused, rollout
from tests.support.delivery.routing import routed
from tests.support.delivery.store import Object

STEPS: list[Object] = [{"setWeight": 5}, {"pause": {}}, {"setWeight": 50}, {"pause": {}}]


def at(index: int, weight: int, **status: Any) -> Object:
    """On its way at the step with an index."""
    return routed(
        rollout("Progressing", steps=STEPS, currentStepIndex=index, canary={"weights": shares(weight)}, **status)
    )


def shares(weight: int, stable: str = "57d9b8c6f") -> Object:
    return {"canary": {"weight": weight}, "stable": {"weight": 100 - weight, "podTemplateHash": stable}}


TO_HALF = Promotion({}, {}, "", until=4, weight=50)
TO_THE_END = Promotion({}, {}, "", until=5, weight=100)


@pytest.mark.parametrize(
    ("found", "to", "reached"),
    [
        (at(2, 5), TO_HALF, False),
        (at(2, 50), TO_HALF, False),  # the step itself comes after its weight
        (at(3, 5), TO_HALF, False),
        (at(3, 50), TO_HALF, True),
        (paused(3, steps=STEPS, weight=50), TO_HALF, True),
        (at(4, 100), TO_HALF, True),  # a timed pause is over already
        (at(1, 5, controllerPause=True), Promotion({}, {}, "", until=2, weight=5), False),
        (at(1, 5), Promotion({}, {}, "", until=2, weight=5), True),
        # All requests go to the new version some moments before its pods are the stable ones.
        (at(4, 100), TO_THE_END, False),
        (rollout("Healthy", currentStepIndex=4, canary={"weights": shares(100)}), TO_THE_END, False),
        (rollout("Healthy", currentStepIndex=4, canary={"weights": shares(0, HASH)}), TO_THE_END, True),
        (rollout("Healthy", currentStepIndex=4, canary={"weights": shares(0, HASH)}), TO_HALF, True),
        (rollout("Healthy", currentStepIndex=4), TO_THE_END, True),
    ],
)
def test_a_promotion_is_over_when_its_routes_are_written(found: Object, to: Promotion, reached: bool) -> None:
    assert has_reached(found, to) is reached


def resting(*steps: Object) -> int | None:
    """The index of the step that a full promotion from the first pause goes to first."""
    found = to_last_weight(paused(1, steps=[{"setWeight": 5}, {"pause": {}}, *steps]))
    return None if found is None else int(found.status["currentStepIndex"])


@pytest.mark.parametrize(
    ("steps", "index"),
    [
        ([], None),
        ([{"setWeight": 50}], None),
        ([{"setWeight": 50}, {"pause": {}}], 2),
        ([{"setWeight": 50}, {"pause": {"duration": "1m"}}], 2),
        ([{"setWeight": 50}, {"pause": {"duration": 59}}], None),
        ([{"setWeight": 50}, {"pause": {"duration": "1.5h"}}], 2),
        ([{"setWeight": 50}, {"pause": {"duration": "10x"}}], None),
        ([{"setWeight": 50}, {"pause": {}}, {"setWeight": 80}, {"pause": {"duration": 1}}], 2),
        ([{"setWeight": 50}, {"pause": {}}, {"setWeight": 80}, {"pause": {}}], 4),
        ([{"setWeight": 50}, {"analysis": {}}, {"setWeight": 80}], None),
        ([{"setWeight": 50}, {"setWeight": 80}, {"pause": {}}], 3),
        ([{"setWeight": 5}, {"pause": {}}], None),
        ([{"setHeaderRoute": {"name": "test-v2"}}, {"pause": {}}], None),
    ],
)
def test_a_full_promotion_rests_where_a_pause_holds_another_weight(steps: list[Object], index: int | None) -> None:
    assert resting(*steps) == index


def test_there_is_nowhere_to_rest_in_what_is_over_aborted_or_promoted_in_full() -> None:
    steps = [*STEPS, {"setWeight": 80}, {"pause": {}}]
    assert to_last_weight(rollout("Healthy", steps=steps, currentStepIndex=1)) is None
    assert to_last_weight(rollout("Degraded", steps=steps, abort=True)) is None
    assert to_last_weight(paused(1, steps=steps, promoteFull=True)) is None


def test_a_rollout_paused_by_hand_is_let_go_on_to_where_it_rests() -> None:
    found = paused(1, steps=STEPS)
    found["spec"]["paused"] = True
    assert to_last_weight(found) == Promotion(
        {"pauseConditions": None, "controllerPause": False, "currentStepIndex": 2},
        {"paused": False},
        "is promoted: 5% -> 50%",
        until=4,
        weight=50,
    )

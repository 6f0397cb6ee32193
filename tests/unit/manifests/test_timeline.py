"""Steps as stages: shares, headers, times and gates."""

from typing import Any

import pytest

from meshroll.errors import BadInputError
from meshroll.manifests.timeline import Stage, Timeline, duration_text, seconds, timeline, timeline_of_steps


def test_the_weight_template_is_two_timed_stages(rendered):
    found = timeline(rendered("weight")[0])
    assert found == Timeline((Stage(1, 5, None, 600), Stage(3, 50, None, 600)))
    assert (found.weights, found.manual_gates, found.shortest_seconds) == ((5, 50, 100), 0, 1200)
    assert str(found) == "5% for 10m, 50% for 10m, then 100% (at least 20m)"


def test_the_header_template_waits_for_a_person(rendered):
    found = timeline(rendered("header")[0])
    assert found == Timeline((Stage(2, 0, ("lane", "test-v2"), None),))
    assert (found.weights, found.manual_gates, found.shortest_seconds) == ((0, 100), 1, 0)
    assert str(found) == "lane: test-v2 until promoted, then 100%"


def test_a_step_without_a_match_takes_its_header_away():
    steps: list[dict[str, Any]] = [
        {"setHeaderRoute": {"name": "r", "match": [{"headerName": "h", "headerValue": {"exact": "v"}}]}},
        {"pause": {}},
        {"setHeaderRoute": {"name": "r"}},
        {"setWeight": 20},
        {"pause": {"duration": 30}},
    ]
    assert timeline_of_steps(steps).stages == (Stage(1, 0, ("h", "v"), None), Stage(4, 20, None, 30))


def test_a_rollout_without_steps_goes_over_at_once():
    assert str(timeline({"spec": {}})) == "then 100%"


@pytest.mark.parametrize(("text", "total"), [("10m", 600), ("1h30m", 5400), ("90s", 90), ("45", 45), (7, 7), (7.0, 7)])
def test_durations_are_read_as_argo_rollouts_reads_them(text, total):
    assert seconds(text) == total


@pytest.mark.parametrize(
    "text", ["", "10x", "m", "-5s", "10m5", "٣s", "9999999999h", -1, float("inf"), float("nan"), None]
)
def test_a_duration_nobody_understands_is_refused(text):
    with pytest.raises(BadInputError) as caught:
        seconds(text)
    assert str(caught.value) == f"{text!r} is not a duration; expected a time such as 30s, 10m or 1h30m"


@pytest.mark.parametrize(
    "steps", ["x", {"a": 1}, [None], [{"setWeight": float("inf")}], [{"setWeight": "x"}], [{"setHeaderRoute": 1}]]
)
def test_steps_nobody_understands_are_refused(steps):
    with pytest.raises(BadInputError) as caught:
        timeline({"spec": {"strategy": {"canary": {"steps": steps}}}})
    assert str(caught.value) == "the canary's steps cannot be understood; expected steps that Argo Rollouts takes"


@pytest.mark.parametrize(("total", "text"), [(0, "0s"), (45, "45s"), (600, "10m"), (5405, "1h30m5s")])
def test_durations_are_written_as_people_write_them(total, text):
    assert duration_text(total) == text

"""Steps as stages and words: shares, headers, copies, times and gates, and why no canary runs."""

from typing import Any

import pytest

from meshroll.manifests.timeline import Header, Stage, Timeline, timeline, timeline_of_steps

LANE = Header("lane", "exact", "test-v2")


def header_route(*matches, name="r"):
    found = [{"headerName": header, "headerValue": {kind: value}} for header, kind, value in matches]
    return {"setHeaderRoute": {"name": name, "match": found}}


def mirror(*matches, **more):
    return {"setMirrorRoute": {"name": "m", "match": list(matches), **more}}


def analysis(*names, **more):
    return {"templates": [{"templateName": name, **more} for name in names]}


BETA = header_route(("lane", "exact", "beta"), ("user", "regex", "qa-.*"))
PAUSE: dict[str, Any] = {"pause": {}}


def pause(duration):
    return {"pause": {"duration": duration}}


def weight(percent):
    return {"setWeight": percent}


def rollout(steps, **spec):
    return {"kind": "Rollout", "spec": {"strategy": {"canary": {"steps": steps}}, **spec}}


def test_the_weight_template_is_two_timed_stages(rendered):
    found = timeline(rendered("weight")[0])
    assert found == Timeline((Stage(1, 5, (), 600), Stage(3, 50, (), 600)), ("5% for 10m", "50% for 10m"))
    assert (found.weights, found.manual_gates, found.shortest_seconds) == ((5, 50, 100), 0, 1200)
    assert str(found) == "5% for 10m, 50% for 10m, then 100% (at least 20m)"


def test_the_header_template_scales_the_canary_and_waits_for_a_person(rendered):
    found = timeline(rendered("header")[0])
    assert found.stages == (Stage(2, 0, (LANE,), None),)
    assert (found.weights, found.manual_gates, found.shortest_seconds) == ((0, 100), 1, 0)
    assert str(found) == "canary scaled to 100% of the replicas, lane: test-v2 until promoted, then 100%"


@pytest.mark.parametrize(
    ("steps", "text"),
    [
        (
            [weight(20), BETA, PAUSE, weight(60), pause("10m")],
            (
                "lane: beta or user matching qa-.* and 20% of the rest until promoted, "
                "lane: beta or user matching qa-.* and 60% of the rest for 10m, then 100% (at least 10m)"
            ),
        ),
        ([weight(0), BETA, PAUSE], "lane: beta or user matching qa-.* and 0% of the rest until promoted, then 100%"),
        (
            [header_route(("v", "prefix", "2."), name="a"), header_route(("w", "exact", "x"), name="b"), PAUSE],
            "v beginning with 2. and w: x until promoted, then 100%",
        ),
        (
            [BETA, {"setHeaderRoute": {"name": "r"}}, weight(20), pause(30)],
            (
                "lane: beta or user matching qa-.*, without lane: beta or user matching qa-.*, 20% for 30s, "
                "then 100% (at least 30s)"
            ),
        ),
        ([{"setHeaderRoute": {"name": "r", "match": []}}, PAUSE], "all requests until promoted, then 100%"),
        ([{"setHeaderRoute": {"name": "q"}}, PAUSE], "without route q, 0% until promoted, then 100%"),
        (
            [BETA, header_route(("a", "exact", "b")), PAUSE],
            "lane: beta or user matching qa-.*, a: b until promoted, then 100%",
        ),
        ([weight(20), weight(40), pause("1.5h")], "20%, 40% for 1h30m, then 100% (at least 1h30m)"),
        ([weight(20), PAUSE, weight(50)], "20% until promoted, 50%, then 100%"),
        ([weight(20), PAUSE, weight(100)], "20% until promoted, then 100%"),
        ([weight(5), pause("500ms")], "5% for 500ms (counted as 0s), then 100%"),
        ([weight(5), pause("10x")], "5% for '10x' (not a duration), then 100%"),
        ([PAUSE], "0% until promoted, then 100%"),
        (
            [mirror({"method": {"exact": "GET"}, "path": {"prefix": "/x"}}, percentage=35), pause("10m")],
            (
                "0% and copies of 35% of the requests with method: GET and path beginning with /x for 10m, "
                "then 100% (at least 10m)"
            ),
        ),
        (
            [weight(5), mirror({"headers": {"u": {"regex": "a+"}}}, {"path": {"exact": "/y"}}), PAUSE],
            "5% and copies of the requests with u matching a+ or path: /y until promoted, then 100%",
        ),
        (
            [mirror({"path": {"exact": "/"}}), {"setMirrorRoute": {"name": "m"}}, PAUSE],
            (
                "copies of the requests with path: /, without copies of the requests with path: /, "
                "0% until promoted, then 100%"
            ),
        ),
        ([mirror(percentage=100), PAUSE], "0% and copies of all requests until promoted, then 100%"),
        (
            [{"setCanaryScale": {"replicas": 1}}, {"setCanaryScale": {"replicas": 3}}, weight(5), PAUSE],
            "canary scaled to 1 pod, canary scaled to 3 pods, 5% until promoted, then 100%",
        ),
        (
            [weight(5), {"setCanaryScale": {"weight": 25}}, {"setCanaryScale": {"matchTrafficWeight": True}}, PAUSE],
            (
                "5%, canary scaled to 25% of the replicas, canary scaled to its share of the requests, "
                "5% until promoted, then 100%"
            ),
        ),
        (
            [weight(5), {"analysis": analysis("rate", "lag", "load")}, weight(50), {"analysis": analysis("rate")}],
            "5% until analysis of rate, lag and load succeeds, 50% until analysis of rate succeeds, then 100%",
        ),
        (
            [{"analysis": analysis("rate", clusterScope=True)}],
            "0% until analysis of rate (of the cluster) succeeds, then 100%",
        ),
        (
            [{"experiment": {"duration": "1h", "templates": [{"name": "a", "specRef": "stable"}]}}],
            "0% while an experiment with a (stable) runs for 1h, then 100% (at least 1h)",
        ),
        (
            [
                weight(5),
                {
                    "experiment": {
                        "templates": [
                            {"name": "a", "specRef": "stable", "replicas": 2},
                            {"name": "b", "specRef": "canary", "weight": 10},
                            {"name": "c"},
                        ],
                        "analyses": [{"name": "x", "templateName": "rate"}],
                    }
                },
            ],
            (
                "5% while an experiment with a (stable, 2 pods), b (canary, 10%) and c and analysis of rate runs, "
                "then 100%"
            ),
        ),
        (
            [weight(5), {"plugin": {"name": "argoproj-labs/step-exec", "config": {"command": "x"}}}],
            "5% until plug-in argoproj-labs/step-exec succeeds, then 100%",
        ),
        (
            [weight(5), {"setFoo": {"a": [1]}}, PAUSE],
            '5%, unknown step {"setFoo": {"a": [1]}}, 5% until promoted, then 100%',
        ),
        ([{"setWeight": 5, "pause": {}}], "5% until promoted, then 100%"),
        (
            [None, {}, "x", {"pause": None}, {"setWeight": "x"}, {"setWeight": True}, {"setWeight": float("inf")}],
            (
                'unknown step null, unknown step {}, unknown step "x", unknown step {"pause": null}, '
                'unknown step {"setWeight": "x"}, unknown step {"setWeight": true}, '
                'unknown step {"setWeight": Infinity}, '
                "then 100%"
            ),
        ),
        (
            [{"setHeaderRoute": 1}, header_route(("a", "glob", "b")), {"setCanaryScale": {}}, {"analysis": {}}],
            (
                'unknown step {"setHeaderRoute": 1}, unknown step {"setHeaderRoute": {"name": "r", "match": '
                '[{"headerName": "a", "headerValue": {"glob": "b"}}]}}, unknown step {"setCanaryScale": {}}, '
                'unknown step {"analysis": {}}, then 100%'
            ),
        ),
    ],
)
def test_every_kind_of_step_has_its_words_in_order(steps, text):
    assert str(timeline(rollout(steps))) == text


def test_each_gate_is_a_stage_with_what_is_in_force():
    steps = [weight(20), BETA, PAUSE, {"analysis": analysis("rate")}, {"setHeaderRoute": {"name": "r"}}, pause(30)]
    headers = (Header("lane", "exact", "beta"), Header("user", "regex", "qa-.*"))
    assert timeline_of_steps(steps).stages == (
        Stage(2, 20, headers, None),
        Stage(3, 20, headers, None, "analysis"),
        Stage(5, 20, (), 30),
    )


def test_only_a_pause_without_end_is_a_manual_gate():
    steps = [PAUSE, pause(5), {"analysis": analysis("rate")}, {"plugin": {"name": "p"}}, PAUSE]
    assert timeline_of_steps(steps).manual_gates == 2


@pytest.mark.parametrize(
    ("background", "text"),
    [
        (analysis("rate"), "analysis of rate in the background from here, 5% for 1m, 50% for 1m, then 100%"),
        (
            analysis("rate") | {"startingStep": 2},
            "5% for 1m, analysis of rate in the background from here, 50% for 1m, then 100%",
        ),
        (
            analysis("rate") | {"startingStep": 9},
            "5% for 1m, 50% for 1m, analysis of rate in the background from here, then 100%",
        ),
        ({"startingStep": 2}, '5% for 1m, unknown step {"analysis": {"startingStep": 2}}, 50% for 1m, then 100%'),
    ],
)
def test_an_analysis_in_the_background_stands_where_it_begins(background, text):
    found = rollout([weight(5), pause("1m"), weight(50), pause("1m")])
    found["spec"]["strategy"]["canary"]["analysis"] = background
    assert str(timeline(found)) == f"{text} (at least 2m)"


def test_a_weight_of_another_whole_is_not_a_percentage():
    found = rollout([weight(50), PAUSE, weight(1000)])
    found["spec"]["strategy"]["canary"]["trafficRouting"] = {"maxTrafficWeight": 1000}
    assert str(timeline(found)) == "50 of 1000 until promoted, then 100%"


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({}, "it has no steps"),
        ({"strategy": {"canary": {"maxSurge": 1}}}, "it has no steps"),
        ({"strategy": {"blueGreen": {"activeService": "a"}}}, "its strategy is blueGreen"),
        ({"strategy": {"canary": {"steps": {"a": 1}}}}, 'its steps are not a list: {"a": 1}'),
    ],
)
def test_a_rollout_without_canary_steps_says_why_no_canary_runs(spec, reason):
    found = timeline({"spec": spec})
    assert (found, str(found)) == (Timeline((), none=reason), f"no canary: {reason}")
    assert (found.weights, found.manual_gates, found.shortest_seconds) == ((), 0, 0)


STEPS = [weight(5), PAUSE]
WAY = "5% until promoted, then 100%"


@pytest.mark.parametrize(
    ("spec", "undone", "text"),
    [
        ({}, 0, WAY),
        ({"rollbackWindow": {"revisions": 2}}, 0, f"{WAY}; no steps where it goes back by 2 revisions or fewer"),
        ({"rollbackWindow": {"revisions": 0}}, 0, WAY),
        (
            {},
            1,
            f"{WAY}; no steps where the release has not finished: the stable pods are still those before it",
        ),
        (
            {"rollbackWindow": {"revisions": 1}},
            1,
            "no canary: it goes back 1 revision, within the rollbackWindow of 1",
        ),
        (
            {"rollbackWindow": {"revisions": 3}},
            2,
            "no canary: it goes back 2 revisions, within the rollbackWindow of 3",
        ),
        (
            {"rollbackWindow": {"revisions": 1}},
            2,
            f"{WAY}; no steps where the release has not finished: the stable pods are still those before it",
        ),
        (
            {"rollbackWindow": {"revisions": 3}, "revisionHistoryLimit": 0},
            1,
            f"{WAY}; no steps where the release has not finished: the stable pods are still those before it",
        ),
    ],
)
def test_the_way_back_says_where_argo_rollouts_skips_the_steps(spec, undone, text):
    assert str(timeline(rollout(STEPS, **spec), undone=undone)) == text


@pytest.mark.parametrize(("paused", "note"), [(True, "; no step is taken while its spec.paused is true"), (False, "")])
def test_a_rollout_that_is_paused_in_git_takes_no_step(paused, note):
    assert str(timeline(rollout(STEPS, paused=paused))) == f"{WAY}{note}"


def test_a_reason_of_its_own_stays():
    found = timeline(rollout([]))
    assert found.without_canary("another") is found
    assert found.with_note("another") is found

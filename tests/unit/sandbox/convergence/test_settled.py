from typing import Any

from meshroll.sandbox.convergence.settled import nonces, refusal, unacknowledged

ROUTES = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration"
KEY = ("consumer-1.dubbo", "worker-1", "RouteConfiguration")


def client(**state: str) -> dict[str, Any]:
    return {"proxy": "consumer-1.dubbo", "cluster_id": "worker-1", "resources": {ROUTES: state}}


def test_nonces_are_told_apart_by_client_cluster_and_kind() -> None:
    assert nonces([client(sent="a", acked="b")]) == {KEY: ("a", "b")}


def test_the_answer_to_a_forced_push_must_be_new_and_acknowledged() -> None:
    before = {KEY: ("1", "1")}
    assert unacknowledged(before, {KEY: ("2", "2")}) is None
    assert unacknowledged(before, {KEY: ("1", "1")}) == KEY
    assert unacknowledged(before, {KEY: ("2", "1")}) == KEY


def test_what_was_never_sent_is_not_waited_for() -> None:
    assert unacknowledged({KEY: ("", "")}, {KEY: ("", "")}) is None


def test_a_client_that_left_or_came_does_not_hold_it_up() -> None:
    assert unacknowledged({KEY: ("1", "1")}, {}) is None
    assert unacknowledged({}, {KEY: ("1", "")}) is None


def test_a_refused_configuration_is_a_sentence() -> None:
    assert refusal([client(sent="2", acked="1", lastError="no such cluster")]) == (
        "consumer-1.dubbo refuses the RouteConfiguration it was sent: no such cluster"
    )
    assert refusal([client(sent="2", acked="2")]) == ""

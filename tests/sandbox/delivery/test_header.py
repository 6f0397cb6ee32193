"""In the middle of a canary by header: the route that Argo Rollouts made outlives what Argo CD does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from meshroll.demo.project import Project
from tests.support.sandbox.cluster import until
from tests.support.sandbox.stacks import CONSUMER, PROVIDER, Made, Object, derive, running
from tests.support.sandbox.watching import SECONDS, is_synced, phase, routes, sync_with_own_options, weights


@pytest.fixture(scope="module")
def delivered(project: Project) -> Iterator[Made]:
    """v2 of the provider, for requests with `lane: test-v2` alone until someone promotes it."""
    stack = derive(project, "sandbox-header", "header")
    with running(stack):
        stack.put(f"/services/{PROVIDER}/version", "v2")
        stack.up()
        yield stack


@pytest.fixture
def canary(delivered: Made) -> Made:
    assert (phase(delivered), header_routes(delivered)) == ("Paused", LANE)
    return delivered


LANE = [{"headers": {"lane": {"exact": "test-v2"}}}]


def header_routes(stack: Made) -> list[Object]:
    """What the managed route matches; empty without the route."""
    return [match for route in routes(stack)["spec"]["http"] if route["name"] == "test-v2" for match in route["match"]]


def test_a_sync_with_the_applications_own_options_leaves_the_headers_route(canary: Made) -> None:
    before = routes(canary)
    assert sync_with_own_options(canary)["phase"] == "Succeeded"
    assert routes(canary)["metadata"]["generation"] == before["metadata"]["generation"]
    assert header_routes(canary) == LANE


def test_the_self_heal_of_another_object_leaves_the_headers_route(canary: Made) -> None:
    before = routes(canary)
    uid = service_uid(canary)
    canary.worker.delete("v1", "Service", CONSUMER, canary.namespace)
    until(lambda: service_uid(canary) not in (uid, ""), "Argo CD has made the Service again", SECONDS)
    commit = canary.outputs()["release"][canary.application]["commit"]
    until(lambda: is_synced(canary, commit), "Argo CD is done", SECONDS)
    assert routes(canary)["metadata"]["generation"] == before["metadata"]["generation"]
    assert header_routes(canary) == LANE


def service_uid(stack: Made) -> str:
    found = stack.worker.get("v1", "Service", CONSUMER, stack.namespace)
    return str(found["metadata"]["uid"]) if found else ""


def test_promote_ends_the_canary_and_takes_the_route_away(canary: Made) -> None:
    canary.meshroll("promote", PROVIDER, "-s", canary.name)
    # Argo Rollouts says Healthy first, and takes the header route and the weight away in two updates more.
    until(lambda: phase(canary) == "Healthy" and not header_routes(canary), "v2 serves all", SECONDS)
    until(lambda: weights(canary) == [100, 0], "the weights are back", SECONDS)

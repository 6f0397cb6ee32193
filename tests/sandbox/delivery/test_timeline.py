"""What a plan says of a canary is what Argo Rollouts then does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from meshroll.demo.project import Project
from tests.sandbox.delivery.test_adopted import MANIFEST
from tests.support.git.repositories import Repository
from tests.support.sandbox.cluster import until
from tests.support.sandbox.stacks import PROVIDER, Made, derive, running, without_mesh
from tests.support.sandbox.watching import SECONDS, phase, rollout

STEPS = "{steps: [{setWeight: 50}, {pause: {duration: 500ms}}, {pause: {}}]}"
TEXT = MANIFEST.replace("{steps: [{setWeight: 50}, {pause: {}}]}", STEPS).replace(
    "  replicas: 2\n", "  replicas: 2\n  rollbackWindow: {revisions: 1}\n"
)


@pytest.fixture(scope="module")
def stack(project: Project, rollouts: Repository) -> Iterator[Made]:
    """A stack over a hand-written Rollout with a rollbackWindow; v1 is its first release."""
    stack = derive(project, "sandbox", "timeline")
    without_mesh(stack)
    stack.put("/repository/kind", "adopted")
    stack.put("/services", {PROVIDER: {"version": "v1"}})
    rollouts.commit("by hand", write={f"{stack.name}/worker-1/shop.yaml": TEXT})
    with running(stack):
        yield stack


def canary_lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith(("canary of ", "no canary of "))]


def stands_at(stack: Made, version: str) -> bool:
    """Whether a version is the stable one and serves alone."""
    found = rollout(stack)
    labels = found["spec"]["template"]["metadata"]["labels"]
    status = found["status"]
    stable = status.get("stableRS") == status.get("currentPodHash")
    return (labels["version"], phase(stack), stable) == (version, "Healthy", True)


def test_steps_are_gone_through_and_a_way_back_within_the_window_skips_them(stack: Made) -> None:
    assert stands_at(stack, "v1")  # at once, without a pause that anybody ended
    stack.put(f"/services/{PROVIDER}/version", "v2")
    assert canary_lines(stack.meshroll("plan", "-s", stack.name)) == [
        (
            f"canary of {PROVIDER}: 50% for 500ms (counted as 0s), 50% until promoted, then 100%, 1 manual gate; "
            "no steps where it goes back by 1 revision or fewer"
        )
    ]
    stack.up()
    assert (phase(stack), rollout(stack)["status"]["currentStepIndex"]) == ("Paused", 2)
    stack.meshroll("promote", PROVIDER, "-s", stack.name)
    until(lambda: stands_at(stack, "v2"), "v2 serves all", SECONDS)

    said = stack.meshroll("rollback", PROVIDER, "-s", stack.name, "--yes", "--reason", "it is slow")
    assert canary_lines(said) == [f"no canary of {PROVIDER}: it goes back 1 revision, within the rollbackWindow of 1"]
    until(lambda: stands_at(stack, "v1"), "v1 serves all, and nobody has promoted it", SECONDS)
